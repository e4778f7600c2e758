"""Silent losses on purpose: each raises its alarm in the time that docs/canh-bao.md states, until it is mended.

The clock is the test's own; the flows, the senders and the database are the real ones.
"""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.alarms import AlarmName
from bot.config import ConversationSettings, LookupSettings, OutboxSettings
from bot.following import follow
from bot.guarding import MISS
from bot.guess_watch import GuessWatch
from bot.mirror import Mirror
from bot.model.errors import SourceError
from bot.model.message import (
    Accepted,
    ChannelDown,
    DeliveryState,
    OutboxItem,
    Outcome,
    Receipt,
    Rejected,
)
from bot.model.person import Address
from bot.outbox import Outbox
from bot.ports import Batch, Channel, Limits, Settlement, Source, Storage, Trace
from bot.receipts import record, record_in
from bot.settings import SourceSettings
from tests.support.making import START, batch, dossier, message, planner
from tests.support.watching import Guard

QUARTER = 15
"""Minutes within which every cause must be noticed."""
TIMING = OutboxSettings(poll=0.005)
OFFICE = SourceSettings(go_live=START - timedelta(days=1), pause=0.01)


@pytest.fixture
async def guard(sqlite_storage: Storage) -> Guard:
    made = Guard(sqlite_storage)
    await made.watch.prove()
    await made.look()
    return made


@pytest.fixture
def sql(tmp_path: Path, sqlite_storage: Storage) -> Callable[[str], None]:
    """Somebody with the database file in their hands."""

    def run(statement: str) -> None:
        with closing(sqlite3.connect(tmp_path / "motcua.db")) as database, database:
            assert database.execute(statement).rowcount > 0

    return run


def stated(drill: str) -> int:
    """Minutes that the docs name for this drill."""
    page = Path("docs/canh-bao.md").read_text(encoding="utf-8")
    found = re.search(rf"(?m)^\| `{re.escape(drill)}` \|.*\| (\d+) \|$", page)
    assert found, f"docs/canh-bao.md does not state the drill {drill}"
    return int(found[1])


def in_time(drill: str, minutes: int) -> None:
    assert minutes <= stated(drill) <= QUARTER, f"{drill}: the alarm came after {minutes} minutes"


async def news(guard: Guard, number: int = 1) -> None:
    """A dossier is received, and its owner is to be told."""
    mirror = Mirror("office", guard.storage, planner(), guard.time, OFFICE)
    await mirror.apply(batch(dossier(number, received_at=guard.time.now)))


# The ledger


@pytest.mark.parametrize(
    ("drill", "broken", "mended", "subject"),
    [
        ("change-without-fate", "UPDATE changes SET fate = ''", "UPDATE changes SET fate = 'planned'", "changes"),
        ("plan-deleted", "DELETE FROM plans", "INSERT INTO plans SELECT origin, 1 FROM outbox", "plans"),
        (
            "message-deleted",
            "DELETE FROM outbox",
            "UPDATE plans SET planned = 0",
            "plans",
        ),
        (
            "reply-unanswered",
            "INSERT INTO inbound (channel, message_id, address, at, outcome) VALUES ('sms', '1', 'sms:1', 0, '')",
            "UPDATE inbound SET outcome = 'help'",
            "inbound",
        ),
    ],
)
async def test_what_the_books_miss_is_an_alarm_until_it_is_there_again(
    guard: Guard, sql: Callable[[str], None], drill: str, broken: str, mended: str, subject: str
) -> None:
    await news(guard)
    sql(broken)

    minutes = await guard.minutes_until(AlarmName.LEDGER, subject)
    sql(mended)
    await guard.minutes_pass(6)

    in_time(drill, minutes)
    assert await guard.names() == set()


async def test_a_change_whose_plan_and_message_are_both_gone_is_noticed_by_its_fate(
    guard: Guard, sql: Callable[[str], None]
) -> None:
    await news(guard)
    sql("DELETE FROM outbox")
    sql("DELETE FROM plans")

    minutes = await guard.minutes_until(AlarmName.LEDGER, "plans")
    await guard.minutes_pass(30)
    lasts = await guard.names()
    sql("UPDATE changes SET fate = 'told along'")
    await guard.watch.prove()
    await guard.watch.prove()
    whole = await guard.storage.read(lambda tx: tx.watch.askew())

    in_time("plan-and-message-deleted", minutes)
    assert lasts == {("ledger", "plans")}
    assert [each.must for each in whole] == [True]


# Senders


class Wire:
    """A provider that answers as a test says, or not at all."""

    def __init__(self) -> None:
        self.answer: Outcome = Accepted()
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, item: OutboxItem) -> Outcome:
        await self.open.wait()
        return self.answer


@asynccontextmanager
async def sending(guard: Guard, wire: Wire, *, window: int = 1) -> AsyncIterator[Outbox]:
    limits = Limits(longest=0, rate=0, window=window)
    outbox = Outbox(
        Channel("sms", wire, limits),
        guard.storage,
        owner="here",
        clock=guard.time,
        record_receipts=record_in,
        timing=TIMING,
        beat=guard.beats.of("sender:sms", every=60.0),
    )
    running = asyncio.ensure_future(outbox.run())
    try:
        yield outbox
    finally:
        wire.open.set()
        outbox.stop()
        await running


async def a_moment() -> None:
    """Real time, in which what runs can turn some rounds."""
    await asyncio.sleep(0.08)


def lasting(guard: Guard, **changes: object) -> OutboxItem:
    now = guard.time.now
    return message(**{"created_at": now, "next_at": now, "expires_at": now + timedelta(days=3), **changes})


async def test_a_sender_that_hangs_is_missed(guard: Guard) -> None:
    wire = Wire()
    async with sending(guard, wire):
        calm = await guard.minutes_pass(10, meanwhile=a_moment)
        wire.open.clear()
        items = [lasting(guard, address=Address("sms", f"+8491000000{n}")) for n in range(3)]
        await guard.storage.write(lambda tx: tx.outbox.enqueue(items))
        await a_moment()

        minutes = await guard.minutes_until(AlarmName.JOB, "sender:sms", meanwhile=a_moment)
        unsent = await guard.minutes_until(AlarmName.UNSENT, "sms/push", meanwhile=a_moment)
        wire.open.set()
        await a_moment()
        await guard.minutes_pass(3, meanwhile=a_moment)

        assert calm == set()
        in_time("sender-hangs", minutes)
        in_time("message-waits", minutes + unsent)
        assert await guard.names() == set()


async def test_a_sender_that_ended_is_missed(guard: Guard) -> None:
    async with sending(guard, Wire()):
        await a_moment()

    minutes = await guard.minutes_until(AlarmName.JOB, "sender:sms", meanwhile=a_moment)

    in_time("sender-ended", minutes)


async def test_a_provider_that_takes_nothing_is_an_alarm_though_its_message_is_tried_again_and_again(
    guard: Guard,
) -> None:
    wire = Wire()
    wire.answer = ChannelDown("closed")
    async with sending(guard, wire) as outbox:
        guard.watch._senders = [outbox]
        await guard.storage.write(lambda tx: tx.outbox.enqueue([lasting(guard)]))
        await a_moment()

        minutes = await guard.minutes_until(AlarmName.UNSENT, "sms", meanwhile=a_moment)
        wire.answer = Accepted()
        async with asyncio.timeout(20):
            while outbox.failing_since:
                await a_moment()
        await guard.minutes_pass(2, meanwhile=a_moment)

    in_time("provider-down", minutes)
    assert await guard.names() == set()


# Sources


class Office:
    def __init__(self) -> None:
        self.is_down = False

    async def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        if self.is_down:
            raise SourceError("cannot be reached")
        yield Batch((), "1", as_of=START)


async def test_a_source_that_stops_is_missed_and_welcomed_back(sqlite_storage: Storage) -> None:
    rules = replace_settings(OFFICE, stale_after=7 * 24 * 3600)
    guard = Guard(sqlite_storage, sources={"office": rules})
    office = Office()
    mirror = Mirror("office", sqlite_storage, planner(), guard.time, rules)
    beat = guard.beats.of("source:office", every=60.0)
    source = Source(name="office", source=office)
    running = asyncio.create_task(follow(source, mirror, sqlite_storage, rules, guard.time, beat))
    try:
        calm = await guard.minutes_pass(10, meanwhile=a_moment)
        office.is_down = True
        await a_moment()
        minutes = await guard.minutes_until(AlarmName.SOURCE, "office", meanwhile=a_moment)
        office.is_down = False
        await a_moment()
        await guard.minutes_pass(2, meanwhile=a_moment)
    finally:
        running.cancel()

    assert calm == set()
    in_time("source-stops", minutes)
    assert await guard.names() == set()


async def test_a_source_that_calls_us_is_missed_once_its_data_is_too_old(sqlite_storage: Storage) -> None:
    guard = Guard(sqlite_storage, sources={"office": SourceSettings(stale_after=600)})
    mirror = Mirror("office", sqlite_storage, planner(), guard.time, OFFICE)
    await mirror.apply(Batch((), "1", as_of=guard.time.now))

    minutes = await guard.minutes_until(AlarmName.SOURCE, "office")
    await mirror.apply(Batch((), "2", as_of=guard.time.now))
    await guard.look()

    in_time("caller-silent", minutes)
    assert await guard.names() == set()


def replace_settings(settings: SourceSettings, **changes: object) -> SourceSettings:
    return settings.model_copy(update=changes)


# Receipts


async def test_receipts_that_stop_are_missed_where_they_usually_come(sqlite_storage: Storage) -> None:
    guard = Guard(sqlite_storage, receipts={"sms": True})
    traffic = Traffic(guard)
    calm = await guard.minutes_pass(40, meanwhile=traffic.minute)
    traffic.gives_receipts = False

    minutes = await guard.minutes_until(AlarmName.RECEIPTS, "sms", meanwhile=traffic.minute)
    traffic.gives_receipts = True
    await guard.minutes_pass(7, meanwhile=traffic.minute)

    assert calm == set()
    in_time("receipts-stop", minutes)
    assert await guard.names() == set()


class Traffic:
    """A few messages a minute; nine in ten get their receipt in the next one."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.gives_receipts = True
        self.number = 0
        self.sent: list[str] = []

    async def minute(self) -> None:
        now, storage = self.guard.time.now, self.guard.storage
        if self.gives_receipts and self.sent:
            heard = [
                Receipt(channel="sms", reference=each, state=DeliveryState.DELIVERED, at=now) for each in self.sent[1:]
            ]
            await record(storage, heard)
        items = [lasting(self.guard, address=Address("sms", f"+8491000{n:04}")) for n in range(10)]
        await storage.write(lambda tx: tx.outbox.enqueue(items))
        until = now + timedelta(minutes=1)
        claimed = await storage.write(
            lambda tx: tx.outbox.claim("sms", gateway="sms", owner="here", now=now, lease_until=until, limit=50)
        )
        settlements = [
            Settlement(
                item_id=each.item.id, owner="here", state=DeliveryState.ACCEPTED, at=now, references=(each.item.id,)
            )
            for each in claimed
        ]
        await storage.write(lambda tx: tx.outbox.settle(settlements))
        self.sent = [each.item.id for each in claimed]


# Jobs and processes


async def test_a_job_that_stops_is_missed(guard: Guard) -> None:
    watch = GuessWatch(guard.storage, LookupSettings(), ConversationSettings(), clock=guard.time, every=0.005)
    beat = guard.beats.of("guessing", every=10.0)
    running = asyncio.create_task(watch.run(beat))
    calm = await guard.minutes_pass(5, meanwhile=a_moment)
    running.cancel()

    minutes = await guard.minutes_until(AlarmName.JOB, "guessing")
    beat()
    await guard.look()

    assert calm == set()
    in_time("job-stops", minutes)
    assert await guard.names() == set()


async def test_a_slow_job_that_stops_is_missed_within_a_quarter_of_an_hour(guard: Guard) -> None:
    guard.beats.of("talks", every=300.0)

    minutes = await guard.minutes_until(AlarmName.JOB, "talks")

    in_time("slow-job-stops", minutes)


async def test_codes_that_are_guessed_are_an_alarm_until_it_is_over(guard: Guard) -> None:
    rules = LookupSettings()
    watch = GuessWatch(guard.storage, rules, ConversationSettings(), clock=guard.time, beats=guard.beats)
    attempts = [Trace(MISS, f"telegram:{number % rules.alarm_senders}") for number in range(rules.alarm_failures)]
    calm = await guard.minutes_pass(2, meanwhile=watch.look)
    await guard.storage.write(lambda tx: tx.guards.note(attempts, at=guard.time()))

    minutes = await guard.minutes_until(AlarmName.GUESSING, "codes", meanwhile=watch.look)
    lasting = await guard.minutes_pass(5, meanwhile=watch.look)
    await guard.minutes_pass(10, meanwhile=watch.look)

    in_time("codes-guessed", minutes)
    assert (calm, lasting) == (set(), {("guessing", "codes")})
    assert await guard.names() == set()


async def test_what_a_dead_process_did_is_missed_by_another_one(guard: Guard) -> None:
    other = Guard(guard.storage, time=guard.time, owner="two")
    other.beats.of("telegram", every=60.0)
    other.beats.of("sweeper", every=60.0)
    await other.watch.flush()

    async def alive() -> None:
        guard.beats.beat("sweeper", every=60.0)

    minutes = await guard.minutes_until(AlarmName.JOB, "telegram", meanwhile=alive)
    alarms = await guard.names()
    await guard.storage.write(lambda tx: tx.watch.rest("two"))
    await guard.look()

    in_time("process-dies", minutes)
    assert alarms == {("job", "telegram")}
    assert await guard.names() == set()


# The clock


async def test_a_clock_that_jumps_is_an_alarm_for_half_an_hour(guard: Guard) -> None:
    guard.time.pass_(minutes=20)
    guard.drift += timedelta(minutes=20)

    minutes = await guard.minutes_until(AlarmName.CLOCK, "jump")
    alarms = await guard.names()
    await guard.minutes_pass(32)

    in_time("clock-jumps", minutes)
    assert alarms == {("clock", "jump")}
    assert await guard.names() == set()


async def test_a_clock_that_went_back_while_nothing_ran_is_seen_by_what_was_stored(sqlite_storage: Storage) -> None:
    before = Guard(sqlite_storage)
    before.time.pass_(hours=2)
    await before.watch.prove()
    guard = Guard(sqlite_storage)

    minutes = await guard.minutes_until(AlarmName.CLOCK, "stored")
    guard.time.pass_(hours=2)
    guard.drift += timedelta(hours=2)
    await guard.minutes_pass(32)

    in_time("clock-goes-back", minutes)
    assert await guard.names() == set()


# Failures


async def test_a_channel_on_which_most_messages_fail_is_an_alarm(guard: Guard) -> None:
    wire = Wire()
    wire.answer = Rejected("no such number")
    async with sending(guard, wire, window=8):
        items = [lasting(guard, agency="H32", address=Address("sms", f"+8491000{n:04}")) for n in range(25)]
        await guard.storage.write(lambda tx: tx.outbox.enqueue(items))
        while len(await guard.storage.read(lambda tx: tx.outbox.listed(DeliveryState.FAILED, limit=99))) < len(items):
            await a_moment()

        minutes = await guard.minutes_until(AlarmName.FAILURES, "channel/sms", meanwhile=a_moment)
        alarms = await guard.names()
        await guard.minutes_pass(75, meanwhile=a_moment)

    in_time("most-fail", minutes)
    assert alarms == {("failures", "channel/sms"), ("failures", "agency/H32")}
    assert ("failures", "channel/sms") not in await guard.names()
