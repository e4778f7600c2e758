"""After a return to an older state: what may have been sent meanwhile does not leave a second time by itself, on every
engine."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.ledger import balance
from bot.mirror import Mirror, Reading
from bot.model.broadcast import BroadcastState
from bot.model.dossier import Status
from bot.model.errors import StorageError
from bot.model.ids import id_maker
from bot.model.message import Alternative, DeliveryState, OutboxItem, Receipt
from bot.model.person import Address, OneTimeCode
from bot.model.service import Feedback, FeedbackKind
from bot.ports import QUIET, Settlement, SourceState, Storage
from bot.ports.restoring import Policy
from bot.receipts import record
from bot.restoring import BARRED, NUMBERS, WAITED, Marked, Return, mark, require_silence
from bot.settings import SourceSettings
from tests.flows.broadcasting import office_over
from tests.support.making import START, Time, batch, code, dossier, message, planner, states

BACK = START + timedelta(hours=6)
"""The moment of the return; the backup is of `START`."""
_BOTH = (DeliveryState.HELD, DeliveryState.UNCERTAIN)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def mirror(storage: Storage, time: Time) -> Mirror:
    return mirror_of(storage, time)


def mirror_of(storage: Storage, time: Time, source: str = "office") -> Mirror:
    """As a process has it that has just begun."""
    return Mirror(source, storage, planner(id_maker(time)), time, SourceSettings(go_live=START - timedelta(days=1)))


def a_feedback() -> Feedback:
    return Feedback(
        kind=FeedbackKind.PROPOSAL, address=Address("sms", "+84912345678"), channel="sms", text="x", at=START
    )


async def returned(
    storage: Storage, at: datetime = BACK, policy: Policy = Policy.HOLD, *, is_asked: bool = True
) -> Marked:
    back = Return(taken_at=START, at=at, policy=policy, sources={"office": is_asked}, harmless=["webchat"], by="lan")
    return await mark(storage, back)


async def all_of(storage: Storage) -> dict[str, OutboxItem]:
    found = [
        each
        for state in DeliveryState
        for each in await storage.read(lambda tx, s=state: tx.outbox.listed(s, limit=99))  # type: ignore[misc]
    ]
    return {item.id: item for item in found}


async def everywhere(storage: Storage) -> None:
    """A message in each state in which a backup may find it."""
    away = Alternative("sms", Address("sms", "+84912345678"), "Ho so")
    items = [
        *(message(id=name) for name in ("queued", "sending", "quiet", "delivered")),
        message(id="chat", channel="zalo", address=Address("zalo", "1"), alternatives=(away,)),
        message(id="web", channel="webchat", address=Address("webchat", "v")),
        message(id="later", next_at=START + timedelta(days=1)),
    ]
    await storage.write(lambda tx: tx.outbox.enqueue(items))
    await storage.write(lambda tx: tx.outbox.enqueue([message(id="braked", state=DeliveryState.HELD)]))
    for channel in ("sms", "zalo"):
        await storage.write(
            lambda tx, c=channel: tx.outbox.claim(c, owner="me", now=START, lease_until=BACK, limit=9)  # type: ignore[misc]
        )
    settled = [
        Settlement(
            item_id="quiet",
            owner="me",
            at=START,
            state=DeliveryState.HELD,
            held_for=QUIET,
            next_at=BACK,
        ),
        Settlement(item_id="queued", owner="me", at=START, state=DeliveryState.QUEUED, next_at=START),
        Settlement(item_id="delivered", owner="me", at=START, state=DeliveryState.DELIVERED, references=("r1",)),
        Settlement(
            item_id="chat",
            owner="me",
            at=START,
            state=DeliveryState.ACCEPTED,
            references=("z1",),
            fallback_at=BACK,
        ),
    ]
    await storage.write(lambda tx: tx.outbox.settle(settled))


async def test_whatever_waited_is_uncertain_and_what_had_ended_stays(storage: Storage) -> None:
    await everywhere(storage)
    before = states(list((await all_of(storage)).values()))

    marked = await returned(storage)

    now = await all_of(storage)
    assert sorted(before) == ["accepted", "delivered", "held", "held", "queued", "queued", "queued", "sending"]
    waited = {name for name, item in now.items() if item.state is DeliveryState.UNCERTAIN}
    assert waited == {"queued", "sending", "quiet", "braked", "later"}
    assert {now[name].reason for name in waited} == {WAITED}
    assert now["web"].state is DeliveryState.QUEUED, "what is shown on our own page was never sent to anybody"
    assert (now["delivered"].state, now["chat"].state) == (DeliveryState.DELIVERED, DeliveryState.ACCEPTED)
    assert marked.uncertain == {DeliveryState.QUEUED: 2, DeliveryState.SENDING: 1, DeliveryState.HELD: 2}
    assert (await balance(storage)).balanced
    tomorrow = BACK + timedelta(days=2)
    assert (
        await storage.write(lambda tx: tx.outbox.claim("sms", owner="x", now=tomorrow, lease_until=tomorrow, limit=9))
        == []
    )
    assert await storage.write(lambda tx: tx.outbox.quiet_over(now=BACK, limit=9)) == []


async def test_what_a_chat_took_does_not_go_by_sms_by_itself(storage: Storage) -> None:
    await everywhere(storage)

    marked = await returned(storage)

    chat = (await all_of(storage))["chat"]
    assert marked.barred == 1
    assert (chat.fallback_at, chat.alternatives, chat.reason) == (None, (), BARRED)
    assert await storage.write(lambda tx: tx.outbox.overdue(now=BACK + timedelta(days=1), limit=9)) == []
    # A receipt that comes now says how it ended, and moves nothing on: the SMS may have left before.
    failed = Receipt(channel="zalo", reference="z1", state=DeliveryState.FAILED, reason="not a friend", at=BACK)
    await record(storage, [failed])
    assert (await all_of(storage))["chat"].state is DeliveryState.FAILED


async def test_a_receipt_of_now_ends_what_is_uncertain(storage: Storage) -> None:
    await everywhere(storage)
    await returned(storage)

    arrived = Receipt(
        channel="sms", reference="9", item_id="sending", state=DeliveryState.DELIVERED, at=BACK, whole=True
    )
    await record(storage, [arrived])

    assert (await all_of(storage))["sending"].state is DeliveryState.DELIVERED
    assert "sending" not in {item.id for item in await doubtful(storage)}


async def test_receipts_of_lost_messages_are_parked(storage: Storage) -> None:
    await returned(storage)

    await record(storage, [Receipt(channel="sms", reference="lost", state=DeliveryState.DELIVERED, at=BACK)])

    assert (await balance(storage)).parked_receipts == 1


async def doubtful(storage: Storage) -> list[OutboxItem]:
    return await storage.read(lambda tx: tx.restores.items(after="", limit=99))


async def test_a_person_sends_what_she_knows_was_not_sent(storage: Storage) -> None:
    await everywhere(storage)
    expired = message(id="old", expires_at=BACK - timedelta(minutes=1))
    await storage.write(lambda tx: tx.outbox.enqueue([expired]))
    await returned(storage)

    async def release(ids: list[str] | None, channel: str = "") -> int:
        return await storage.write(
            lambda tx: tx.restores.release(ids, states=_BOTH, source="", channel=channel, at=BACK)
        )

    assert await release(["queued", "old", "delivered", "chat"]) == 1
    assert await release(None, channel="zalo") == 0
    claimed = await storage.write(
        lambda tx: tx.outbox.claim("sms", owner="x", now=BACK, lease_until=BACK + timedelta(hours=1), limit=9)
    )
    assert [each.item.id for each in claimed] == ["queued"]
    assert {item.id for item in await doubtful(storage)} == {"sending", "quiet", "braked", "later", "old"}
    assert (
        await storage.write(
            lambda tx: tx.restores.drop(
                None, states=_BOTH, source="", channel="", reason="restored: dropped by lan", at=BACK
            )
        )
        == 5
    )
    assert await doubtful(storage) == []
    assert (await all_of(storage))["quiet"].state is DeliveryState.UNCERTAIN, "nobody says that it was not sent"
    assert (await balance(storage)).balanced


async def test_ways_are_open_again_for_what_a_person_sends(storage: Storage) -> None:
    way = Alternative("sms", Address("sms", "+84912345678"), "Ho so")
    item = message(id="z", channel="zalo", address=Address("zalo", "1"), alternatives=(way,))
    await storage.write(lambda tx: tx.outbox.enqueue([item]))
    await returned(storage)
    assert (await all_of(storage))["z"].alternatives == ()

    await storage.write(lambda tx: tx.restores.release(["z"], states=_BOTH, source="", channel="", at=BACK))

    assert (await all_of(storage))["z"].alternatives == (way,)


# What sources tell again


async def test_news_told_again_waits_for_a_person_until_a_round_is_whole(
    storage: Storage, mirror: Mirror, time: Time
) -> None:
    await mirror.apply(replace(batch(dossier(1), dossier(2)), as_of=START))
    # Lost with the crash: dossier 1 was finished, dossier 3 was new, and both were told.
    await returned(storage)
    time.now = BACK + timedelta(minutes=1)
    again = mirror_of(storage, time)

    done = dossier(1, status=Status.DONE)
    applied = await again.apply(batch(done, dossier(3)))
    ending = await again.apply(replace(batch(), as_of=time.now))
    fresh = await again.apply(batch(dossier(4), dossier(2, status=Status.DONE)))

    assert (applied.planned, applied.held, ending.planned, fresh.held) == (2, 2, 0, 0)
    held = await storage.read(lambda tx: tx.outbox.listed(DeliveryState.HELD, limit=9))
    assert {item.code for item in held} == {code(1), code(3)}
    assert {item.code for item in await doubtful(storage)} == {code(1), code(2), code(3)}
    queued = await storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=9))
    assert {item.code for item in queued} == {code(2), code(4)}, "what is told after the round is news"
    assert await storage.read(lambda tx: tx.restores.doubts()) == []
    # The brake's release is about other messages.
    assert await storage.write(lambda tx: tx.outbox.let_go("office", at=time.now)) == 0
    assert (await balance(storage)).balanced


async def test_a_round_that_was_asked_before_the_return_ends_nothing(
    storage: Storage, mirror: Mirror, time: Time
) -> None:
    await returned(storage)
    time.now = BACK + timedelta(minutes=1)

    await mirror.apply(replace(batch(dossier(1)), as_of=BACK - timedelta(seconds=1)))
    applied = await mirror.apply(batch(dossier(2)))

    assert applied.held == 1


async def test_a_later_update_does_not_make_old_news_new(storage: Storage, mirror: Mirror, time: Time) -> None:
    """The result was told in the time that is lost; what changes now is another field."""
    old = dossier(1, updated_at=START + timedelta(minutes=2))
    await mirror.apply(batch(old))
    await returned(storage)
    time.now = BACK + timedelta(hours=1)

    applied = await mirror_of(storage, time).apply(
        batch(replace(old, status=Status.DONE, place="quầy 3", updated_at=time.now))
    )

    assert (applied.planned, applied.held) == (1, 1)


async def test_what_is_assumed_sent_is_suppressed_and_counted(storage: Storage, mirror: Mirror, time: Time) -> None:
    await returned(storage, policy=Policy.ASSUME_SENT)
    time.now = BACK + timedelta(minutes=1)

    applied = await mirror.apply(batch(dossier(1)))

    (item,) = (await all_of(storage)).values()
    assert (applied.planned, item.state, item.reason) == (
        1, DeliveryState.SUPPRESSED, "restored: counts as told before",
    )  # fmt: skip
    assert (await balance(storage)).balanced


async def test_a_source_that_calls_us_stays_in_doubt_until_a_person_says_otherwise(
    storage: Storage, time: Time
) -> None:
    marked = await returned(storage, is_asked=False)
    time.now = BACK + timedelta(minutes=1)
    mirror = mirror_of(storage, time)

    first = await mirror.apply(replace(batch(dossier(1)), as_of=time.now))
    second = await mirror.apply(replace(batch(dossier(2)), as_of=time.now))
    closed = await storage.write(lambda tx: tx.restores.close("office", at=time.now))
    third = await mirror.apply(replace(batch(dossier(3)), as_of=time.now))

    assert marked.by_hand == ("office",)
    assert (first.held, second.held, closed, third.held) == (1, 1, True, 0)
    assert not await storage.write(lambda tx: tx.restores.close("office", at=time.now))


async def test_reading_by_hand_is_doubtful_too_and_ends_nothing(storage: Storage, mirror: Mirror, time: Time) -> None:
    await returned(storage)
    time.now = BACK + timedelta(minutes=1)

    applied = await mirror.apply(replace(batch(dossier(1)), as_of=time.now), reading=Reading.BY_HAND)

    assert applied.held == 1
    assert [each.source for each in await storage.read(lambda tx: tx.restores.doubts())] == ["office"]


async def test_a_source_that_is_new_after_the_return_is_in_no_doubt(storage: Storage, time: Time) -> None:
    await returned(storage)
    await storage.write(
        lambda tx: tx.sources.save("other", SourceState(None, START - timedelta(days=1), None, revision=1))
    )
    time.now = BACK + timedelta(minutes=1)

    applied = await mirror_of(storage, time, "other").apply(batch(dossier(1, source="other")))

    assert (applied.planned, applied.held) == (1, 0)


async def test_a_second_return_to_an_older_state_keeps_the_earlier_moment(storage: Storage) -> None:
    await returned(storage)
    await mark(
        storage, Return(taken_at=START + timedelta(hours=2), at=BACK + timedelta(hours=1), sources={"office": True})
    )

    (doubt,) = await storage.read(lambda tx: tx.restores.doubts())

    assert (doubt.taken_at, doubt.restored_at) == (START, BACK + timedelta(hours=1))


async def test_marking_twice_finds_nothing_more(storage: Storage) -> None:
    await everywhere(storage)
    await returned(storage)
    before = await all_of(storage)

    again = await returned(storage)

    assert (again.uncertain, again.barred, again.broadcasts) == ({}, 0, ())
    assert await all_of(storage) == before


# What else must not live again


async def test_codes_and_posts_of_before_are_gone_and_numbers_leap(storage: Storage) -> None:
    sent = OneTimeCode(Address("telegram", "1"), "+84912345678", "digest", START, BACK + timedelta(days=1))
    await storage.write(lambda tx: tx.people.put_code(sent))
    await storage.write(lambda tx: tx.leases.take("plan", owner="dead", now=START, until=BACK + timedelta(days=1)))
    first = await storage.write(lambda tx: tx.service.add_feedback(a_feedback(), day="261121", prefix="PA"))

    marked = await returned(storage)

    assert first == "PA-261121-0001"
    assert marked.forgotten == {"one_time_codes": 1}
    assert await storage.read(lambda tx: tx.leases.holders(["plan"], now=BACK)) == {}
    assert await storage.write(lambda tx: tx.leases.take("plan", owner="new", now=BACK, until=BACK + timedelta(1))) == 2
    today = f"{BACK + timedelta(hours=7):%y%m%d}"
    number = await storage.write(lambda tx: tx.service.add_feedback(a_feedback(), day=today, prefix="PA"))
    assert number == f"PA-{today}-{NUMBERS + 1:04}"


async def test_nothing_is_marked_while_a_process_works(storage: Storage) -> None:
    await storage.write(lambda tx: tx.leases.take("plan", owner="alive", now=BACK, until=BACK + timedelta(seconds=7)))

    with pytest.raises(StorageError, match="a service works on this database"):
        await require_silence(storage, now=BACK)

    await require_silence(storage, now=BACK + timedelta(seconds=8))


async def test_the_return_stands_in_the_record(storage: Storage) -> None:
    await returned(storage)

    (entry,) = await storage.read(lambda tx: tx.audit.chain(after=0, limit=9))

    assert (entry.what, entry.by, entry.after["policy"]) == ("db.restored", "lan", "hold")


async def test_a_broadcast_stops_until_a_person_resumes_it(storage: Storage) -> None:
    office = office_over(storage, canary=10)
    broadcast = await office.approved(await office.listed(25))
    await office.look(2)
    assert (await office.seen(broadcast)).handed_out == 10

    marked = await returned(storage, at=office.clock.now + timedelta(hours=1))
    await office.look(3)

    paused = await office.seen(broadcast)
    assert marked.broadcasts == (broadcast.id,)
    assert (paused.state, paused.handed_out) == (BroadcastState.PAUSED, 10)
    assert (await office.broadcasts.acts(broadcast.id))[-1].what == "paused"
    assert set(await office.states(broadcast)) == {DeliveryState.UNCERTAIN}
    while (await office.seen(broadcast)).state is not BroadcastState.RUNNING:
        await office.broadcasts.resume(broadcast.id, by="lan")
    await office.look(4)
    assert (await office.seen(broadcast)).handed_out == 25
    assert (await office.states(broadcast))[DeliveryState.UNCERTAIN] == 10, (
        "a resumed broadcast sends none of these again"
    )
