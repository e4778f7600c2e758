"""The pages about people: what administrators see and may do, and one's own account."""

import re
from datetime import timedelta

import pytest

from bot.model.staff import Credentials, Grant, Member, Role
from tests.web.console.rig import PASSWORD, Clerk, Rig

HERE, ELSEWHERE = "H32.10", "H32.20"
NEW_PASSWORD = "một câu khác hẳn câu cũ"


async def member_of(rig: Rig, login: str) -> Member:
    member = await rig.storage.read(lambda tx: tx.staff.by_login(login))
    assert member
    return member


def roles(*pairs: tuple[str, str]) -> dict[str, list[str]]:
    """As the form sends them, with an empty row."""
    return {"role": [role for role, _ in pairs] + [""], "agency": [agency for _, agency in pairs] + [""]}


async def invite(clerk: Clerk, login: str, *pairs: tuple[str, str], **more: str) -> str:
    await clerk.get("/nhan-su/moi")
    return await clerk.post("/nhan-su/moi", roles(*pairs), login=login, name=f"Cán bộ {login}", **more)


async def test_the_list_tells_roles_log_ins_and_states_in_words(rig: Rig) -> None:
    chief = await rig.login(Role.ADMINISTRATOR, login="chief")
    await rig.staff(Grant(Role.CLERK, HERE), Role.AUDITOR, login="lan", logged_in=False)
    gone = await rig.staff(Role.VIEWER, login="gone", logged_in=False)
    locked = Credentials(password="x", locked_until=rig.clock() + timedelta(minutes=5))
    await rig.storage.write(lambda tx: tx.staff.save_credentials("m-lan", locked))
    await rig.staffing.disable(gone.member.id)

    await chief.get("/nhan-su")

    assert "Cán bộ tiếp nhận · H32.10" in chief.words
    assert "Người kiểm tra · toàn tỉnh" in chief.words
    assert "mật khẩu + mã điện thoại" in chief.words
    assert "Chưa vào lần nào" in chief.words
    assert "Tạm khóa đến" in chief.words
    assert "Đã ngừng từ" in chief.words
    assert "Chỉ có 1 người quản trị toàn tỉnh" in chief.words


async def test_with_two_administrators_nobody_is_warned(rig: Rig) -> None:
    chief = await rig.staff(Role.ADMINISTRATOR)
    await rig.staff(Role.ADMINISTRATOR)

    await chief.get("/nhan-su")

    assert "người quản trị toàn tỉnh" not in chief.words


async def test_an_invitation_is_made_shown_once_and_lets_somebody_in(rig: Rig) -> None:
    chief = await rig.staff(Role.ADMINISTRATOR, login="chief")

    page = await invite(chief, "Lan.Nguyen", ("clerk", HERE), ("approver", "*"), email="Lan@tinh.gov.vn")
    address = re.search(r'id="address">([^<]+)<', page)[1]  # type: ignore[index]
    listed = await chief.get("/nhan-su")
    stranger = await rig.stranger()
    path = address.partition("/can-bo")[2]
    await stranger.get(path)
    await stranger.post(path, name="Nguyễn Thị Lan", password=PASSWORD, again=PASSWORD)

    member = await member_of(rig, "lan.nguyen")
    assert member.grants == {Grant(Role.CLERK, HERE), Grant(Role.APPROVER)}
    assert (member.name, member.email) == ("Nguyễn Thị Lan", "lan@tinh.gov.vn")
    assert address.rpartition("/")[2] not in listed
    assert stranger.where == "/toi/hai-lop"
    entry = (await rig.recorded("staff.invited"))[0]
    assert (entry.by, entry.subject, entry.after) == ("chief", "lan.nguyen", {"grants": ["approver *", "clerk H32.10"]})


@pytest.mark.parametrize(
    ("login", "pairs", "sentence"),
    [
        ("lan nguyen", [("clerk", HERE)], "Tên đăng nhập chỉ gồm"),
        ("lan", [], "ít nhất một vai trò"),
        ("lan", [("clerk", "")], "Xin ghi mã cơ quan"),
        ("lan", [("", HERE)], "Xin chọn vai trò"),
        ("lan", [("clerk", "H32.10 OR 1=1")], "Mã cơ quan không đúng dạng"),
        ("chief", [("clerk", HERE)], "đã có người dùng"),
    ],
)
async def test_what_is_wrong_with_an_invitation_is_said_and_what_was_typed_stays(
    rig: Rig, login: str, pairs: list[tuple[str, str]], sentence: str
) -> None:
    chief = await rig.staff(Role.ADMINISTRATOR, login="chief")

    page = await invite(chief, login, *pairs)

    assert chief.status == 422
    assert sentence in chief.words
    assert f'value="{login}"' in page
    assert await rig.storage.read(lambda tx: tx.staff.invitations()) == []


async def test_an_administrator_of_an_agency_sees_and_manages_her_own_people_alone(rig: Rig) -> None:
    local = await rig.staff(Grant(Role.ADMINISTRATOR, HERE), login="local")
    await rig.staff(Grant(Role.CLERK, f"{HERE}.1"), login="trong", logged_in=False)
    for login, grants in {
        "ngoai": [Grant(Role.CLERK, ELSEWHERE)],
        "ca-hai": [Grant(Role.CLERK, HERE), Grant(Role.CLERK, ELSEWHERE)],
        "tinh": [Grant(Role.VIEWER)],
    }.items():
        await rig.staff(*grants, login=login, logged_in=False)
    await rig.staffing.invite("thu-ngoai", "Ngoài", {Grant(Role.CLERK, ELSEWHERE)})

    listed = await local.get("/nhan-su")
    statuses = {}
    for login in ("trong", "ngoai", "ca-hai", "tinh", "khong-co"):
        await local.get(f"/nhan-su/m-{login}")
        statuses[login] = local.status

    assert statuses == {"trong": 200, "ngoai": 404, "ca-hai": 404, "tinh": 404, "khong-co": 404}
    assert "trong" in listed
    assert not any(f"Cán bộ {login}" in listed for login in ("ngoai", "ca-hai", "tinh"))
    assert "thu-ngoai" not in listed
    assert "người quản trị toàn tỉnh" not in local.words


@pytest.mark.parametrize("act", ["quyen", "ngung", "mo-lai", "dat-lai", "mo-khoa", "phien"])
async def test_tampered_addresses_change_nobody_else(rig: Rig, act: str) -> None:
    local = await rig.staff(Grant(Role.ADMINISTRATOR, HERE), login="local")
    chief = await rig.staff(Role.ADMINISTRATOR, login="chief")
    before = await member_of(rig, "chief")
    await local.get("/nhan-su")

    await local.post(f"/nhan-su/{chief.member.id}/{act}", roles(("viewer", HERE)))

    assert local.status == 404
    assert await member_of(rig, "chief") == before
    assert len(await rig.storage.read(lambda tx: tx.staff.sessions(chief.member.id))) == 1


async def test_an_administrator_of_an_agency_cannot_raise_herself_or_others_by_tampering(rig: Rig) -> None:
    local = await rig.staff(Grant(Role.ADMINISTRATOR, HERE), login="local")
    await rig.staff(Grant(Role.CLERK, HERE), login="lan", logged_in=False)
    tried = [
        ("m-local", roles(("administrator", "*"))),
        ("m-local", roles(("administrator", HERE), ("approver", HERE))),
        ("m-lan", roles(("administrator", "*"))),
        ("m-lan", roles(("approver", ELSEWHERE))),
        ("m-lan", {"role": ["clerk", "administrator"], "agency": [HERE, "H32"]}),
        ("m-lan", {"role": ["chief"], "agency": [HERE]}),
        ("m-lan", {"role": ["clerk", "approver"], "agency": [HERE]}),
    ]

    statuses = []
    for member, fields in tried:
        await local.get("/nhan-su")
        await local.post(f"/nhan-su/{member}/quyen", fields)
        statuses.append(local.status)
    await invite(local, "me2", ("administrator", "*"))

    assert set(statuses) == {422}
    assert local.status == 422
    assert (await member_of(rig, "local")).grants == {Grant(Role.ADMINISTRATOR, HERE)}
    assert (await member_of(rig, "lan")).grants == {Grant(Role.CLERK, HERE)}
    assert await rig.storage.read(lambda tx: tx.staff.invitations()) == []


async def test_roles_are_changed_with_before_and_after_in_the_record(rig: Rig) -> None:
    chief = await rig.staff(Role.ADMINISTRATOR, login="chief")
    lan = await rig.staff(Grant(Role.CLERK, HERE), login="lan")
    await chief.get(f"/nhan-su/{lan.member.id}")

    await chief.post(f"/nhan-su/{lan.member.id}/quyen", roles(("approver", HERE), ("clerk", ELSEWHERE)))

    assert "Đã lưu vai trò" in chief.words
    entry = (await rig.recorded("staff.granted"))[0]
    assert entry.before["grants"] == ["clerk H32.10"]
    assert entry.after["grants"] == ["approver H32.10", "clerk H32.20"]


async def test_the_last_two_administrators_cannot_be_taken_away(rig: Rig) -> None:
    chief = await rig.staff(Role.ADMINISTRATOR)
    other = await rig.staff(Role.ADMINISTRATOR)
    where, before = f"/nhan-su/{other.member.id}", await member_of(rig, other.member.login)
    await chief.get(where)

    await chief.post(f"{where}/ngung")
    disabled = chief.status
    await chief.post(f"{where}/quyen", roles(("clerk", "*")))

    assert disabled == chief.status == 422
    assert "ít nhất hai người quản trị" in chief.words
    assert await member_of(rig, other.member.login) == before


async def test_somebody_disabled_is_out_with_the_next_click_and_comes_back_without_old_sessions(rig: Rig) -> None:
    chief = await rig.staff(Role.ADMINISTRATOR)
    lan = await rig.login(Role.CLERK, login="lan")
    where = f"/nhan-su/{lan.member.id}"
    await chief.get(where)

    await chief.post(f"{where}/ngung")
    await lan.get("/toi")
    out = lan.where
    await chief.post(f"{where}/mo-lai")
    await lan.get("/toi")

    assert out.startswith("/dang-nhap")
    assert lan.where.startswith("/dang-nhap")
    assert "Tài khoản đã mở lại" in chief.words


async def test_a_lost_phone_is_helped_by_a_new_letter_and_the_old_password_opens_nothing(rig: Rig) -> None:
    chief = await rig.staff(Role.ADMINISTRATOR)
    lan = await rig.login(Grant(Role.CLERK, HERE), login="lan")
    where = f"/nhan-su/{lan.member.id}"
    await chief.get(where)

    page = await chief.post(f"{where}/dat-lai")
    await lan.get("/toi")
    out = lan.where
    await lan.get("/dang-nhap")
    await lan.post("/dang-nhap", login="lan", password=PASSWORD)
    old = lan.status
    path = re.search(r'id="address">[^<]*/can-bo([^<]+)<', page)[1]  # type: ignore[index]
    await lan.get(path)
    await lan.post(path, name="Lan", password=NEW_PASSWORD, again=NEW_PASSWORD)

    assert out.startswith("/dang-nhap")
    assert old == 403
    assert lan.where == "/toi/hai-lop"
    assert (await member_of(rig, "lan")).grants == {Grant(Role.CLERK, HERE)}


async def test_a_locked_account_is_unlocked_and_sessions_are_ended(rig: Rig) -> None:
    chief = await rig.staff(Role.ADMINISTRATOR)
    lan = await rig.staff(Role.CLERK, login="lan")
    locked = Credentials(password="x", locked_until=rig.clock() + timedelta(minutes=5))
    await rig.storage.write(lambda tx: tx.staff.save_credentials(lan.member.id, locked))
    where = f"/nhan-su/{lan.member.id}"
    await chief.get(where)

    await chief.post(f"{where}/mo-khoa")
    unlocked = chief.words
    await chief.post(f"{where}/phien")

    assert "Đã mở khóa" in unlocked
    assert (await rig.storage.read(lambda tx: tx.staff.credentials(lan.member.id))).locked_until is None
    assert await rig.storage.read(lambda tx: tx.staff.sessions(lan.member.id)) == []


async def test_an_invitation_is_withdrawn(rig: Rig) -> None:
    chief = await rig.staff(Role.ADMINISTRATOR)
    await invite(chief, "lan", ("clerk", HERE))
    await chief.get("/nhan-su")

    await chief.post("/nhan-su/thu-hoi", login="lan")

    assert "Đã thu hồi" in chief.words
    assert await rig.storage.read(lambda tx: tx.staff.invitations()) == []


async def test_names_are_shown_as_they_were_typed(rig: Rig) -> None:
    chief = await rig.staff(Role.ADMINISTRATOR)
    attack = "<img src=x onerror=alert(1)>"
    await rig.login(Role.CLERK, login="lan", name=attack)

    page = await chief.get("/nhan-su")

    assert attack not in page
    assert attack in chief.words


async def test_no_page_about_people_has_a_phone_a_name_or_a_login_in_its_address(rig: Rig) -> None:
    chief = await rig.login(Role.ADMINISTRATOR, login="chief")
    lan = await rig.login(Role.CLERK, login="lan.nguyen", name="Nguyễn Thị Lan")

    page = await chief.get("/nhan-su")

    addresses = re.findall(r'(?:href|action)="([^"]*)"', page)
    assert f"/can-bo/nhan-su/{lan.member.id}" in addresses
    assert not any("lan.nguyen" in each for each in addresses)


async def test_ones_own_sessions_are_listed_and_ended_one_or_all(rig: Rig) -> None:
    lan = await rig.login(Role.CLERK, login="lan")
    second, third = await rig.log_in_again(lan), await rig.log_in_again(lan)
    page = await lan.get("/toi")
    marks = re.findall(r'name="mark" value="([^"]+)"', page)

    await lan.post("/toi/phien", mark=marks[0])
    one = [each.where for each in (second, third) if await each.get("/toi") and each.where == "/toi"]
    await lan.get("/toi")
    await lan.post("/toi/phien-khac")
    left = [each.where for each in (second, third) if await each.get("/toi") and each.where == "/toi"]

    assert len(marks) == 2
    assert len(one) == 1
    assert left == []
    assert "Đã kết thúc mọi phiên khác" in lan.words


async def test_somebody_elses_session_is_not_found(rig: Rig) -> None:
    lan, minh = await rig.staff(Role.CLERK), await rig.staff(Role.CLERK)
    theirs = (await rig.storage.read(lambda tx: tx.staff.sessions(minh.member.id)))[0]
    await lan.get("/toi")

    await lan.post("/toi/phien", mark=theirs.digest[:16])

    assert lan.status == 404
    assert await rig.storage.read(lambda tx: tx.staff.sessions(minh.member.id)) == [theirs]


async def test_the_password_is_changed_with_the_old_one(rig: Rig) -> None:
    lan = await rig.login(Role.CLERK, login="lan")
    elsewhere = await rig.log_in_again(lan)
    await lan.get("/toi")

    await lan.post("/toi/mat-khau", old="sai", new=NEW_PASSWORD, again=NEW_PASSWORD)
    wrong = lan.status, lan.words
    await lan.post("/toi/mat-khau", old=PASSWORD, new=NEW_PASSWORD, again="khác")
    differs = lan.status
    await lan.post("/toi/mat-khau", old=PASSWORD, new=NEW_PASSWORD, again=NEW_PASSWORD)
    await elsewhere.get("/toi")

    assert (wrong[0], differs) == (422, 422)
    assert "Mật khẩu đang dùng không đúng" in wrong[1]
    assert "Đã đổi mật khẩu" in lan.words
    assert elsewhere.where.startswith("/dang-nhap")


async def test_ones_own_name_is_changed_and_line_ends_are_not_taken(rig: Rig) -> None:
    lan = await rig.staff(Role.CLERK, login="lan")
    await lan.get("/toi")

    await lan.post("/toi/ten", name="Lan\nX-Evil: 1")
    refused = lan.status
    await lan.post("/toi/ten", name="Nguyễn Thị Ngọc Lan", grants="administrator *")

    assert refused == 422
    member = await member_of(rig, "lan")
    assert (member.name, member.grants) == ("Nguyễn Thị Ngọc Lan", lan.member.grants)


async def test_who_does_not_administer_sees_no_staff(rig: Rig) -> None:
    auditor = await rig.staff(Role.AUDITOR, Role.APPROVER)

    await auditor.get("/nhan-su")

    assert auditor.status == 403
    assert "/can-bo/nhan-su" not in auditor.page.replace("/can-bo/ngon-ngu?sang=en&amp;ve=/can-bo/nhan-su", "")


@pytest.mark.parametrize("path", ["/nhan-su", "/nhan-su/moi", "/nhan-su/m-lan", "/toi", "/toi/hai-lop"])
async def test_each_page_is_there_in_english(rig: Rig, path: str) -> None:
    chief = await rig.staff(Role.ADMINISTRATOR)
    await rig.staff(Grant(Role.CLERK, HERE), login="lan")
    await chief.get("/ngon-ngu?sang=en")

    page = await chief.get(path)

    assert chief.status == 200
    assert '<html lang="en">' in page
    assert "Log out" in chief.words
