"""The watch over the reports' figures: backlog, what came later, a stop in the middle, one of several processes."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.beats import unheard
from bot.leading import Post, Posts
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.model.dossier import Status
from bot.model.message import DeliveryState
from bot.model.report import Span, day_of
from bot.ports import Batch, Settlement, Storage
from bot.report_settings import ReportSettings
from bot.reports import Reports
from tests.contract.test_storage_reports import all_days, watch_over
from tests.support.books import CALENDARS, DAYS, FIRST, Books, counted_by_hand, rules_for, written
from tests.support.making import planner

NOVEMBER = Span.of_month(2026, 11)


@pytest.fixture
async def books(sqlite_storage: Storage) -> Books:
    return await written(sqlite_storage, days=8)


def reports(storage: Storage, books: Books) -> Reports:
    return Reports(storage, [each.tier for each in ReportSettings().tiers], 10.0, books.clock)


async def test_a_stop_in_the_middle_loses_nothing_and_counts_nothing_twice(
    sqlite_storage: Storage, books: Books
) -> None:
    watch, days = watch_over(sqlite_storage, books), await all_days(sqlite_storage, books)
    for day in days[-3:]:
        await watch.count(day)
    running = asyncio.create_task(watch.run(unheard))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    await watch_over(sqlite_storage, books).look()

    report = await reports(sqlite_storage, books).of(NOVEMBER)
    by_hand, today = await counted_by_hand(sqlite_storage, books), day_of(books.clock())
    assert report.total.received == sum(
        n for cell, n in by_hand.items() if cell[3] == "received" and NOVEMBER.first <= cell[0] <= today
    )
    assert report.uncounted == 0


async def test_only_one_process_counts_at_a_time_and_when_it_stops_another_goes_on(
    sqlite_storage: Storage, books: Books
) -> None:
    looked: asyncio.Queue[str] = asyncio.Queue()

    def process(owner: str) -> asyncio.Task[None]:
        async def count(post: Post) -> None:
            await watch_over(post.storage, books).run(lambda: looked.put_nowait(owner))

        return asyncio.create_task(Posts(sqlite_storage, clock=utc_now, owner=owner, renew=0.05).hold("plan", count))

    first = process("one")
    began = await looked.get()
    second = process("two")
    await asyncio.sleep(10 * 0.05)
    waited = looked.empty()
    books.clock.pass_(minutes=30)
    await stopped(first)
    went_on = await looked.get()
    days = await sqlite_storage.read(lambda tx: tx.reports.days(FIRST, day_of(books.clock())))
    await stopped(second)

    assert (began, went_on) == ("one", "two")
    assert waited, "two counted at once"
    assert days[day_of(books.clock())].computed_at == books.clock()


async def stopped(process: asyncio.Task[None]) -> None:
    process.cancel()
    await asyncio.wait([process])


async def test_a_receipt_that_comes_later_is_counted_with_its_day(sqlite_storage: Storage, books: Books) -> None:
    watch = watch_over(sqlite_storage, books)
    await watch.look()
    before = await reports(sqlite_storage, books).of(NOVEMBER)
    waiting = await sqlite_storage.read(lambda tx: tx.outbox.listed(DeliveryState.SENDING, limit=100))
    assert waiting
    settled = [
        Settlement(item_id=each.id, owner="t", state=DeliveryState.DELIVERED, at=books.clock()) for each in waiting
    ]
    await sqlite_storage.write(lambda tx: tx.outbox.settle(settled))

    books.clock.pass_(hours=9)
    await watch.look()

    after = await reports(sqlite_storage, books).of(NOVEMBER)
    assert after.delivered == before.delivered + len(waiting)


async def test_an_old_day_is_left_alone_until_one_of_its_dossiers_changes(
    sqlite_storage: Storage, books: Books
) -> None:
    watch = watch_over(sqlite_storage, books, settle_days=1)
    await watch.look()
    books.clock.pass_(days=60)
    await watch.look()
    books.clock.pass_(days=1)
    settled = await watch.due()

    assert not [day for day in settled if day <= FIRST + timedelta(days=DAYS)]

    source, code = min(books.keys)
    known = (await sqlite_storage.read(lambda tx: tx.dossiers.get_many(source, [code])))[code]
    assert known.received_at is not None
    mirror = Mirror(source, sqlite_storage, planner(), books.clock, rules_for(source), calendars=CALENDARS)
    moved = replace(known, agency="H32.99", status=Status.WITHDRAWN, updated_at=books.clock())
    await mirror.apply(Batch((moved,), "later"))
    books.clock.pass_(minutes=1)
    await watch.look()

    day = await sqlite_storage.read(lambda tx: tx.reports.kept(day_of(known.received_at)))  # type: ignore[arg-type]
    assert any(agency == "H32.99" for agency, _ in day.dossiers)


async def test_figures_tell_up_to_when_they_were_counted(sqlite_storage: Storage, books: Books) -> None:
    empty = await reports(sqlite_storage, books).of(NOVEMBER)
    watch = watch_over(sqlite_storage, books)
    await watch.look()

    report = await reports(sqlite_storage, books).of(NOVEMBER)

    assert empty.as_of is None
    assert empty.uncounted > 0
    assert report.as_of == books.clock()


async def test_tiers_agencies_and_procedures_add_up_to_the_whole(sqlite_storage: Storage, books: Books) -> None:
    await watch_over(sqlite_storage, books).look()

    report = await reports(sqlite_storage, books).of(Span.of_quarter(2026, 4))
    district = await reports(sqlite_storage, books).of(Span.of_quarter(2026, 4), ("H32.21",))

    for lines in (report.tiers, report.by_agency, report.by_procedure):
        assert sum(line.counts.received for line in lines) == report.total.received > 0
        assert sum(line.counts.late for line in lines) == report.total.late
        assert sum(line.counts.overdue for line in lines) == report.total.overdue
    assert sum(counts.judged for _, counts in report.months) == report.total.judged
    assert [line.name for line in report.tiers] == ["Sở, ban, ngành", "Cấp huyện", "Cấp xã"]
    assert 0 < district.total.received < report.total.received
    assert district.look_ups is None
