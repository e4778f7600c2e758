"""Months: what need not be kept goes without a trace in the books, and what may still change stays; on every engine."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from bot.keeping import KeepingWatch, make_months, month_begin, trim
from bot.model.clock import VIETNAM
from bot.model.dossier import Change, ChangeKind, Status
from bot.model.ids import first_id_at
from bot.model.message import DeliveryState, OutboxItem
from bot.ports import Storage
from storage import open_storage
from storage.migrate import migrations
from tests.contract.storage_values import (
    MAI,
    NOW,
    a_dossier,
    a_receipt,
    a_settlement,
    an_item,
    claim,
    enqueue,
    later,
    number,
    settle,
)

LONG_AGO = datetime(2025, 11, 20, 9, 0, tzinfo=VIETNAM)
BEFORE_THAT = datetime(2025, 10, 20, 9, 0, tzinfo=VIETNAM)


def of(moment: datetime, place: int, **given: Any) -> OutboxItem:
    """A message planned then."""
    return an_item(
        place,
        id=f"{first_id_at(moment)[:10]}{place:016d}",
        created_at=moment,
        next_at=moment,
        expires_at=moment + timedelta(days=2),
        address=number(place),
        **given,
    )


async def sent_long_ago(storage: Storage, *items: OutboxItem) -> None:
    await enqueue(storage, *items)
    for item in items:
        await claim(storage, now=item.next_at, limit=1)
        done = a_settlement(item.id, DeliveryState.DELIVERED, f"ref-{item.id}", at=item.next_at)
        await settle(storage, done)


async def note_change(storage: Storage, place: int, at: datetime) -> None:
    change = Change(
        source="onestop", code=a_dossier(place).code, number=1, kind=ChangeKind.STATUS, at=at,
        status_before=None, status_after=Status.RECEIVED, appointment_before=None, appointment_after=None,
        fate="planned",
    )  # fmt: skip
    await storage.write(lambda tx: tx.dossiers.add_changes([change]))


async def books(storage: Storage) -> list[object]:
    """What does not balance, by both proofs."""
    whole = await storage.read(lambda tx: tx.outbox.imbalances(limit=10))
    page, _ = await storage.read(lambda tx: tx.watch.askew_page("", plans=1000, limit=10))
    unplanned, _ = await storage.read(
        lambda tx: tx.watch.unplanned_page(BEFORE_THAT - timedelta(days=90), changes=1000, limit=10)
    )
    return [*whole, *page, *unplanned]


async def test_what_is_too_old_goes_and_the_ledger_balances(storage: Storage) -> None:
    old, older, new = of(LONG_AGO, 1), of(BEFORE_THAT, 2), of(NOW, 3)
    await sent_long_ago(storage, older, old, new)
    for place, at in ((1, LONG_AGO), (2, BEFORE_THAT), (3, NOW)):
        await note_change(storage, place, at)

    gone = await trim(storage, keep_months=2, now=NOW)

    kept = [await storage.read(lambda tx, item=item: tx.outbox.get(item.id)) for item in (older, old, new)]  # type: ignore[misc]
    assert (gone.messages, gone.changes, gone.alive) == (2, 2, ())
    assert [item is not None for item in kept] == [False, False, True]
    assert await storage.read(lambda tx: tx.outbox.planned()) == 1
    assert await books(storage) == []


async def test_the_ledger_balances_after_each_step(storage: Storage) -> None:
    await sent_long_ago(storage, *(of(LONG_AGO, place, origin=f"broadcast:x:{place % 2}") for place in range(6)))

    for left in (4, 2, 0):
        gone = await storage.write(lambda tx: tx.keeping.trim(None, month_begin(NOW), limit=2))

        assert gone == 2
        assert await storage.read(lambda tx: tx.outbox.planned()) == left
        assert await books(storage) == []


@pytest.mark.parametrize("state", [DeliveryState.QUEUED, DeliveryState.HELD, DeliveryState.UNCERTAIN])
async def test_a_month_in_which_something_may_still_change_stays_whole(storage: Storage, state: DeliveryState) -> None:
    done, is_open = of(LONG_AGO, 1), of(LONG_AGO, 2, state=state)
    older = of(BEFORE_THAT, 3)
    await sent_long_ago(storage, older, done)
    await enqueue(storage, is_open)

    gone = await trim(storage, keep_months=2, now=NOW)

    assert (gone.messages, gone.alive) == (1, (("2025-11", 1),))
    assert await storage.read(lambda tx: tx.outbox.get(done.id)) is not None
    assert await books(storage) == []


async def test_an_accepted_message_is_waited_for_as_long_as_its_receipt_may_come(storage: Storage) -> None:
    item = of(LONG_AGO, 1)
    await enqueue(storage, item)
    await claim(storage, now=item.next_at)
    await settle(storage, a_settlement(item.id, DeliveryState.ACCEPTED, "ref", at=NOW - timedelta(days=3)))

    young = await trim(storage, keep_months=2, now=NOW)
    old = await trim(storage, keep_months=2, now=later(days=14))

    assert (young.messages, young.alive) == (0, (("2025-11", 1),))
    assert (old.messages, old.alive) == (1, ())


async def test_a_count_takes_nothing(storage: Storage) -> None:
    await sent_long_ago(storage, of(LONG_AGO, 1))
    await note_change(storage, 1, LONG_AGO)

    counted = await trim(storage, keep_months=2, now=NOW, dry_run=True)
    gone = await trim(storage, keep_months=2, now=NOW)

    assert (counted.messages, counted.changes) == (gone.messages, gone.changes) == (1, 1)


async def test_a_key_is_free_again_with_its_message_and_no_sooner(storage: Storage) -> None:
    await sent_long_ago(storage, of(LONG_AGO, 1), of(NOW, 2))
    again = [of(later(minutes=1), 11, dedupe_key="key-1"), of(later(minutes=1), 12, dedupe_key="key-2")]

    before = await enqueue(storage, *again)
    await trim(storage, keep_months=2, now=NOW)
    after = await enqueue(storage, *again)

    assert (before, after) == (0, 1)
    assert await books(storage) == []


async def test_a_change_that_is_kept_keeps_its_plan(storage: Storage) -> None:
    item = of(month_begin(NOW, -2) - timedelta(milliseconds=1), 1)
    await sent_long_ago(storage, item)
    await note_change(storage, 1, month_begin(NOW, -2))

    gone = await trim(storage, keep_months=2, now=NOW)

    assert (gone.messages, gone.changes) == (1, 0)
    assert await books(storage) == []


async def test_a_late_receipt_of_a_forgotten_message_finds_nothing(storage: Storage) -> None:
    item = of(LONG_AGO, 1)
    await sent_long_ago(storage, item)
    await trim(storage, keep_months=2, now=NOW)

    matched = await storage.write(lambda tx: tx.outbox.match([a_receipt(f"ref-{item.id}")]))

    assert matched == []


async def test_reports_of_days_that_are_gone_are_not_counted_again(storage: Storage) -> None:
    await sent_long_ago(storage, of(LONG_AGO, 1))
    await trim(storage, keep_months=2, now=NOW)
    gone, kept = date(2025, 11, 20), date(2026, 1, 1)

    await storage.write(lambda tx: tx.reports.want([gone, kept], at=NOW))
    days = await storage.read(lambda tx: tx.reports.days(gone, kept))

    assert list(days) == [kept]


async def test_by_night_old_months_go_and_by_day_they_do_not(storage: Storage) -> None:
    await sent_long_ago(storage, of(LONG_AGO, 1))
    night = datetime(2026, 3, 3, 2, 0, tzinfo=VIETNAM)
    now = [NOW]
    watch = KeepingWatch(storage, clock=lambda: now[0], keep_months=2)

    await watch.look()
    by_day = await storage.read(lambda tx: tx.outbox.planned())
    now[0] = night
    await watch.look()
    by_night = await storage.read(lambda tx: tx.outbox.planned())

    assert (by_day, by_night) == (1, 0)


@pytest.mark.parametrize("storage_url", ["postgres"], indirect=True)
async def test_the_months_ahead_are_made_once_and_take_what_was_waiting_outside(storage_url: str) -> None:
    async with open_storage(storage_url) as storage:
        await storage.migrate()
        early = of(datetime(2031, 4, 5, tzinfo=VIETNAM), 1)
        await enqueue(storage, early)

        first = await make_months(storage, now=datetime(2031, 3, 31, 20, 0, tzinfo=VIETNAM))
        second = await make_months(storage, now=datetime(2031, 3, 31, 20, 0, tzinfo=VIETNAM))
        again = await enqueue(storage, of(datetime(2031, 4, 6, tzinfo=VIETNAM), 2, dedupe_key=early.dedupe_key))
        months = await storage.read(lambda tx: tx.keeping.months())

    assert first == [f"{table} 2031-0{month}" for month in (3, 4, 5) for table in ("outbox", "parts", "changes")]
    assert (second, again) == ([], 0)
    assert await _count(storage_url, "outbox_2031_04") == 1
    april = next(month for month in months if month.name == "outbox_2031_04")
    assert (april.first, april.until) == (month_begin(early.created_at), month_begin(early.created_at, 1))


@pytest.mark.parametrize("storage_url", ["postgres"], indirect=True)
async def test_a_month_that_need_not_be_kept_is_dropped(storage_url: str) -> None:
    async with open_storage(storage_url) as storage:
        await storage.migrate()
        await make_months(storage, now=LONG_AGO)
        await sent_long_ago(storage, of(LONG_AGO, 1), of(LONG_AGO + timedelta(days=31), 2))
        await note_change(storage, 1, LONG_AGO)

        gone = await trim(storage, keep_months=2, now=NOW)
        names = {month.name for month in await storage.read(lambda tx: tx.keeping.months())}

    assert set(gone.dropped) == {"outbox_2025_11", "outbox_2025_12", "parts_2025_11", "parts_2025_12"}
    assert not names & {*gone.dropped, "changes_2025_11", "changes_2025_12"}
    assert {"outbox_2026_01", "outbox_default"} <= names
    assert await _count(storage_url, "outbox_keys") == 0


@pytest.mark.parametrize("storage_url", ["postgres"], indirect=True)
async def test_a_filled_database_is_taken_into_months_without_losing_a_row(
    storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_of_them = migrations()
    partitions = next(place for place, each in enumerate(all_of_them) if each.name.endswith("_partitions"))
    monkeypatch.setattr("storage.migrate.migrations", lambda: all_of_them[:partitions])
    async with open_storage(storage_url) as storage:
        await storage.migrate()
    server = await asyncpg.connect(storage_url)
    far = first_id_at(datetime(2099, 1, 1, tzinfo=VIETNAM))
    for item_id, key in (("00TEST", "a"), (first_id_at(LONG_AGO), "b"), (far, "c")):
        await server.execute(_OLD_MESSAGE, item_id, key)
    await server.execute("INSERT INTO plans VALUES ('o', 3)")
    before = await server.fetchval("SELECT pg_relation_filenode('outbox')")
    monkeypatch.undo()

    async with open_storage(storage_url) as storage:
        await storage.migrate()
        found = await storage.read(lambda tx: tx.outbox.of_origins(["o"]))
        again = await enqueue(storage, of(NOW, 1, dedupe_key="b"))
        months = await storage.read(lambda tx: tx.keeping.months())
        unbalanced = await storage.read(lambda tx: tx.outbox.imbalances(limit=10))

    assert [item.dedupe_key for item in found] == ["a", "b", "c"]
    assert (again, unbalanced) == (0, [])
    assert await server.fetchval("SELECT pg_relation_filenode('outbox_past')") == before
    assert await _count(storage_url, "outbox_default") == 1
    assert next(month.first for month in months if month.name == "outbox_past") is None
    await server.close()


@pytest.mark.parametrize("storage_url", ["postgres"], indirect=True)
async def test_who_knows_nothing_of_the_keys_plans_nothing_twice(storage_url: str) -> None:
    async with open_storage(storage_url) as storage:
        await storage.migrate()
        await enqueue(storage, of(NOW, 1, dedupe_key="a"))
        old_program = await asyncpg.connect(storage_url)

        told = [await old_program.execute(_OLD_MESSAGE, item_id, key) for item_id, key in (("1", "a"), ("2", "b"))]
        await old_program.close()
        after = await enqueue(storage, of(NOW, 2, dedupe_key="b"))

    assert (told, after) == (["INSERT 0 0", "INSERT 0 1"], 0)


async def test_two_who_claim_at_once_do_not_both_take_a_message_to_one_address(postgres_storage_url: str) -> None:
    taken, go_on = asyncio.Event(), asyncio.Event()
    async with open_storage(postgres_storage_url) as one, open_storage(postgres_storage_url) as other:
        await enqueue(one, an_item(1, address=MAI), an_item(2, address=MAI))

        async def take_and_wait(tx: Any) -> list[Any]:
            found: list[Any] = await tx.outbox.claim("sms", owner="one", now=NOW, lease_until=later(minutes=1), limit=1)
            taken.set()
            await go_on.wait()
            return found

        first = asyncio.create_task(one.write(take_and_wait))
        await taken.wait()
        second = asyncio.create_task(claim(other, owner="other"))
        await asyncio.wait([second], timeout=0.3)
        go_on.set()
        claimed = [await first, await second]

    assert [len(each) for each in claimed] == [1, 0]


_OLD_MESSAGE = """
INSERT INTO outbox (
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at, next_at,
    expires_at, reason, state, attempts
) VALUES ($1, $2, 'o', 'sms', 'sms:+84912345678', 1, 'progress', 'x', 's', 'c', 1, 10, 20, 90, '', 'delivered', 1)
ON CONFLICT DO NOTHING
"""


async def _count(url: str, table: str) -> int:
    server = await asyncpg.connect(url)
    try:
        found: int = await server.fetchval(f"SELECT COUNT(*) FROM {table}")  # noqa: S608 names of the schema
        return found
    finally:
        await server.close()
