"""Flow 1b: claim → send → settle, against a sender that answers as told, on every engine."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.config import OutboxSettings
from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.model.dossier import Status
from bot.model.errors import StorageError
from bot.model.ids import id_maker
from bot.model.message import (
    Accepted,
    ChannelDown,
    DeliveryState,
    Lane,
    OutboxItem,
    Outcome,
    Receipt,
    Rejected,
    Retry,
    Situation,
    Uncertain,
)
from bot.model.person import Address
from bot.outbox import Outbox
from bot.ports import Channel, Limits, Storage, Transaction
from bot.receipts import record, record_in
from bot.sweeping import sweep
from tests.support.making import batch, dossier, message, planner

TIMING = OutboxSettings(lease=2.0, send=1.0, poll=0.05, sweep=0.05)
LIMITS = Limits(longest=0, rate=0, window=8, receipts=True, plain=True)
Answer = Callable[[OutboxItem], Awaitable[Outcome]]


async def accept(item: OutboxItem) -> Outcome:
    return Accepted((f"ref-{item.id}",))


@dataclass
class ToldSender:
    """Answers as the test says; refuses to be asked while a transaction is open."""

    storage: Storage
    answer: Answer = accept
    sent: list[str] = field(default_factory=list)

    async def send(self, item: OutboxItem) -> Outcome:
        await self.storage.write(_nothing)
        self.sent.append(item.id)
        return await self.answer(item)


async def _nothing(_: Transaction) -> None:
    """On SQLite a work that is begun inside another one is refused: it would wait for itself."""


@asynccontextmanager
async def draining(
    storage: Storage, answer: Answer = accept, limits: Limits = LIMITS, timing: OutboxSettings = TIMING
) -> AsyncIterator[ToldSender]:
    sender = ToldSender(storage, answer)
    outbox = Outbox(
        Channel("sms", sender, limits), storage, owner="here", clock=utc_now, record_receipts=record_in, timing=timing
    )
    task = asyncio.ensure_future(outbox.run())
    try:
        yield sender
    finally:
        outbox.stop()
        await task


async def plan(storage: Storage, *items: OutboxItem) -> None:
    await storage.write(lambda tx: tx.outbox.enqueue(items))


def due(**changes: object) -> OutboxItem:
    now = utc_now()
    return message(**{"created_at": now, "next_at": now, "expires_at": now + timedelta(hours=1), **changes})


async def found(storage: Storage, item: OutboxItem) -> OutboxItem:
    got = await storage.read(lambda tx: tx.outbox.get(item.id))
    assert got is not None
    return got


async def settled(storage: Storage, items: Sequence[OutboxItem], *states: DeliveryState) -> list[OutboxItem]:
    """Waits until every item is in one of `states`."""
    while True:
        now = [await found(storage, item) for item in items]
        if all(item.state in states for item in now):
            return now
        await asyncio.sleep(0.02)


async def test_what_is_planned_is_sent_once_and_waits_for_its_receipt(storage: Storage) -> None:
    items = [due() for _ in range(50)]
    await plan(storage, *items)

    async with draining(storage) as sender:
        await settled(storage, items, DeliveryState.ACCEPTED)

    assert sorted(sender.sent) == sorted(item.id for item in items)
    await record(storage, [_receipt(f"ref-{item.id}") for item in items])
    await settled(storage, items, DeliveryState.DELIVERED)
    assert (await balance(storage)).balanced


def _receipt(reference: str, state: DeliveryState = DeliveryState.DELIVERED, **more: str) -> Receipt:
    return Receipt(channel="sms", reference=reference, state=state, at=utc_now(), **more)


async def test_a_reply_leaves_before_the_pushes_that_wait(storage: Storage) -> None:
    pushes = [due() for _ in range(200)]
    gate = asyncio.Event()

    async def slowly(item: OutboxItem) -> Outcome:
        await asyncio.sleep(0.01)
        gate.set()
        return Accepted((item.id,))

    await plan(storage, *pushes)
    async with draining(storage, slowly, replace(LIMITS, window=2)) as sender:
        await gate.wait()
        reply = due(lane=Lane.REPLY, situation=Situation.REPLY)
        await plan(storage, reply)
        await settled(storage, [reply], DeliveryState.ACCEPTED)
        assert sender.sent.index(reply.id) < 30


class Places:
    """A line that lets one more leave each time that a place is given free."""

    def __init__(self, storage: Storage, sent: Sequence[str]) -> None:
        self._storage, self._sent = storage, sent
        self.free = asyncio.Semaphore(8)

    async def taken_before(self, item: OutboxItem) -> Sequence[str]:
        """Plans the item: what leaves between this moment and it."""
        await plan(self._storage, item)
        before = len(self._sent)
        while item.id not in self._sent:
            self.free.release()
            await asyncio.sleep(0.1)  # much longer than a claim takes
        return self._sent[before : self._sent.index(item.id)]


@asynccontextmanager
async def full_of_a_broadcast(storage: Storage, people: int) -> AsyncIterator[Places]:
    """A broadcast to so many that uses up all places; at the end it has left."""
    bulk = [due(lane=Lane.BULK, address=Address("sms", f"+84912000{number:03d}")) for number in range(people)]
    held: list[Places] = []

    async def when_there_is_a_place(item: OutboxItem) -> Outcome:
        await held[0].free.acquire()
        return Accepted((item.id,))

    await plan(storage, *bulk)
    patient = OutboxSettings(lease=60.0, send=30.0, poll=0.05, sweep=0.05)
    async with draining(storage, when_there_is_a_place, replace(LIMITS, window=20, reserved=0.0), patient) as sender:
        places = Places(storage, sender.sent)
        held.append(places)
        while len(sender.sent) < 8 + 20:
            await asyncio.sleep(0.01)
        yield places
        for _ in range(2 * people):
            places.free.release()
        await settled(storage, bulk, DeliveryState.ACCEPTED)


async def test_news_that_comes_while_a_broadcast_fills_the_line_leaves_before_the_rest_of_it(storage: Storage) -> None:
    async with full_of_a_broadcast(storage, 100) as places:
        left_before_it = await places.taken_before(due(lane=Lane.PUSH))

    assert len(left_before_it) <= 4, "it waits neither for its turn among them nor for half of them to leave"


async def test_news_after_news_never_waits_for_what_of_a_broadcast_was_taken_in_hand_beside_it(
    storage: Storage,
) -> None:
    news = [due(lane=Lane.PUSH, address=Address("sms", f"+84913000{number:03d}")) for number in range(6)]
    async with full_of_a_broadcast(storage, 300) as places:
        waited = [len(await places.taken_before(push)) for push in news]

    assert max(waited) <= 4, waited


async def test_a_receipt_that_comes_before_its_message_is_settled_is_not_lost(storage: Storage) -> None:
    item = due()

    async def receipt_first(item: OutboxItem) -> Outcome:
        await record(storage, [_receipt(f"ref-{item.id}")])
        return await accept(item)

    await plan(storage, item)
    async with draining(storage, receipt_first):
        await settled(storage, [item], DeliveryState.DELIVERED)

    assert (await balance(storage)).parked_receipts == 0


async def accepted_in_two_parts(storage: Storage) -> OutboxItem:
    """A long message that its provider took as the parts `a` and `b`."""
    item = due(parts=2)

    async def two_parts(_: OutboxItem) -> Outcome:
        return Accepted(("a", "b"))

    await plan(storage, item)
    async with draining(storage, two_parts):
        await settled(storage, [item], DeliveryState.ACCEPTED)
    return item


async def test_a_long_message_is_delivered_when_all_its_parts_are(storage: Storage) -> None:
    item = await accepted_in_two_parts(storage)

    await record(storage, [_receipt("b")])
    assert (await found(storage, item)).state is DeliveryState.ACCEPTED
    await record(storage, [_receipt("a")])
    assert (await found(storage, item)).state is DeliveryState.DELIVERED


@pytest.mark.parametrize("references", [("one",), ("a", "b", "c")])
async def test_a_message_is_delivered_when_all_that_its_provider_made_of_it_is(
    storage: Storage, references: tuple[str, ...]
) -> None:
    item = due(parts=2)

    async def taken(_: OutboxItem) -> Outcome:
        return Accepted(references)

    await plan(storage, item)
    async with draining(storage, taken):
        await settled(storage, [item], DeliveryState.ACCEPTED)
    *first, last = references
    await record(storage, [_receipt(reference) for reference in first])
    assert (await found(storage, item)).state is DeliveryState.ACCEPTED

    await record(storage, [_receipt(last)])

    assert (await found(storage, item)).state is DeliveryState.DELIVERED


async def test_a_receipt_for_the_whole_settles_an_uncertain_message_of_several_parts(storage: Storage) -> None:
    item = due(parts=3)

    async def silent(_: OutboxItem) -> Outcome:
        return Uncertain("no answer")

    await plan(storage, item)
    async with draining(storage, silent):
        await settled(storage, [item], DeliveryState.UNCERTAIN)

    await record(storage, [replace(_receipt("whatever", item_id=item.id), whole=True)])

    assert (await found(storage, item)).state is DeliveryState.DELIVERED


async def test_a_channel_that_says_too_fast_when_it_is_tried_again_is_not_tried_faster_and_faster(
    storage: Storage,
) -> None:
    items = [due() for _ in range(60)]
    answers = iter([ChannelDown("maintenance")])

    async def too_fast(_: OutboxItem) -> Outcome:
        return next(answers, Retry("throttled", 60.0, counts=False))

    await plan(storage, *items)
    async with draining(storage, too_fast, replace(LIMITS, window=1)) as sender:
        while len(sender.sent) < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(1.0)

    assert len(sender.sent) < 15, "each try is followed by a pause"


@pytest.mark.timeout(15)
async def test_some_numbers_that_are_too_much_for_the_provider_do_not_keep_a_channel_shut(storage: Storage) -> None:
    items = [due(address=Address("sms", f"+84912345{number:03}")) for number in range(20)]
    busy, asked = {each.address for each in items[:8]}, 0

    async def some_are_busy(item: OutboxItem) -> Outcome:
        nonlocal asked
        if item.address not in busy:
            return Accepted((f"ref-{item.id}",))
        asked += 1
        return ChannelDown("maintenance") if asked == 1 else Retry("throttled", 1.0, counts=False)

    await plan(storage, *items)
    async with draining(storage, some_are_busy, replace(LIMITS, window=1)):
        await settled(storage, items[8:], DeliveryState.ACCEPTED)

    assert asked <= 10, "the oldest are tried first, each once, and then the next one is"


async def test_receipts_move_a_message_forward_and_never_back(storage: Storage) -> None:
    item = due()
    await plan(storage, item)
    async with draining(storage):
        await settled(storage, [item], DeliveryState.ACCEPTED)
    reference = f"ref-{item.id}"

    await record(storage, [_receipt(reference)])
    await record(storage, [_receipt(reference, DeliveryState.FAILED)])
    await record(storage, [_receipt(reference, DeliveryState.ACCEPTED)])

    assert (await found(storage, item)).state is DeliveryState.DELIVERED


async def test_a_part_that_fails_fails_the_message(storage: Storage) -> None:
    item = await accepted_in_two_parts(storage)

    await record(storage, [_receipt("a"), _receipt("b", DeliveryState.FAILED, reason="stat:UNDELIV err:011")])

    now = await found(storage, item)
    assert (now.state, now.reason) == (DeliveryState.FAILED, "stat:UNDELIV err:011")


async def test_what_was_not_sent_is_tried_again_at_once_and_then_later(storage: Storage) -> None:
    item = due()

    async def busy(_: OutboxItem) -> Outcome:
        return Retry("throttled")

    await plan(storage, item)
    async with draining(storage, busy) as sender:
        while len(sender.sent) < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)

    now = await found(storage, item)
    assert (now.state, now.attempts, now.reason) == (DeliveryState.QUEUED, 2, "throttled")
    assert now.next_at > utc_now() + timedelta(seconds=25)


async def test_a_rejected_message_fails_for_good(storage: Storage) -> None:
    item = due()

    async def refuse(_: OutboxItem) -> Outcome:
        return Rejected("invalid number")

    await plan(storage, item)
    async with draining(storage, refuse) as sender:
        (now,) = await settled(storage, [item], DeliveryState.FAILED)

    assert (now.reason, len(sender.sent)) == ("invalid number", 1)


async def test_an_uncertain_message_is_held_and_a_receipt_makes_it_known(storage: Storage) -> None:
    item = due()

    async def silence(_: OutboxItem) -> Outcome:
        return Uncertain("no answer within 10 s")

    await plan(storage, item)
    async with draining(storage, silence) as sender:
        await settled(storage, [item], DeliveryState.UNCERTAIN)
        await asyncio.sleep(0.3)
        assert sender.sent == [item.id]

    await record(storage, [_receipt("77", item_id=item.id)])

    assert (await found(storage, item)).state is DeliveryState.DELIVERED


async def test_a_sender_that_hangs_or_breaks_leaves_the_message_uncertain(storage: Storage) -> None:
    hanging, breaking = due(text="hang"), due(text="break")

    async def misbehave(item: OutboxItem) -> Outcome:
        if item.text == "break":
            raise ValueError("a mistake in the adapter")
        await asyncio.sleep(60)
        return Accepted()

    await plan(storage, hanging, breaking)
    async with draining(storage, misbehave, timing=OutboxSettings(lease=5.0, send=1.5, poll=0.05, sweep=0.05)):
        first, second = await settled(storage, [hanging, breaking], DeliveryState.UNCERTAIN)

    assert first.reason == "no answer within 1.5 s"
    assert second.reason == "the adapter failed: ValueError"


async def test_a_channel_that_is_down_pauses_and_then_everything_leaves(storage: Storage) -> None:
    items = [due() for _ in range(20)]
    answers = iter([ChannelDown("wrong password")] * 3)

    async def down_then_up(item: OutboxItem) -> Outcome:
        return next(answers, None) or await accept(item)

    await plan(storage, *items)
    async with draining(storage, down_then_up) as sender:
        now = await settled(storage, items, DeliveryState.ACCEPTED)

    assert {item.attempts for item in now} == {1}
    assert len(sender.sent) == 23


async def test_a_message_that_has_become_untrue_is_not_sent(storage: Storage) -> None:
    new_id = id_maker(utc_now)
    mirror = Mirror("office", storage, planner(new_id), utc_now)
    fresh = dossier(received_at=utc_now() + timedelta(hours=1))
    await mirror.apply(batch(fresh))
    # A word that nobody is told, so that nothing takes the message's place.
    await mirror.apply(batch(replace(fresh, status=Status.UNKNOWN)))

    (item,) = await storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=9))

    async with draining(storage) as sender:
        (now,) = await settled(storage, [item], DeliveryState.SUPPRESSED)

    assert now.reason == "the dossier is now unknown"
    assert now.attempts == 0
    assert sender.sent == []


async def test_a_message_whose_time_is_over_expires(storage: Storage) -> None:
    item = due(expires_at=utc_now() + timedelta(milliseconds=50), next_at=utc_now() + timedelta(seconds=5))
    await plan(storage, item)

    sweeper = asyncio.ensure_future(sweep(storage, utc_now, [], TIMING))
    await settled(storage, [item], DeliveryState.EXPIRED)
    sweeper.cancel()


async def test_what_a_dead_sender_held_becomes_uncertain_when_its_lease_ends(storage: Storage) -> None:
    items = [due() for _ in range(3)]
    await plan(storage, *items)
    now = utc_now()
    await storage.write(
        lambda tx: tx.outbox.claim("sms", owner="dead", now=now, lease_until=now + timedelta(milliseconds=200), limit=3)
    )

    sweeper = asyncio.ensure_future(sweep(storage, utc_now, [], TIMING))
    async with draining(storage) as sender:
        await settled(storage, items, DeliveryState.UNCERTAIN)
        sweeper.cancel()

    assert sender.sent == []
    assert (await balance(storage)).balanced


async def test_where_our_reference_is_honoured_a_dead_senders_messages_go_out_again(storage: Storage) -> None:
    item = due()
    await plan(storage, item)
    now = utc_now()
    await storage.write(lambda tx: tx.outbox.claim("sms", owner="dead", now=now, lease_until=now, limit=3))

    sweeper = asyncio.ensure_future(sweep(storage, utc_now, ["sms"], TIMING))
    async with draining(storage) as sender:
        await settled(storage, [item], DeliveryState.ACCEPTED)
        sweeper.cancel()

    assert sender.sent == [item.id]


async def test_a_stop_finishes_what_is_under_way_and_hands_back_the_rest(storage: Storage) -> None:
    items = [due() for _ in range(40)]
    under_way = asyncio.Event()

    async def slowly(item: OutboxItem) -> Outcome:
        under_way.set()
        await asyncio.sleep(0.1)
        return await accept(item)

    await plan(storage, *items)
    async with draining(storage, slowly, replace(LIMITS, window=4)) as sender:
        await under_way.wait()

    now = [await found(storage, item) for item in items]
    accepted = [item for item in now if item.state is DeliveryState.ACCEPTED]
    queued = [item for item in now if item.state is DeliveryState.QUEUED]
    assert len(accepted) == len(sender.sent) > 0
    assert len(accepted) + len(queued) == 40
    assert {item.attempts for item in queued} == {0}


async def test_the_rate_of_the_account_is_kept(storage: Storage) -> None:
    items = [due() for _ in range(60)]
    times: list[float] = []

    async def note(item: OutboxItem) -> Outcome:
        times.append(time.monotonic())
        return await accept(item)

    await plan(storage, *items)
    async with draining(storage, note, replace(LIMITS, rate=100.0)):
        await settled(storage, items, DeliveryState.ACCEPTED)

    for first, later in zip(times, times[30:], strict=False):
        assert later - first >= (30 - 10 - 2) / 100.0


async def test_two_senders_never_send_the_same_message(storage: Storage) -> None:
    items = [due() for _ in range(300)]
    await plan(storage, *items)

    async with draining(storage) as one, draining(storage) as other:
        await settled(storage, items, DeliveryState.ACCEPTED)

    assert sorted(one.sent + other.sent) == sorted(item.id for item in items)


async def test_a_message_that_waited_too_long_in_hand_is_checked_again_before_it_leaves(storage: Storage) -> None:
    new_id = id_maker(utc_now)
    mirror = Mirror("office", storage, planner(new_id), utc_now)
    fresh = dossier(received_at=utc_now() + timedelta(hours=1))
    blocking = due(lane=Lane.REPLY)
    at_provider, go_on = asyncio.Event(), asyncio.Event()

    async def hold(item: OutboxItem) -> Outcome:
        at_provider.set()
        await go_on.wait()
        return await accept(item)

    await plan(storage, blocking)
    await mirror.apply(batch(fresh))
    timing = OutboxSettings(lease=30.0, send=20.0, fresh=0.2, poll=0.05, sweep=0.05)
    async with draining(storage, hold, replace(LIMITS, window=1), timing) as sender:
        await at_provider.wait()
        while not (claimed := await storage.read(lambda tx: tx.outbox.listed(DeliveryState.SENDING, limit=9)))[1:]:
            await asyncio.sleep(0.02)
        await mirror.apply(batch(replace(fresh, status=Status.UNKNOWN)))
        await asyncio.sleep(0.3)
        go_on.set()
        (now,) = await settled(storage, claimed[1:], DeliveryState.SUPPRESSED)

    assert now.reason == "the dossier is now unknown"
    assert sender.sent == [blocking.id]


class Failing:
    """A database that does not answer for a while, in front of a real one."""

    def __init__(self, real: Storage, failures: int) -> None:
        self._real = real
        self.left = failures

    async def write(self, work: Callable[[Transaction], Awaitable[object]]) -> object:
        return await self._real.write(self._or_fail(work))

    async def read(self, work: Callable[[Transaction], Awaitable[object]]) -> object:
        return await self._real.read(self._or_fail(work))

    def _or_fail(self, work: Callable[[Transaction], Awaitable[object]]) -> Callable[[Transaction], Awaitable[object]]:
        if self.left <= 0:
            return work
        self.left -= 1

        async def fail(_: Transaction) -> object:
            raise StorageError("the disk is full")

        return fail

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


async def test_a_database_that_does_not_answer_for_a_while_loses_nothing(storage: Storage) -> None:
    items = [due() for _ in range(20)]
    await plan(storage, *items)
    failing = Failing(storage, failures=3)

    async def fail_after_the_first(item: OutboxItem) -> Outcome:
        failing.left = max(failing.left, 2) if item.id == items[0].id else failing.left
        return await accept(item)

    outbox = Outbox(
        Channel("sms", ToldSender(storage, fail_after_the_first), LIMITS),
        failing,  # type: ignore[arg-type]
        owner="here",
        clock=utc_now,
        record_receipts=record_in,
        timing=TIMING,
    )
    task = asyncio.ensure_future(outbox.run())
    await settled(storage, items, DeliveryState.ACCEPTED)
    outbox.stop()
    await task

    assert failing.left == 0
    assert (await balance(storage)).balanced
