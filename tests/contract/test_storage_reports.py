"""Figures of days: each cell as a slow count by hand has it, sums that agree, and writing again changes nothing."""

from collections import Counter
from datetime import date, timedelta

from bot.model.ids import id_maker
from bot.model.message import Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.report import KEPT, MessageSum, Span, day_of, start_of
from bot.ports import Storage
from bot.ports.reports import LatePlace
from bot.report_counting import Counting
from bot.report_settings import ReportSettings
from bot.report_watch import ReportWatch
from tests.support.books import (
    CALENDARS,
    CLOCKS,
    DAYS,
    FIRST,
    Books,
    Cell,
    counted_by_hand,
    messages_by_hand,
    written,
)

SPAN = Span(FIRST - timedelta(days=40), FIRST + timedelta(days=DAYS + 40))


def watch_over(storage: Storage, books: Books, **settings: float) -> ReportWatch:
    counting = Counting(storage, CALENDARS, CLOCKS, feedback_days=5)
    made = ReportSettings.model_validate({"pause": 0.0, **settings})
    return ReportWatch(storage, counting, made, clock=books.clock)


async def cells_kept(storage: Storage, days: list[date]) -> Counter[Cell]:
    cells: Counter[Cell] = Counter()
    for day in days:
        figures = await storage.read(lambda tx, d=day: tx.reports.kept(d))  # type: ignore[misc]
        for (agency, procedure), counts in figures.dossiers.items():
            for name in KEPT:
                cells[day, agency, procedure, name] += getattr(counts, name)
    return +cells


async def all_days(storage: Storage, books: Books) -> list[date]:
    first = await storage.read(lambda tx: tx.reports.first_day())
    assert first is not None
    return [first + timedelta(days=n) for n in range((day_of(books.clock()) - first).days + 1)]


async def test_every_cell_is_as_counted_by_hand(storage: Storage) -> None:
    books = await written(storage)

    await watch_over(storage, books).look()

    days = await all_days(storage, books)
    by_hand = await counted_by_hand(storage, books)
    kept = await cells_kept(storage, days)
    assert kept == Counter({cell: n for cell, n in by_hand.items() if cell[0] in set(days)})
    counted = {cell[3] for cell in kept}
    assert counted >= {"received", "online", "post", "early", "on_time", "late", "supplements", "apologies_reached"}
    assert counted >= {"asked", "very_satisfied", "feedback_in_time", "apologies_in_time"}


async def test_messages_and_what_was_heard_are_as_counted_by_hand(storage: Storage) -> None:
    books = await written(storage, days=8)

    await watch_over(storage, books).look()

    kept: dict[object, MessageSum] = {}
    heard: Counter[tuple[date, str, str]] = Counter()
    for day in await all_days(storage, books):
        figures = await storage.read(lambda tx, d=day: tx.reports.kept(d))  # type: ignore[misc]
        kept |= {(day, *key): sums for key, sums in figures.messages.items()}
        heard += Counter({(day, *key): n for key, n in figures.heard.items()})
    assert kept == await messages_by_hand(storage)
    assert heard == Counter((day_of(at), channel, outcome) for at, channel, outcome in books.heard)
    assert {key[5] for key in kept} >= {"delivered", "accepted", "failed"}  # type: ignore[index]


async def test_what_staff_try_on_themselves_counts_as_a_test_and_not_as_told_to_citizens(storage: Storage) -> None:
    at = start_of(FIRST) + timedelta(hours=9)
    tried, told = (
        OutboxItem(
            id=id_maker(lambda: at)(), dedupe_key=origin, origin=origin, channel="sms", agency="H32.10",
            address=Address("sms", "+84912345678"), lane=Lane.BULK, situation=Situation.BROADCAST, text="Mai nghi.",
            cost=400, created_at=at, next_at=at, expires_at=at + timedelta(days=1),
        )
        for origin in ("test:1", "broadcast:PT-261101-0001:1")
    )  # fmt: skip
    await storage.write(lambda tx: tx.outbox.enqueue([tried, told]))

    found = await storage.read(lambda tx: tx.reports.message_day(start_of(FIRST), start_of(FIRST + timedelta(days=1))))

    assert {key.situation: (key.is_for_citizens, sums) for key, sums in found.items()} == {
        "test": (False, MessageSum(1, 1, 400)),
        "broadcast": (True, MessageSum(1, 1, 400)),
    }


async def test_sums_over_months_agencies_and_procedures_agree(storage: Storage) -> None:
    books = await written(storage, days=12)
    await watch_over(storage, books).look()
    by_hand = await counted_by_hand(storage, books)
    today = day_of(books.clock())

    whole = await storage.read(lambda tx: tx.reports.by_agency(Span.of_month(2026, 11).periods, ()))
    daily = await storage.read(lambda tx: tx.reports.by_agency(Span(date(2026, 11, 1), today).periods, ()))
    procedures = await storage.read(lambda tx: tx.reports.by_procedure(Span.of_month(2026, 11).periods, ()))

    assert whole == daily
    for name in KEPT:
        expected = sum(n for cell, n in by_hand.items() if cell[3] == name and date(2026, 11, 1) <= cell[0] <= today)
        assert sum(getattr(each, name) for each in whole.values()) == expected
        assert sum(getattr(each, name) for each in procedures.values()) == expected


async def test_an_agency_has_all_below_it_and_no_neighbour(storage: Storage) -> None:
    books = await written(storage, days=10)
    await watch_over(storage, books).look()
    periods = Span.of_month(2026, 11).periods

    everything = await storage.read(lambda tx: tx.reports.by_agency(periods, ()))
    some = await storage.read(lambda tx: tx.reports.by_agency(periods, ("H32.2",)))
    district = await storage.read(lambda tx: tx.reports.by_agency(periods, ("H32.21",)))

    assert some == {}
    assert district == {key: each for key, each in everything.items() if f"{key[1]}.".startswith("H32.21.")}
    assert district


async def test_counting_again_writes_nothing_and_a_correction_moves_day_and_month(storage: Storage) -> None:
    books = await written(storage, days=6)
    watch = watch_over(storage, books)
    await watch.look()
    day = FIRST + timedelta(days=2)
    figures = await storage.read(lambda tx: tx.reports.kept(day))
    month = await storage.read(lambda tx: tx.reports.by_agency(["2026-11"], ()))

    again = await storage.write(lambda tx: tx.reports.put(day, figures, at=books.clock()))
    emptied = await storage.write(lambda tx: tx.reports.put(day, type(figures)({}, {}, {}, []), at=books.clock()))
    without = await storage.read(lambda tx: tx.reports.by_agency(["2026-11"], ()))
    await watch.count(day)

    assert again == 0
    assert emptied > 0
    assert sum(each.received for each in without.values()) < sum(each.received for each in month.values())
    assert await storage.read(lambda tx: tx.reports.by_agency(["2026-11"], ())) == month


async def test_late_dossiers_come_in_pages_and_each_once(storage: Storage) -> None:
    books = await written(storage)
    await watch_over(storage, books).look()
    by_hand = await counted_by_hand(storage, books)
    since, until = start_of(FIRST), books.clock()

    found, after = [], None
    while page := await storage.read(
        lambda tx, a=after: tx.reports.late((), since, until, after=a, limit=3)  # type: ignore[misc]
    ):
        found += page
        last = page[-1]
        assert last.ended_at is not None
        after = LatePlace(last.ended_at, last.code, last.source)

    assert len({each.code for each in found}) == len(found)
    assert len(found) == sum(n for cell, n in by_hand.items() if cell[3] == "late" and cell[0] >= FIRST)
    assert any(each.apology for each in found)


async def test_what_is_open_overdue_and_stale_is_counted_and_listed(storage: Storage) -> None:
    books = await written(storage)
    watch = watch_over(storage, books, stale_days=1)
    await watch.look()
    now = books.clock()

    since = start_of(date(2026, 1, 1))
    overdue = await storage.read(lambda tx: tx.reports.overdue_dossiers((), since, now, now=now, after=None, limit=500))
    day = day_of(overdue[-1].due_at)
    assert not await storage.read(
        lambda tx: tx.reports.overdue_dossiers((), start_of(day) + timedelta(days=1), now, now=now, after=None, limit=9)
    )
    of_day = await storage.read(
        lambda tx: tx.reports.overdue_dossiers(
            (), start_of(day), start_of(day + timedelta(days=1)), now=now, after=None, limit=500
        )
    )
    before_it = await storage.read(
        lambda tx: tx.reports.overdue_dossiers((), since, start_of(day), now=now, after=None, limit=500)
    )
    counted_of_day = await storage.read(lambda tx: tx.reports.overdue(day, day, ()))
    counted = await storage.read(lambda tx: tx.reports.overdue(date(2026, 1, 1), day_of(now), ()))
    known = await storage.read(lambda tx: tx.deadlines.pressures(now=now, soon=now, long=now))
    standing = await storage.read(lambda tx: tx.reports.standing(()))
    before = now - timedelta(days=1)
    stale = await storage.read(lambda tx: tx.reports.stale((), before=before, after=None, limit=500))
    place = LatePlace(stale[4].progressed_at, stale[4].code, stale[4].source)
    rest = await storage.read(lambda tx: tx.reports.stale((), before=before, after=place, limit=500))

    assert sum(counted.values()) == len(overdue) == sum(each.overdue for each in known) > 0
    assert 0 < sum(counted_of_day.values()) == len(of_day) == len(overdue) - len(before_it)
    assert sum(each.stale for each in standing) == len(stale) > 5
    assert rest == stale[5:]
    assert sorted(stale, key=lambda each: each.progressed_at) == stale
