"""A night: what is held, what leaves all the same, what the morning makes of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.admission import Admission
from bot.config import OutboxSettings
from bot.digest import Digests
from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.clock import VIETNAM
from bot.model.dossier import Status
from bot.model.message import Accepted, DeliveryState, Lane, OutboxItem, Outcome, Situation
from bot.model.person import Address
from bot.outbox import Outbox
from bot.ports import Channel, Limits, Storage
from bot.quiet import URGENT, QuietHours
from bot.quiet_watch import QuietWatch
from bot.receipts import record_in
from bot.situation_settings import QuietSettings
from bot.texts import Library
from tests.support.making import Time, batch, dossier, message, numbered_ids, planner

NIGHT = datetime(2026, 11, 22, 23, 0, tzinfo=VIETNAM)
MORNING = datetime(2026, 11, 23, 6, 0, tzinfo=VIETNAM)
TIMING = OutboxSettings(lease=2.0, send=1.0, poll=0.02, sweep=0.05)
CHAT = Address("telegram", "777")


@dataclass
class Phone:
    """Takes everything, and remembers it."""

    texts: dict[str, str] = field(default_factory=dict)

    async def send(self, item: OutboxItem) -> Outcome:
        self.texts[item.id] = item.text
        return Accepted(final=True)


@asynccontextmanager
async def sending(storage: Storage, clock: Time, name: str = "sms") -> AsyncIterator[Phone]:
    phone, admission = Phone(), Admission(name, quiet=QuietHours(QuietSettings()))
    channel = Channel(name, phone, Limits(longest=0, rate=0, window=8))
    outbox = Outbox(
        channel, storage, owner="here", clock=clock, record_receipts=record_in, timing=TIMING, admission=admission
    )
    task = asyncio.ensure_future(outbox.run())
    try:
        yield phone
    finally:
        outbox.stop()
        await task


async def become(storage: Storage, item: OutboxItem, state: DeliveryState) -> OutboxItem:
    async with asyncio.timeout(20):
        while True:
            found = await storage.read(lambda tx: tx.outbox.get(item.id))
            if found and found.state is state:
                return found
            await asyncio.sleep(0.01)


def watch(storage: Storage, clock: Time, **changes: Any) -> QuietWatch:
    given = {"at_least": 2} | changes
    return QuietWatch(storage, Digests(Library(), numbered_ids(), **given), clock=clock)


def at_night(**changes: Any) -> OutboxItem:
    return message(created_at=NIGHT, next_at=NIGHT, expires_at=NIGHT + timedelta(days=3), **changes)


async def test_a_notice_waits_for_the_morning_and_then_leaves(storage: Storage) -> None:
    clock, notice = Time(NIGHT), at_night(id="n1")
    await storage.write(lambda tx: tx.outbox.enqueue([notice]))

    async with sending(storage, clock) as phone:
        held = await become(storage, notice, DeliveryState.HELD)
        assert (held.next_at, held.attempts, held.reason) == (MORNING, 0, "quiet hours until 06:00")
        assert await watch(storage, clock).look() == 0

        clock.now = MORNING
        assert await watch(storage, clock).look() == 1
        await become(storage, notice, DeliveryState.DELIVERED)

    assert list(phone.texts) == ["n1"]
    assert (await balance(storage)).balanced


async def test_an_apology_leaves_and_is_named_in_the_book(storage: Storage) -> None:
    clock, apology = Time(NIGHT), at_night(id="a1", situation=Situation.APOLOGY)
    await storage.write(lambda tx: tx.outbox.enqueue([apology]))

    async with sending(storage, clock):
        await become(storage, apology, DeliveryState.DELIVERED)

    (bypass,) = await storage.read(lambda tx: tx.outbox.bypasses(since=NIGHT))
    assert (bypass.rule, bypass.by, bypass.messages) == (URGENT, "", 1)


async def test_a_reply_leaves_at_any_hour_and_is_no_exception(storage: Storage) -> None:
    clock, reply = Time(NIGHT), at_night(id="r1", situation=Situation.REPLY, lane=Lane.REPLY)
    await storage.write(lambda tx: tx.outbox.enqueue([reply]))

    async with sending(storage, clock):
        await become(storage, reply, DeliveryState.DELIVERED)

    assert await storage.read(lambda tx: tx.outbox.bypasses(since=NIGHT)) == []


async def test_what_a_person_lets_go_leaves_at_night(storage: Storage) -> None:
    clock, notice = Time(NIGHT), at_night(id="n1")
    await storage.write(lambda tx: tx.outbox.enqueue([notice]))

    async with sending(storage, clock):
        await become(storage, notice, DeliveryState.HELD)
        await storage.write(lambda tx: tx.outbox.hurry(["n1"], why="vỡ đê", by="Lan", at=clock()))
        await become(storage, notice, DeliveryState.DELIVERED)

    (bypass,) = await storage.read(lambda tx: tx.outbox.bypasses(since=NIGHT))
    assert (bypass.rule, bypass.by) == ("vỡ đê", "Lan")


async def test_what_has_become_untrue_overnight_is_not_sent(storage: Storage) -> None:
    clock = Time(NIGHT)
    mirror = Mirror("office", storage, planner(), clock)
    await mirror.apply(batch(cursor="0"))
    clock.pass_(minutes=1)
    received = dossier(received_at=clock(), appointment_at=NIGHT + timedelta(days=5))
    await mirror.apply(batch(received))
    (news,) = await storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=5))

    async with sending(storage, clock) as phone:
        await become(storage, news, DeliveryState.HELD)
        clock.pass_(minutes=1)
        # By the status alone: nothing new is planned, and the older news is not true any more.
        done = dossier(received_at=received.received_at, appointment_at=received.appointment_at, status=Status.UNKNOWN)
        await mirror.apply(batch(done, cursor="d"))
        clock.now = MORNING
        await watch(storage, clock).look()
        dropped = await become(storage, news, DeliveryState.SUPPRESSED)

    assert dropped.reason == "the dossier is now unknown"
    assert phone.texts == {}
    assert (await balance(storage)).balanced


async def test_news_of_the_night_takes_the_place_of_older_news(storage: Storage) -> None:
    clock = Time(NIGHT)
    mirror = Mirror("office", storage, planner(), clock)
    await mirror.apply(batch(cursor="0"))
    clock.pass_(minutes=1)
    received = dossier(received_at=clock(), appointment_at=NIGHT + timedelta(days=5))
    await mirror.apply(batch(received))
    (older,) = await storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=5))

    async with sending(storage, clock) as phone:
        await become(storage, older, DeliveryState.HELD)
        done = dossier(received_at=received.received_at, appointment_at=received.appointment_at, status=Status.DONE)
        await mirror.apply(batch(done, cursor="d"))
        await become(storage, older, DeliveryState.SUPERSEDED)
        (newer,) = await storage.read(lambda tx: tx.outbox.of_origins({"change:office:H32.15-261122-0001:2"}))
        await become(storage, newer, DeliveryState.HELD)
        clock.now = MORNING
        await watch(storage, clock).look()
        await become(storage, newer, DeliveryState.DELIVERED)

    assert list(phone.texts) == [newer.id]


async def test_several_for_one_person_become_one_and_the_books_balance(storage: Storage) -> None:
    clock = Time(NIGHT)
    mine = [at_night(id=f"m{number}", address=CHAT, channel="telegram", text=f"Tin số {number}.") for number in (1, 2)]
    other = at_night(id="o1", address=Address("telegram", "8"), channel="telegram")
    await storage.write(lambda tx: tx.outbox.enqueue([*mine, other]))

    async with sending(storage, clock, "telegram") as phone:
        for item in (*mine, other):
            await become(storage, item, DeliveryState.HELD)
        clock.now = MORNING
        await watch(storage, clock).look()
        for item in mine:
            folded = await become(storage, item, DeliveryState.SUPERSEDED)
        await become(storage, other, DeliveryState.DELIVERED)
        digest_id = folded.reason.removeprefix("told in a digest: ")
        digest = await storage.read(lambda tx: tx.outbox.get(digest_id))
        assert digest is not None
        await become(storage, digest, DeliveryState.DELIVERED)

    assert len(phone.texts) == 2
    assert "Tin số 1." in phone.texts[digest_id]
    assert "Tin số 2." in phone.texts[digest_id]
    assert (await balance(storage)).balanced


async def test_a_morning_with_many_is_worked_off_person_by_person(storage: Storage) -> None:
    clock = Time(NIGHT)
    crowd = [
        at_night(id=f"{number:04}", channel="telegram", address=Address("telegram", str(number % 400)))
        for number in range(1200)
    ]
    await storage.write(lambda tx: tx.outbox.enqueue(crowd))
    async with sending(storage, clock, "telegram"):
        for item in crowd[-1:]:
            await become(storage, item, DeliveryState.HELD)
        async with asyncio.timeout(20):
            while sum(each.messages for each in await storage.read(lambda tx: tx.outbox.quiet_held())) < 1200:
                await asyncio.sleep(0.02)
    clock.now = MORNING

    number = await watch(storage, clock).look()

    assert number == 1200
    waiting = await storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=2000))
    assert [each.situation for each in waiting] == [Situation.DIGEST] * 400
    assert len({each.address.key for each in waiting}) == 400
    assert (await balance(storage)).balanced


async def test_after_a_restart_in_the_night_nothing_is_lost(storage: Storage) -> None:
    clock, notice = Time(NIGHT), at_night(id="n1")
    await storage.write(lambda tx: tx.outbox.enqueue([notice]))
    async with sending(storage, clock):
        await become(storage, notice, DeliveryState.HELD)
    clock.now = MORNING + timedelta(hours=2)

    async with sending(storage, clock) as phone:
        await watch(storage, clock).look()
        await become(storage, notice, DeliveryState.DELIVERED)

    assert list(phone.texts) == ["n1"]
