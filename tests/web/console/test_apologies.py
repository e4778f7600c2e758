"""The apology desk in the console: drafted, changed, approved by another person, told; each within her agencies."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from bot.model.apology import Apology, ApologyState
from bot.model.clock import month_of
from bot.model.message import DeliveryState
from bot.model.staff import Grant, Role
from bot.ports import Storage
from tests.support.making import OWNER_PHONE, code
from tests.web.axe import grave_violations
from tests.web.console.desk import OTHER, WARD, drafted, mirrored, next_date, soon
from tests.web.console.rig import Clerk, Rig, found, open_rig

XSS = "<script>alert(1)</script>"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture
async def desk(sqlite_storage: Storage) -> AsyncIterator[Rig]:
    """An office that makes no PDFs, which take seconds."""
    async with open_rig(sqlite_storage, apologies={"pdf": False}) as opened:
        yield opened


async def now_of(rig: Rig, apology: Apology) -> Apology:
    kept = await rig.storage.read(lambda tx: tx.apologies.get(apology.id))
    assert kept is not None
    return kept


async def approver(rig: Rig, login: str = "minh") -> Clerk:
    return await rig.staff(Grant(Role.APPROVER, WARD), login=login)


def seen_in(page: str) -> str:
    """The version that the page shows."""
    return found(r'name="seen" value="([0-9]+)"', page)


async def test_an_empty_desk_says_what_to_do(desk: Rig) -> None:
    clerk = await desk.staff(Role.CLERK)

    for state in ApologyState:
        await clerk.get(f"/xin-loi?trang-thai={state}")
        assert clerk.status == 200

    await clerk.get("/xin-loi")
    assert "Không có dự thảo nào chờ duyệt trong phạm vi này." in clerk.words
    await clerk.get("/xin-loi/thang")
    assert "Tháng này chưa có hồ sơ nào phải xin lỗi" in clerk.words


async def test_a_draft_shows_dates_limit_reason_and_what_is_read_on_each_channel(desk: Rig) -> None:
    draft = await drafted(desk, 1, reason="verification", text=f"chờ bản đồ {XSS}")
    clerk = await approver(desk)

    listed = await clerk.get("/xin-loi")
    words = clerk.words
    page = await clerk.get(f"/xin-loi/{draft.id}")

    assert "Phải gửi trước" in words
    assert "còn" in words
    assert "Người soạn: hệ thống" in words
    assert XSS not in listed + page
    assert "cần thêm thời gian xác minh, đối chiếu thông tin; chờ bản đồ <script>" in clerk.words
    assert "Zalo, Telegram, trang web" in clerk.words
    assert "SMS không dấu" in clerk.words
    assert "tin SMS" in clerk.words
    assert OWNER_PHONE not in page
    assert [each.after["code"] for each in await desk.recorded("apology.looked")] == [code(1)]


async def test_two_people_draft_and_approve_and_the_citizen_is_told_once(desk: Rig) -> None:
    await mirrored(desk, 1, due=soon(desk))
    hoa = await desk.staff(Grant(Role.APPROVER, WARD), login="hoa")
    await hoa.get(f"/xin-loi/moi?nguon=office&ma={code(1)}")

    await hoa.post("/xin-loi/moi", nguon="office", ma=code(1), reason="fieldwork", text="", day=next_date(desk))
    where = hoa.where
    own = hoa.words
    await hoa.post(f"{where}/duyet", seen="1")
    refused = hoa.words
    minh = await approver(desk)
    page = await minh.get(where)
    seen = seen_in(page)
    await minh.post(f"{where}/duyet", seen=seen)
    approved = minh.words
    await minh.post(f"{where}/duyet", seen=seen)

    (draft,) = await desk.storage.read(lambda tx: tx.apologies.of_dossier("office", code(1)))
    messages = await desk.storage.read(lambda tx: tx.outbox.of_origins([draft.origin]))
    assert "nên không tự duyệt hay từ chối được" in own
    assert "không tự duyệt được" in refused
    assert "Ngày hẹn mới có hiệu lực từ bây giờ." in approved
    assert minh.status == 409
    assert "không còn là dự thảo" in minh.words
    assert (draft.state, draft.drafted_by, draft.decided_by) == (ApologyState.APPROVED, "hoa", "minh")
    assert len(messages) == 1
    said = [(each.what, each.by) for each in await desk.recorded("apology.") if each.what != "apology.looked"]
    assert said == [("apology.drafted", "hoa"), ("apology.approved", "minh")]


async def test_what_was_changed_meanwhile_is_not_approved_unseen(desk: Rig) -> None:
    draft = await drafted(desk, 1)
    minh, hoa = await approver(desk), await approver(desk, "hoa")
    page = await minh.get(f"/xin-loi/{draft.id}")
    seen = seen_in(page)
    await hoa.get(f"/xin-loi/{draft.id}")
    await hoa.post(f"/xin-loi/{draft.id}/sua", reason="system", text="máy chủ hỏng", day=next_date(desk, 10))

    await minh.post(f"/xin-loi/{draft.id}/duyet", seen=seen)

    assert minh.status == 409
    assert "vừa được sửa" in minh.words
    assert (await now_of(desk, draft)).state is ApologyState.DRAFT


async def test_a_day_off_is_no_new_date_and_what_was_typed_stays(desk: Rig) -> None:
    draft = await drafted(desk, 1)
    clerk = await desk.staff(Grant(Role.CLERK, WARD))
    await clerk.get(f"/xin-loi/{draft.id}")

    await clerk.post(f"/xin-loi/{draft.id}/sua", reason="system", text="chữ của tôi", day="2027-01-01")

    assert clerk.status == 422
    assert "là ngày nghỉ" in clerk.words
    assert "chữ của tôi" in clerk.page
    assert (await now_of(desk, draft)).text == ""
    assert await desk.recorded("apology.changed") == []


async def test_a_rejection_needs_its_reason(desk: Rig) -> None:
    draft = await drafted(desk, 1)
    clerk = await approver(desk)
    await clerk.get(f"/xin-loi/{draft.id}")

    await clerk.post(f"/xin-loi/{draft.id}/khong-duyet", why="")
    empty = clerk.words
    await clerk.post(f"/xin-loi/{draft.id}/khong-duyet", why=f"trả kịp {XSS}")

    assert "Xin ghi lý do không duyệt." in empty
    assert (await now_of(desk, draft)).state is ApologyState.REJECTED
    assert f"không duyệt: trả kịp {XSS}" in clerk.words
    assert XSS not in clerk.page
    assert len(await desk.recorded("apology.rejected")) == 1


async def test_once_more_than_allowed_asks_for_a_reason(desk: Rig) -> None:
    first = await drafted(desk, 1)
    minh = await approver(desk)
    page = await minh.get(f"/xin-loi/{first.id}")
    await minh.post(f"/xin-loi/{first.id}/duyet", seen=seen_in(page))
    hoa = await desk.staff(Grant(Role.CLERK, WARD), login="hoa")
    await hoa.get(f"/xin-loi/moi?ma={code(1)}")
    await hoa.post("/xin-loi/moi", ma=code(1), nguon="office", reason="system", text="", day=next_date(desk, 15))
    second = hoa.where
    page = await minh.get(second)
    seen = seen_in(page)

    await minh.post(f"{second}/duyet", seen=seen)
    refused = minh.words
    await minh.post(f"{second}/duyet", seen=seen, override="lũ lụt")

    assert 'name="override"' in page
    assert "Muốn hẹn lại thêm một lần" in refused
    assert "Ngày hẹn mới có hiệu lực" in minh.words
    assert "lũ lụt" in minh.words


async def test_several_are_approved_together_and_each_result_is_told(desk: Rig) -> None:
    drafts = [await drafted(desk, number) for number in (1, 2)]
    own = await drafted(desk, 3, by="minh")
    minh = await approver(desk)
    page = await minh.get("/xin-loi")
    ticks = [each.split('"')[0] for each in page.split('name="so" value="')[1:]]
    own_tick = f"{own.id}|{ticks[0].split('|')[1]}"

    await minh.post("/xin-loi/duyet", so=[*ticks, own_tick])
    sure = minh.words
    await minh.post("/xin-loi/duyet", so=ticks, sure="1")
    done = minh.words
    await minh.post("/xin-loi/duyet", so=ticks, sure="1")

    assert len(ticks) == 2
    assert "Duyệt 2 thư xin lỗi" in sure
    assert f"{own.id} : Ông/Bà đã soạn hoặc sửa" in sure
    assert "Đã duyệt 2 trên 2 thư" in done
    assert "Đã duyệt 0 trên 2 thư" in minh.words
    assert [(await now_of(desk, each)).state for each in drafts] == [ApologyState.APPROVED] * 2
    assert len(await desk.recorded("apology.approved")) == 2


async def test_what_reached_whom_is_a_sentence(desk: Rig) -> None:
    draft = await drafted(desk, 1)
    minh = await approver(desk)
    page = await minh.get(f"/xin-loi/{draft.id}")
    await minh.post(f"/xin-loi/{draft.id}/duyet", seen=seen_in(page))
    (message,) = await desk.storage.read(lambda tx: tx.outbox.of_origins([draft.origin]))

    await minh.get("/xin-loi?trang-thai=approved")

    assert "Chờ gửi" in minh.words if message.state is DeliveryState.QUEUED else "Không gửi" in minh.words
    await minh.get(f"/xin-loi/{draft.id}")
    assert "Đã báo cho ai" in minh.words
    assert "Chủ hồ sơ" in minh.words
    assert OWNER_PHONE not in minh.page
    assert "sms:" not in minh.words
    assert " SMS " in minh.words.partition("Đã báo cho ai")[2].partition("Lời báo")[0]


async def test_the_document_can_be_taken_and_that_is_recorded(desk: Rig) -> None:
    draft = await drafted(desk, 1)
    clerk = await desk.staff(Grant(Role.VIEWER, WARD))

    content, headers = await clerk.bytes_of(f"/xin-loi/{draft.id}/van-ban")

    assert clerk.status == 200
    assert headers["Content-Type"] == DOCX
    assert content[:2] == b"PK"
    assert len(await desk.recorded("apology.document")) == 1


async def test_another_agency_neither_sees_nor_does_anything(desk: Rig) -> None:
    draft = await drafted(desk, 1)
    stranger = await desk.staff(Grant(Role.APPROVER, OTHER))
    answers = {}

    for path in (f"/xin-loi/{draft.id}", f"/xin-loi/{draft.id}/van-ban", "/xin-loi/XL-000000-0000"):
        answers[path] = (await stranger.get(path), stranger.status)
    await stranger.get("/xin-loi/moi")
    for path in ("sua", "duyet", "khong-duyet"):
        await stranger.post(f"/xin-loi/{draft.id}/{path}", seen="1", why="x", reason="system", day="2026-12-01")
        answers[path] = ("", stranger.status)
        await stranger.get("/xin-loi/moi")
    await stranger.post("/xin-loi/duyet", so=f"{draft.id}|1", sure="1")
    answers["batch"] = ("", stranger.status)
    await stranger.get(f"/xin-loi/moi?ma={code(1)}")
    asked = stranger.words
    await stranger.post("/xin-loi/moi", ma=code(1), nguon="office", reason="system", day=next_date(desk))

    assert {status for _, status in answers.values()} == {404}
    assert stranger.status == 404
    assert "Không có hồ sơ này trong phạm vi Ông/Bà được giao." in asked
    assert (await now_of(desk, draft)).state is ApologyState.DRAFT


async def test_who_only_sees_is_told_that_the_right_is_missing(desk: Rig) -> None:
    draft = await drafted(desk, 1)
    both = await desk.staff(Grant(Role.VIEWER, WARD), Grant(Role.APPROVER, OTHER))
    page = await both.get(f"/xin-loi/{draft.id}")

    await both.post(f"/xin-loi/{draft.id}/duyet", seen="1")

    assert "Dự thảo chờ người có quyền duyệt của cơ quan." in page
    assert "Sửa dự thảo" not in page
    assert both.status == 403


async def test_the_month_counts_by_agency_within_her_own(desk: Rig) -> None:
    draft = await drafted(desk, 1)
    await drafted(desk, 2, agency=OTHER)
    minh = await approver(desk)
    page = await minh.get(f"/xin-loi/{draft.id}")
    await minh.post(f"/xin-loi/{draft.id}/duyet", seen=seen_in(page))

    await minh.get(f"/xin-loi/thang?thang={month_of(draft.old_at)}")

    assert "1 phải xin lỗi" in minh.words
    await minh.get("/xin-loi/thang?thang=2026-13")
    assert minh.status == 404


async def test_in_a_browser_one_drafts_and_another_approves(desk: Rig, page: Page, axe: str) -> None:
    await mirrored(desk, 1, due=soon(desk))
    hoa, minh = await desk.staff(Grant(Role.CLERK, WARD), login="hoa"), await approver(desk)
    name, grave = desk.console.cookie("staff"), {}

    await page.context.add_cookies([{"name": name, "value": hoa.cookie, "url": desk.url}])
    await page.goto(f"{desk.url}/can-bo/xin-loi/moi?ma={code(1)}")
    await page.get_by_label("Lý do").select_option("fieldwork")
    await page.get_by_label("Ngày hẹn mới").fill(next_date(desk))
    grave["new"] = await grave_violations(page, axe)
    await page.get_by_role("button", name="Lưu dự thảo, chờ người khác duyệt").click()
    await expect(page.get_by_role("status")).to_contain_text("Thư chờ một người khác duyệt.")
    await page.context.clear_cookies()
    await page.context.add_cookies([{"name": name, "value": minh.cookie, "url": desk.url}])
    await page.goto(f"{desk.url}/can-bo/xin-loi")
    grave["list"] = await grave_violations(page, axe)
    await page.get_by_label("Chọn tất cả").check()
    await page.get_by_role("button", name="Xem lại và duyệt các thư đã chọn").click()
    grave["sure"] = await grave_violations(page, axe)
    await page.get_by_role("button", name="Duyệt 1 thư xin lỗi").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Đã duyệt 1 trên 1 thư")
    grave["done"] = await grave_violations(page, axe)
    await page.get_by_role("link", name="XL-").click()
    grave["one"] = await grave_violations(page, axe)
    for path in ("/", "/hom-nay/den-han", "/hom-nay/khong-lien-lac", "/hom-nay/tam-giu", "/xin-loi/thang"):
        await page.goto(f"{desk.url}/can-bo{path}")
        grave[path] = await grave_violations(page, axe)

    (draft,) = await desk.storage.read(lambda tx: tx.apologies.of_dossier("office", code(1)))
    assert (draft.state, draft.drafted_by, draft.decided_by) == (ApologyState.APPROVED, "hoa", "minh")
    assert {place: faults for place, faults in grave.items() if faults} == {}
