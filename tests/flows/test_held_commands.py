"""A clerk in the evening: what is held, until when, and what is done about it."""

from datetime import datetime, timedelta
from typing import Any

from bot.model.clock import VIETNAM
from bot.model.message import DeliveryState, OutboxItem, Situation
from bot.ports import QUIET, Settlement, Storage
from tests.support.desk import Desk
from tests.support.making import message

NIGHT = datetime(2026, 11, 22, 23, 0, tzinfo=VIETNAM)
MORNING = datetime(2026, 11, 23, 6, 0, tzinfo=VIETNAM)


def hold(desk: Desk, *items: OutboxItem) -> None:
    async def work(storage: Storage) -> None:
        await storage.write(lambda tx: tx.outbox.enqueue(items))
        claimed = await storage.write(
            lambda tx: tx.outbox.claim("sms", owner="me", now=NIGHT, lease_until=NIGHT + timedelta(minutes=1), limit=99)
        )
        settlements = [
            Settlement(
                item_id=each.item.id,
                owner="me",
                state=DeliveryState.HELD,
                at=NIGHT,
                next_at=MORNING,
                attempted=False,
                held_for=QUIET,
            )
            for each in claimed
        ]
        await storage.write(lambda tx: tx.outbox.settle(settlements))

    desk.in_database(work)


def item(name: str, **changes: Any) -> OutboxItem:
    given = {"created_at": NIGHT, "next_at": NIGHT, "expires_at": NIGHT + timedelta(days=3), "agency": "H32.10"}
    return message(id=name, **given | changes)


def state_of(desk: Desk, name: str) -> DeliveryState:
    async def work(storage: Storage) -> DeliveryState:
        found = await storage.read(lambda tx: tx.outbox.get(name))
        assert found
        return found.state

    return desk.in_database(work)


def test_an_evening_without_messages_says_so(service: Desk) -> None:
    assert service.said("held", "list") == "Không có tin nào đang giữ. / Nothing is held.\n"


def test_the_list_says_until_when_and_shows_no_number(service: Desk) -> None:
    hold(service, item("m1"), item("m2"), item("m3", situation=Situation.RESULT, agency="H32.11"))

    shown = service.said("held", "list")
    listed = service.json("held", "list")

    assert "Giữ đến 06:00 23/11/2026: 3 tin." in shown
    assert "sms:+8491•••678" in shown
    assert "912345678" not in shown + str(listed)
    assert [(each["agency"], each["situation"], each["messages"]) for each in listed["held"]] == [
        ("H32.10", "progress", 2),
        ("H32.11", "result", 1),
    ]


def test_some_or_all_are_cancelled_and_what_is_not_held_is_named(service: Desk) -> None:
    hold(service, item("m1"), item("m2"), item("m3", situation=Situation.RESULT))

    assert "Đã hủy 1 tin." in service.said("held", "cancel", "m1", "--by", "Lan")
    assert "Đã hủy 1 tin." in service.said("held", "cancel", "--all", "--situation", "result", "--by", "Lan")
    again = service.types("held", "cancel", "m1")

    assert (again.code, "1 tin không còn bị giữ" in again.err) == (1, True)
    assert [state_of(service, name) for name in ("m1", "m2", "m3")] == ["cancelled", "held", "cancelled"]


def test_neither_names_nor_all_is_a_question(service: Desk) -> None:
    assert "--all" in service.refused("held", "cancel")
    assert "--all" in service.refused("held", "cancel", "m1", "--all")


def test_one_is_let_go_for_a_reason_that_is_kept(service: Desk) -> None:
    hold(service, item("m1"))

    assert "--why" in service.refused("held", "send", "m1", "--why", " ")
    assert "1 tin được gửi ngay" in service.said("held", "send", "m1", "--why", "vỡ đê", "--by", "Lan")

    assert state_of(service, "m1") == "queued"
