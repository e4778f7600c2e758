"""Tin nhắn: what a clerk finds of messages, reads of one, and sends again."""

from datetime import timedelta
from typing import Any

import pytest

from bot.model.dossier import Status
from bot.model.message import DeliveryState, OutboxItem
from bot.model.person import Address
from bot.model.staff import Grant, Role
from bot.ports import Mirrored
from tests.support.making import OWNER_PHONE, dossier, message
from tests.web.console.rig import Rig

HERE = "H32.10"


async def tell(rig: Rig, **changes: Any) -> OutboxItem:
    """A message about dossier 1."""
    now = rig.clock()
    given: dict[str, Any] = {
        "id": rig.app.new_id(), "agency": HERE, "source": "office", "code": dossier().code, "created_at": now,
        "next_at": now, "expires_at": now + timedelta(days=1), "settled_at": now, "state": DeliveryState.DELIVERED,
    }  # fmt: skip
    item = message(**(given | changes))
    await rig.storage.write(lambda tx: tx.outbox.enqueue([item]))
    return item


async def keep(rig: Rig) -> None:
    mirrored = [Mirrored.of(dossier(1, agency=HERE), 0)]
    await rig.storage.write(lambda tx: tx.dossiers.save(mirrored, at=rig.clock()))


async def test_messages_are_listed_newest_first_and_only_of_ones_agency(rig: Rig) -> None:
    first, second = await tell(rig), await tell(rig, agency=f"{HERE}.2")
    other = await tell(rig, agency="H32.11")
    clerk = await rig.staff(Grant(Role.CLERK, HERE))

    page = await clerk.get("/tin-nhan")

    assert 0 < page.find(second.id) < page.find(first.id)
    assert other.id not in page


async def test_pills_count_and_filter(rig: Rig) -> None:
    failed = await tell(rig, state=DeliveryState.FAILED, reason="stat:UNDELIV err:011")
    arrived = await tell(rig)
    clerk = await rig.staff(Role.CLERK)

    await clerk.get("/tin-nhan")
    assert "Tất cả 2" in clerk.words
    assert "Không tới được 1" in clerk.words

    page = await clerk.get("/tin-nhan?trang-thai=failed")
    assert failed.id in page
    assert arrived.id not in page
    assert "Không gửi được: máy không nhận được tin (mã 011)" in clerk.words


async def test_a_reference_leads_right_to_its_message_and_a_code_to_those_about_it(rig: Rig) -> None:
    item, other = await tell(rig), await tell(rig, code=dossier(2).code)
    clerk = await rig.staff(Role.CLERK)

    await clerk.get(f"/tin-nhan?ma={item.id.lower()}")
    assert clerk.where == f"/tin-nhan/{item.id}"

    page = await clerk.get(f"/tin-nhan?ma={dossier(2).code}")
    assert other.id in page
    assert item.id not in page


async def test_day_channel_and_kind_narrow_the_list(rig: Rig) -> None:
    item = await tell(rig, gateway="webchat")
    clerk = await rig.staff(Role.CLERK)
    today = item.created_at.astimezone().strftime("%d/%m/%Y")

    shown = {
        query: item.id in await clerk.get(f"/tin-nhan?{query}")
        for query in ("kenh=webchat", "kenh=log", "loai=progress", "loai=apology", "ngay=1/1/2020")
    }

    assert shown == {
        "kenh=webchat": True, "kenh=log": False, "loai=progress": True, "loai=apology": False, "ngay=1/1/2020": False,
    }  # fmt: skip
    await clerk.get(f"/tin-nhan?ngay=31/2/{today[-4:]}")
    assert "Xin ghi ngày như" in clerk.words


async def test_messages_to_a_number_are_found_by_a_form_that_tells_no_address(rig: Rig) -> None:
    hers = await tell(rig)
    other = await tell(rig, address=Address("sms", "+84987654321"))
    clerk = await rig.staff(Grant(Role.CLERK, HERE))
    await clerk.get("/tin-nhan")

    page = await clerk.post("/tin-nhan", so="0912345678")

    assert hers.id in page
    assert other.id not in page
    assert clerk.where == "/tin-nhan"
    assert [each.what for each in await rig.recorded("messages.")] == ["messages.listed", "messages.searched"]


async def test_the_owner_of_a_dossier_is_found_without_her_number_in_the_page(rig: Rig) -> None:
    await keep(rig)
    item = await tell(rig)
    clerk = await rig.staff(Grant(Role.CLERK, HERE))
    stranger = await rig.staff(Grant(Role.CLERK, "H32.11"))
    fields = {"nguon": "office", "ma": dossier().code}
    await clerk.get("/tin-nhan")
    await stranger.get("/tin-nhan")

    assert item.id in await clerk.post("/tin-nhan", fields)
    await stranger.post("/tin-nhan", fields)
    assert stranger.status == 404


async def test_a_message_of_another_agency_is_as_if_it_did_not_exist(rig: Rig) -> None:
    item = await tell(rig, state=DeliveryState.FAILED)
    stranger = await rig.staff(Grant(Role.CLERK, "H32.11"))
    missing = "0" * 26

    await stranger.get(f"/tin-nhan/{missing}")
    nothing = (stranger.status, stranger.words)

    for path in (f"/tin-nhan/{item.id}", f"/tin-nhan/{item.id}/trang-thai"):
        await stranger.get(path)
        assert (stranger.status, stranger.words) == nothing
    for path, fields in ((f"/tin-nhan/{item.id}/gui-lai", {"lan": "1"}), ("/tin-nhan", {"tin": item.id})):
        await stranger.get("/tin-nhan")
        await stranger.post(path, fields)
        assert stranger.status == 404
    assert not await rig.recorded("message.")


async def test_what_belongs_to_no_agency_is_for_the_whole_province(rig: Rig) -> None:
    item = await tell(rig, agency="", source="", code="")
    clerk, province = await rig.staff(Grant(Role.CLERK, HERE)), await rig.staff(Role.CLERK)

    await clerk.get(f"/tin-nhan/{item.id}")
    await province.get(f"/tin-nhan/{item.id}")

    assert (clerk.status, province.status) == (404, 200)


async def test_the_page_shows_what_was_read_and_records_who_looked(rig: Rig) -> None:
    item = await tell(rig, text="Hồ sơ <b>đã</b> tiếp nhận", cost=400, attempts=2, gateway="viettel", parts=2)
    viewer = await rig.staff(Role.VIEWER)

    page = await viewer.get(f"/tin-nhan/{item.id}")

    assert "Hồ sơ &lt;b&gt;đã&lt;/b&gt; tiếp nhận" in page
    assert "400 đ" in page
    assert "+8491•••678" in page
    assert OWNER_PHONE not in page
    assert "Gửi lại" not in viewer.words
    assert [(each.what, each.subject, each.agency) for each in await rig.recorded("message.")] == [
        ("message.looked", item.id, HERE)
    ]


async def test_a_message_under_way_stays_fresh_until_it_has_ended(rig: Rig) -> None:
    waiting, ended = await tell(rig, state=DeliveryState.QUEUED), await tell(rig)
    clerk = await rig.staff(Role.CLERK)

    assert f'data-live="/can-bo/tin-nhan/{waiting.id}/trang-thai"' in await clerk.get(f"/tin-nhan/{waiting.id}")
    assert "data-live" not in await clerk.get(f"/tin-nhan/{ended.id}")
    piece = await clerk.get(f"/tin-nhan/{waiting.id}/trang-thai")
    assert "Chờ gửi" in piece
    assert "<html" not in piece


async def test_a_clerk_sends_a_failed_message_again_once(rig: Rig) -> None:
    await keep(rig)
    item = await tell(rig, state=DeliveryState.FAILED, status=Status.RECEIVED)
    clerk = await rig.staff(Grant(Role.CLERK, HERE), login="lan")
    await clerk.get(f"/tin-nhan/{item.id}")

    await clerk.post(f"/tin-nhan/{item.id}/gui-lai", lan="1")
    where = clerk.where
    await clerk.post(f"/tin-nhan/{item.id}/gui-lai", lan="1")

    assert clerk.where == where != f"/tin-nhan/{item.id}"
    assert "không gửi thêm lần nữa" in clerk.words
    again = await rig.storage.read(lambda tx: tx.outbox.of_origins([f"resend:{item.id}:1"]))
    assert [each.state for each in again] == [DeliveryState.QUEUED]
    recorded = await rig.recorded("message.resent")
    assert [(each.by, each.subject, each.after["again"]) for each in recorded] == [("lan", item.id, again[0].id)]


async def test_what_may_have_arrived_is_sent_again_only_after_a_tick(rig: Rig) -> None:
    await keep(rig)
    item = await tell(rig, state=DeliveryState.UNCERTAIN, status=Status.RECEIVED)
    clerk = await rig.staff(Role.CLERK)
    await clerk.get(f"/tin-nhan/{item.id}")

    await clerk.post(f"/tin-nhan/{item.id}/gui-lai", lan="1")
    assert clerk.status == 422
    assert "Xin đánh dấu vào ô xác nhận" in clerk.words
    await clerk.post(f"/tin-nhan/{item.id}/gui-lai", {"lan": "1", "hai-lan": "co"})

    assert "Đã lập tin gửi lại" in clerk.words
    recorded = await rig.recorded("message.resent")
    assert [each.after["may_come_twice"] for each in recorded] == [True]


@pytest.mark.parametrize(
    "state", [DeliveryState.CANCELLED, DeliveryState.SUPERSEDED, DeliveryState.SUPPRESSED, DeliveryState.DELIVERED]
)
async def test_nothing_else_is_sent_again_whatever_form_comes(rig: Rig, state: DeliveryState) -> None:
    await keep(rig)
    item = await tell(rig, state=state, status=Status.RECEIVED)
    clerk = await rig.staff(Role.CLERK)

    page = await clerk.get(f"/tin-nhan/{item.id}")
    await clerk.post(f"/tin-nhan/{item.id}/gui-lai", {"lan": "1", "hai-lan": "co"})

    assert "gui-lai" not in page
    assert clerk.status == 422
    assert not await rig.recorded("message.resent")


async def test_who_may_only_see_sends_nothing(rig: Rig) -> None:
    await keep(rig)
    item = await tell(rig, state=DeliveryState.FAILED, status=Status.RECEIVED)
    viewer = await rig.staff(Grant(Role.VIEWER, HERE), Grant(Role.CLERK, "H32.11"))
    await viewer.get(f"/tin-nhan/{item.id}")

    await viewer.post(f"/tin-nhan/{item.id}/gui-lai", lan="1")

    assert viewer.status == 403
    assert not await rig.recorded("message.resent")
