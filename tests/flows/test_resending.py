"""A clerk sends a message again that did not arrive."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.ledger import balance
from bot.model.dossier import Status
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Mirrored, Storage, Unwanted
from bot.resending import Obstacle, Resending, Resent, original_of
from tests.support.making import START, Time, dossier, message, numbered_ids, planner


async def kept(storage: Storage, **changes: Any) -> OutboxItem:
    """A message about dossier 1, as it ended."""
    given: dict[str, Any] = {
        "source": "office",
        "code": dossier().code,
        "status": Status.RECEIVED,
        "state": DeliveryState.FAILED,
        "settled_at": START,
        "agency": "H32.10",
    }
    item = message(**(given | changes))
    await storage.write(lambda tx: tx.outbox.enqueue([item]))
    return item


async def mirrored(storage: Storage, **changes: Any) -> None:
    one = Mirrored.of(dossier(**changes), 1)
    await storage.write(lambda tx: tx.dossiers.save([one], at=START))


def resending(storage: Storage, clock: Time | None = None) -> Resending:
    ids = numbered_ids()
    return Resending(storage, planner(lambda: f"9{ids()[1:]}"), clock or Time())


async def listed(storage: Storage, origin: str) -> list[OutboxItem]:
    return await storage.read(lambda tx: tx.outbox.of_origins([origin]))


async def test_a_message_that_failed_leaves_once_more_as_a_message_of_its_own(storage: Storage) -> None:
    await mirrored(storage)
    item = await kept(storage)
    clock = Time()
    clock.pass_(hours=30)

    resent = await resending(storage, clock).resend(item.id, number=1)

    assert isinstance(resent, Resent)
    again = (await listed(storage, f"resend:{item.id}:1"))[0]
    assert again.id == resent.item.id != item.id
    assert (again.text, again.address, again.status) == (item.text, item.address, item.status)
    assert again.state is DeliveryState.QUEUED
    assert again.lane is Lane.PUSH
    assert again.expires_at == START + timedelta(hours=30) + timedelta(days=3)
    assert original_of(again) == item.id


async def test_the_books_balance_with_what_was_sent_again(storage: Storage) -> None:
    await mirrored(storage)
    item = await kept(storage)

    await resending(storage).resend(item.id, number=1)

    assert (await balance(storage)).balanced


async def test_two_who_press_at_once_send_once(storage: Storage) -> None:
    await mirrored(storage)
    item = await kept(storage)
    flow = resending(storage)

    answers = await asyncio.gather(*(flow.resend(item.id, number=1) for _ in range(4)))

    assert sorted(each.is_new for each in answers if isinstance(each, Resent)) == [False, False, False, True]
    assert len({each.item.id for each in answers if isinstance(each, Resent)}) == 1
    assert len(await listed(storage, f"resend:{item.id}:1")) == 1


async def test_a_repetition_that_fails_may_be_repeated_and_one_under_way_may_not(storage: Storage) -> None:
    await mirrored(storage)
    item = await kept(storage)
    flow = resending(storage)
    first = await flow.resend(item.id, number=1)
    assert isinstance(first, Resent)

    too_early = await flow.resend(item.id, number=2)
    await storage.write(lambda tx: tx.outbox.expire(now=START + timedelta(days=30)))
    second = await flow.resend(item.id, number=2)
    of_itself = await flow.resend(first.item.id, number=1)

    assert too_early is Obstacle.ON_ITS_WAY
    assert isinstance(second, Resent)
    assert second.is_new
    assert of_itself is Obstacle.REPEATED


async def test_what_may_have_arrived_needs_a_word_that_it_may_come_twice(storage: Storage) -> None:
    await mirrored(storage)
    item = await kept(storage, state=DeliveryState.UNCERTAIN)
    flow = resending(storage)

    assert await flow.resend(item.id, number=1) is Obstacle.UNSURE
    assert isinstance(await flow.resend(item.id, number=1, may_come_twice=True), Resent)


@pytest.mark.parametrize(
    "state",
    [
        state
        for state in DeliveryState
        if state not in (DeliveryState.FAILED, DeliveryState.EXPIRED, DeliveryState.UNCERTAIN)
    ],
)
async def test_nothing_else_is_ever_sent_again(sqlite_storage: Storage, state: DeliveryState) -> None:
    await mirrored(sqlite_storage)
    item = await kept(sqlite_storage, state=state)

    assert await resending(sqlite_storage).resend(item.id, number=1, may_come_twice=True) is Obstacle.STATE


async def test_what_is_no_longer_true_stays_unsent(sqlite_storage: Storage) -> None:
    await mirrored(sqlite_storage, status=Status.RETURNED)
    item = await kept(sqlite_storage)

    assert await resending(sqlite_storage).resend(item.id, number=1) is Obstacle.UNTRUE


async def test_older_news_does_not_come_after_newer(sqlite_storage: Storage) -> None:
    await mirrored(sqlite_storage)
    item = await kept(sqlite_storage)
    await kept(sqlite_storage, state=DeliveryState.DELIVERED)

    assert await resending(sqlite_storage).resend(item.id, number=1) is Obstacle.NEWER


async def test_newer_news_to_somebody_else_does_not_matter(sqlite_storage: Storage) -> None:
    await mirrored(sqlite_storage)
    item = await kept(sqlite_storage)
    await kept(sqlite_storage, address=Address("sms", "+84987654321"))

    assert isinstance(await resending(sqlite_storage).resend(item.id, number=1), Resent)


async def test_who_wants_no_messages_gets_none(sqlite_storage: Storage) -> None:
    await mirrored(sqlite_storage)
    item = await kept(sqlite_storage)
    unwanted = Unwanted(item.address, START, "lan", "")
    await sqlite_storage.write(lambda tx: tx.do_not_send.add([unwanted]))

    assert await resending(sqlite_storage).resend(item.id, number=1) is Obstacle.UNWANTED


@pytest.mark.parametrize(
    "changes",
    [{"lane": Lane.REPLY, "situation": Situation.REPLY}, {"situation": Situation.CODE}, {"situation": Situation.TEST}],
)
async def test_answers_and_codes_belong_to_their_moment(sqlite_storage: Storage, changes: dict[str, Any]) -> None:
    item = await kept(sqlite_storage, source="", code="", status=None, **changes)

    assert await resending(sqlite_storage).resend(item.id, number=1) is Obstacle.MOMENT


async def test_what_was_erased_or_never_was_cannot_be_sent(sqlite_storage: Storage) -> None:
    item = await kept(sqlite_storage, address=Address("erased", "1"), text="")

    assert await resending(sqlite_storage).resend(item.id, number=1) is Obstacle.ERASED
    assert await resending(sqlite_storage).resend("0" * 26, number=1) is Obstacle.MISSING


async def test_a_chat_gets_it_by_the_channel_that_had_it(sqlite_storage: Storage) -> None:
    await mirrored(sqlite_storage)
    item = await kept(sqlite_storage, channel="zalo", gateway="zalo", address=Address("zalo", "77"))

    resent = await resending(sqlite_storage).resend(item.id, number=1)

    assert isinstance(resent, Resent)
    assert resent.item.channel == "zalo"
    assert replace(resent.item, id=item.id).route == ""
