"""The door of the console, as people and attackers come to it."""

import asyncio
import re
import time
from datetime import timedelta
from urllib.parse import quote

import pytest
from yarl import URL

from bot.model.staff import Credentials, Grant, Right, Role
from bot.ports import Storage
from bot.web.console.browsers import shown_agent
from bot.web.console.entry import below
from bot.web.prefix import PREFIX
from tests.web.console.rig import PASSWORD, Clerk, Rig, open_rig

WRONG = "một mật khẩu khác hẳn"


async def try_password(clerk: Clerk, login: str, password: str = PASSWORD) -> str:
    await clerk.get("/dang-nhap")
    return await clerk.post("/dang-nhap", login=login, password=password)


def cookie_of(rig: Rig, clerk: Clerk) -> str:
    return next((each.value for each in clerk.http.cookie_jar if each.key == rig.console.cookie("staff")), "")


async def test_somebody_invited_sets_a_password_and_a_phone_and_is_in(rig: Rig) -> None:
    clerk = await rig.login(Role.CLERK, login="lan.nguyen", name="Nguyễn Thị Lan")

    assert clerk.status == 200
    assert "Nguyễn Thị Lan" in clerk.words
    credentials = await rig.storage.read(lambda tx: tx.staff.credentials(clerk.member.id))
    assert credentials.password.startswith("$argon2id$")
    assert credentials.totp
    assert len(credentials.recovery) == 10
    done = [each.what for each in await rig.recorded("staff.")]
    assert done == ["staff.invited", "staff.joined", "staff.half_entered", "staff.enrolled"]


async def test_the_password_alone_opens_no_page(rig: Rig) -> None:
    clerk = await rig.login(Role.ADMINISTRATOR, login="lan")
    other = await rig.stranger()

    await try_password(other, "lan")
    asked = other.where
    await other.get("/nhan-su")

    assert asked == "/dang-nhap/ma"
    assert other.where == "/dang-nhap/ma"
    assert clerk.member.name in other.page
    assert "Mời một người" not in other.page


async def test_the_code_opens_and_leads_to_where_she_wanted(rig: Rig) -> None:
    clerk = await rig.login(Role.ADMINISTRATOR, login="lan")
    assert clerk.phone
    other = await rig.stranger()
    await other.get("/nhan-su?x=1")
    fields = {"login": "lan", "password": PASSWORD, "tiep": re.search(r'name="tiep" value="([^"]*)"', other.page)[1]}  # type: ignore[index]

    await other.post("/dang-nhap", fields)
    rig.clock.moved += timedelta(seconds=30)
    await other.post("/dang-nhap/ma", code=clerk.phone.code(), tiep="/nhan-su?x=1")

    assert other.where == "/nhan-su?x=1"
    assert other.status == 200


async def test_a_code_opens_once(rig: Rig) -> None:
    clerk = await rig.login(Role.CLERK, login="lan")
    assert clerk.phone
    rig.clock.moved += timedelta(seconds=30)
    seen_over_a_shoulder = clerk.phone.code()
    first, second = await rig.stranger(), await rig.stranger()
    for each in (first, second):
        await try_password(each, "lan")

    await first.post("/dang-nhap/ma", code=seen_over_a_shoulder, tiep="/toi")
    await second.post("/dang-nhap/ma", code=seen_over_a_shoulder, tiep="/toi")

    assert (first.status, first.where) == (200, "/toi")
    assert second.status == 403
    assert "đã dùng rồi" in second.words


async def test_of_two_who_send_the_same_code_at_the_same_moment_one_comes_in(rig: Rig) -> None:
    clerk = await rig.login(Role.CLERK, login="lan")
    assert clerk.phone
    rig.clock.moved += timedelta(seconds=30)
    code = clerk.phone.code()
    several = [await rig.stranger() for _ in range(4)]
    for each in several:
        await try_password(each, "lan")

    await asyncio.gather(*(each.post("/dang-nhap/ma", code=code, tiep="/toi") for each in several))

    assert sorted(each.status for each in several) == [200, 403, 403, 403]


async def test_a_recovery_code_opens_once_in_place_of_the_phone(rig: Rig) -> None:
    clerk = await rig.login(Role.CLERK, login="minh")
    assert clerk.phone
    rig.clock.moved += timedelta(seconds=30)
    page = await clerk.post("/toi/ma-du-phong", proof=clerk.phone.code())
    codes = re.findall(r"<li><code>([^<]+)</code>", page)
    first, second = await rig.stranger(), await rig.stranger()
    for each in (first, second):
        await try_password(each, "minh")

    await first.post("/dang-nhap/ma", code=codes[3].upper().replace("-", " "), tiep="/toi")
    await second.post("/dang-nhap/ma", code=codes[3])

    assert len(set(codes)) == 10
    assert first.where == "/toi"
    assert "Còn 9 mã dự phòng" in first.words
    assert second.status == 403


async def test_a_session_known_before_the_log_in_is_worth_nothing_after_it(rig: Rig) -> None:
    clerk = await rig.login(Role.CLERK, login="lan")
    assert clerk.phone
    victim = await rig.stranger()
    victim.http.cookie_jar.update_cookies({rig.console.cookie("staff"): "planted-by-an-attacker"}, URL(rig.url))

    await try_password(victim, "lan")
    half = cookie_of(rig, victim)
    rig.clock.moved += timedelta(seconds=30)
    await victim.post("/dang-nhap/ma", code=clerk.phone.code(), tiep="/toi")
    whole = cookie_of(rig, victim)

    assert victim.where == "/toi"
    assert len({"planted-by-an-attacker", half, whole}) == 3
    attacker = await rig.stranger()
    for known in ("planted-by-an-attacker", half):
        attacker.http.cookie_jar.update_cookies({rig.console.cookie("staff"): known}, URL(rig.url))
        await attacker.get("/toi")
        assert attacker.where.startswith("/dang-nhap")


async def test_who_logs_in_again_leaves_no_old_session_in_that_browser(rig: Rig) -> None:
    clerk = await rig.login(Role.CLERK, login="lan")
    before = await rig.storage.read(lambda tx: tx.staff.sessions())
    token = re.search(r'name="token" value="([^"]+)"', await clerk.get("/toi"))[1]  # type: ignore[index]

    fields = {"token": token, "login": "lan", "password": PASSWORD}
    async with clerk.http.post(f"{rig.url}{PREFIX}/dang-nhap", data=fields, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]

    sessions = await rig.storage.read(lambda tx: tx.staff.sessions())
    assert len(before) == len(sessions) == 1
    assert sessions[0].digest != before[0].digest
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Max-Age" not in cookie


async def test_behind_tls_the_cookie_is_bound_to_this_host_and_to_tls(sqlite_storage: Storage) -> None:
    async with open_rig(sqlite_storage, web={"behind_tls": True}) as rig:
        stranger = await rig.stranger()
        async with stranger.http.get(f"{rig.url}{PREFIX}/dang-nhap") as answer:
            cookie = answer.headers["Set-Cookie"]

    assert cookie.startswith("__Host-motcua-door=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


async def test_an_unknown_name_a_wrong_password_a_locked_and_a_disabled_account_read_the_same(rig: Rig) -> None:
    for login in ("sai", "khoa", "ngung"):
        await rig.login(Role.CLERK, login=login)
    members = {each.login: each for each in await rig.storage.read(lambda tx: tx.staff.members())}
    assert await rig.staffing.disable(members["ngung"].id) is None
    locked = Credentials(password="", locked_until=rig.clock() + timedelta(minutes=5))
    await rig.storage.write(lambda tx: tx.staff.save_credentials(members["khoa"].id, locked))
    answers = set()

    for login, password in (("khong-co", WRONG), ("sai", WRONG), ("khoa", PASSWORD), ("ngung", PASSWORD)):
        stranger = await rig.stranger()
        await try_password(stranger, login, password)
        said = re.sub(r'value="[^"]*"', "", stranger.page)
        answers.add((stranger.status, stranger.where, said))

    assert len(answers) == 1
    assert "Tên đăng nhập hoặc mật khẩu không đúng" in answers.pop()[2]


async def test_an_unknown_name_takes_as_long_as_a_known_one(rig: Rig) -> None:
    await rig.login(Role.CLERK, login="lan")
    stranger = await rig.stranger()
    await try_password(stranger, "warm")
    spent: dict[str, list[float]] = {"lan": [], "khong-co": []}

    for _ in range(4):
        for login, times in spent.items():
            began = time.process_time()
            await stranger.post("/dang-nhap", login=login, password=WRONG)
            times.append(time.process_time() - began)

    # The work that was done for each, by all threads of this process: the machine may have other work.
    known, unknown = map(min, spent.values())
    assert 0.5 < unknown / known < 2
    assert min(known, unknown) > 0.02


async def test_ten_wrong_passwords_lock_and_the_right_one_waits(rig: Rig) -> None:
    clerk = await rig.login(Role.CLERK, login="lan")
    stranger = await rig.stranger()
    for _ in range(10):
        await try_password(stranger, "lan", WRONG)

    await try_password(stranger, "lan")
    locked = stranger.status
    rig.clock.moved += timedelta(minutes=16)
    await try_password(stranger, "lan")

    assert locked == 403
    assert stranger.where == "/dang-nhap/ma"
    assert [each.what for each in await rig.recorded("staff.locked")] == ["staff.locked"]
    assert clerk.member.login == "lan"


async def test_attempts_at_the_same_moment_get_no_more_answers_than_the_rule(sqlite_storage: Storage) -> None:
    async with open_rig(sqlite_storage, console={"failures": 3}) as rig:
        await rig.login(Role.CLERK, login="lan")
        several = [await rig.stranger() for _ in range(8)]
        for each in several:
            await each.get("/dang-nhap")

        await asyncio.gather(*(each.post("/dang-nhap", login="lan", password=WRONG) for each in several))
        last = await rig.stranger()
        await try_password(last, "lan")

        assert {each.status for each in several} == {403}
        assert last.status == 403
        whats = [each.what for each in await rig.recorded("staff.") if each.what in ("staff.refused", "staff.locked")]
        assert whats[:3] == ["staff.refused", "staff.refused", "staff.locked"]
        assert "staff.locked" not in whats[3:]


async def test_wrong_codes_lock_too_and_a_right_password_between_does_not_forgive_them(
    sqlite_storage: Storage,
) -> None:
    async with open_rig(sqlite_storage, console={"failures": 4}) as rig:
        clerk = await rig.login(Role.CLERK, login="lan")
        assert clerk.phone
        stranger = await rig.stranger()

        for _ in range(2):
            await try_password(stranger, "lan")
            for _ in range(2):
                await stranger.post("/dang-nhap/ma", code="000000")
        ended = stranger.words
        await try_password(stranger, "lan")

        assert "Mã sai quá nhiều lần" in ended
        assert stranger.status == 403


async def test_who_has_only_the_password_cannot_set_up_a_phone_of_her_own(rig: Rig) -> None:
    await rig.login(Role.CLERK, login="lan")
    thief = await rig.stranger()
    await try_password(thief, "lan")

    await thief.get("/toi/hai-lop")
    shown = thief.where
    await thief.post("/toi/hai-lop", code="123456")

    assert shown == thief.where == "/dang-nhap/ma"
    assert "otpauth" not in thief.page


async def test_a_new_phone_needs_a_code_of_the_old_one_and_ends_all_other_sessions(rig: Rig) -> None:
    clerk = await rig.login(Role.CLERK, login="lan")
    assert clerk.phone
    elsewhere = await rig.log_in_again(clerk)
    rig.clock.moved += timedelta(seconds=30)
    page = await clerk.get("/toi/hai-lop")
    secret = re.search(r'class="key">([^<]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    new = type(clerk.phone)(secret, rig.clock)

    await clerk.post("/toi/hai-lop", code=new.code(), proof="000000")
    without = clerk.status
    await clerk.post("/toi/hai-lop", code=new.code(), proof=clerk.phone.code())

    assert without == 403
    assert secret != clerk.phone.secret
    assert clerk.status == 200
    assert "Mã dự phòng" in clerk.words
    await elsewhere.get("/toi")
    assert elsewhere.where.startswith("/dang-nhap")
    await clerk.get("/toi")
    assert clerk.where == "/toi"


async def test_too_many_attempts_from_one_network_are_put_off(sqlite_storage: Storage) -> None:
    async with open_rig(sqlite_storage, console={"door_per_minute": 4}) as rig:
        stranger = await rig.stranger()

        statuses = []
        for number in range(3):
            await try_password(stranger, f"ten{number}")
            statuses.append(stranger.status)

    assert statuses == [403, 403, 429]


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.vn", "//evil.vn", "/\\evil.vn", "\\\\evil.vn", "/%2e%2e/%2e%2e/x", "/../x", "/%5cevil.vn",
        "@evil.vn", "/x%0d%0aSet-Cookie:a=b", "/x\r\nLocation: https://evil.vn", ".evil.vn", "javascript:alert(1)",
        "/dang-xuat", "/dang-nhap", "/a//evil.vn", "/%2fevil.vn", "",
    ],
)  # fmt: skip
async def test_no_address_leads_away_from_the_console(rig: Rig, wanted: str) -> None:
    clerk = await rig.staff(Role.CLERK)

    address = f"{rig.url}{PREFIX}/dang-nhap?tiep={quote(wanted, safe='')}"
    async with clerk.http.get(address, allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"{PREFIX}/"
        assert "Set-Cookie" not in answer.headers
    assert below(wanted) == "/"


@pytest.mark.parametrize("wanted", ["/ho-so/H32.10-251103-0042", "/tin-nhan?trang-thai=delivered&tu=2026-11-01", "/"])
def test_pages_of_ours_are_gone_back_to(wanted: str) -> None:
    assert below(wanted) == wanted


async def test_a_letter_opens_once_however_many_use_it_at_the_same_moment(rig: Rig) -> None:
    invited = await rig.staffing.invite("lan", "Lan", {Grant(Role.CLERK)})
    path = f"/loi-moi/{invited.secret}"  # type: ignore[union-attr]
    several = [await rig.stranger() for _ in range(3)]
    for each in several:
        await each.get(path)

    fields = [
        {"name": f"Người {number}", "password": f"{PASSWORD} {number}", "again": f"{PASSWORD} {number}"}
        for number in range(3)
    ]
    await asyncio.gather(*(each.post(path, form) for each, form in zip(several, fields, strict=True)))

    assert sorted(each.status for each in several) == [200, 404, 404]
    assert len(await rig.storage.read(lambda tx: tx.staff.members())) == 1


async def test_a_wrong_a_used_and_an_old_letter_read_the_same(rig: Rig) -> None:
    await rig.login(Role.CLERK, login="cu")
    old = await rig.staffing.invite("muon", "Muộn", {Grant(Role.CLERK)})
    used = await rig.staffing.invite("thu", "Thu", {Grant(Role.CLERK)})
    await rig.staffing.withdraw("thu")
    rig.clock.moved += timedelta(hours=49)
    said = set()

    for secret in ("doan-bua", old.secret, used.secret):  # type: ignore[union-attr]
        stranger = await rig.stranger()
        await stranger.get(f"/loi-moi/{secret}")
        said.add((stranger.status, re.sub(r'(value|href)="[^"]*"', "", stranger.page)))

    assert len(said) == 1
    assert said.pop()[0] == 404


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("ngắn quá", "ít nhất 12 ký tự"),
        ("lan.nguyen.2026", "quá giống tên đăng nhập"),
        ("Matkhau@12345", "quá dễ đoán"),
    ],
)
async def test_a_weak_password_is_explained_and_the_letter_stays_good(rig: Rig, password: str, sentence: str) -> None:
    invited = await rig.staffing.invite("lan.nguyen", "Nguyễn Thị Lan", {Grant(Role.CLERK)})
    path = f"/loi-moi/{invited.secret}"  # type: ignore[union-attr]
    stranger = await rig.stranger()
    await stranger.get(path)

    await stranger.post(path, name="Lan", password=password, again=password)
    refused, said = stranger.status, stranger.words
    await stranger.post(path, name="Lan", password=PASSWORD, again=PASSWORD)

    assert refused == 422
    assert sentence in said
    assert stranger.where == "/toi/hai-lop"


async def test_names_and_logins_with_line_ends_reach_no_header_and_no_record(rig: Rig) -> None:
    invited = await rig.staffing.invite("lan", "Lan", {Grant(Role.CLERK)})
    path = f"/loi-moi/{invited.secret}"  # type: ignore[union-attr]
    stranger = await rig.stranger()
    await stranger.get(path)

    await stranger.post(path, name="Lan\r\nSet-Cookie: a=b", password=PASSWORD, again=PASSWORD)
    name_status = stranger.status
    await stranger.get("/dang-nhap")
    await stranger.post("/dang-nhap", login="lan\r\nSet-Cookie: a=b", password=PASSWORD, tiep="/x\r\nA: b")

    refused = stranger.status
    for odd in ("lan\0", "\ud7ff\uffff🙂", "' OR 1=1 --", "l" * 3_000):
        await try_password(stranger, odd)
        assert stranger.status in (403, 413)

    assert name_status == 422
    assert refused == 403
    assert "a" not in {each.key for each in stranger.http.cookie_jar}
    assert all("\n" not in each.subject for each in await rig.recorded())


async def test_where_no_second_factor_is_required_the_password_is_enough(sqlite_storage: Storage) -> None:
    async with open_rig(sqlite_storage, console={"require_totp": False}) as rig:
        invited = await rig.staffing.invite("lan", "Lan", {Grant(Role.CLERK)})
        path = f"/loi-moi/{invited.secret}"  # type: ignore[union-attr]
        stranger = await rig.stranger()
        await stranger.get(path)

        await stranger.post(path, name="Lan", password=PASSWORD, again=PASSWORD)
        await stranger.get("/toi")

        assert stranger.where == "/toi"
        assert "Chưa cài" in stranger.words


async def test_the_record_tells_who_came_in_and_keeps_no_secret(rig: Rig) -> None:
    clerk = await rig.login(Role.CLERK, login="lan")
    stranger = await rig.stranger()
    await try_password(stranger, "mat-khau-go-nham-o-day", WRONG)

    entries = await rig.recorded("staff.")

    assert clerk.phone
    said = repr(entries)
    assert clerk.phone.secret not in said
    assert PASSWORD not in said
    assert "mat-khau-go-nham" not in said
    assert [(each.what, each.by, each.subject) for each in entries][-1] == ("staff.refused", "", "")
    assert not clerk.member.may(Right.ADMINISTER)


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36", "Chrome · Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1", "Safari · iPhone"),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_browsers_are_named_in_words(header: str, shown: str) -> None:
    assert shown_agent(header) == shown
