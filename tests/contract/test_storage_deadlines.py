"""What is due, who was told of it, and how punctual agencies were: on every engine, and at little cost."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.model.dossier import Change, ChangeKind, Dossier, Status, Step, Wait
from bot.ports import Due, Ended, Mirrored, Place, Pressure, Storage
from storage import sqlite_driver
from storage.migrate import migrations
from tests.contract.storage_values import NOW, a_dossier, later

FAR = later(days=60)
_WALKS = re.compile(r"SCAN (d|dossiers|a|apologies|o|c|changes|outbox)\b(?! (VIRTUAL|USING INDEX apologies_open))")
"""Reading a table from end to end; the index of the drafts holds nothing else, and a list of ours is short."""


async def mirror(storage: Storage, *dossiers: Dossier, at: datetime = NOW - timedelta(days=400)) -> None:
    kept = [Mirrored.of(each, 1)._replace(progressed_at=each.progressed_at) for each in dossiers]
    await storage.write(lambda tx: tx.dossiers.save(kept, at=at))


async def near(storage: Storage, until: datetime = FAR, **given: Any) -> list[Due]:
    values: dict[str, Any] = {"since": NOW, "after": None, "limit": 100}
    return await storage.read(lambda tx: tx.deadlines.near("days", until=until, **values | given))


def codes(dues: Sequence[Due]) -> list[int]:
    return [int(due.code[-4:]) for due in dues]


async def test_deadlines_that_run_are_found_the_earliest_first(storage: Storage) -> None:
    await mirror(
        storage,
        a_dossier(1, appointment_at=later(days=3), status=Status.PROCESSING),
        a_dossier(2, appointment_at=later(days=1), status=Status.RECEIVED),
        a_dossier(3, appointment_at=later(days=2), status=Status.DONE),
        a_dossier(4, appointment_at=later(days=2), status=Status.SUPPLEMENT),
        a_dossier(5, appointment_at=later(days=2), paused_at=NOW),
        a_dossier(6, appointment_at=None),
        a_dossier(7, appointment_at=later(days=-1)),
        a_dossier(8, appointment_at=later(days=5), pauses=(Wait(NOW, later(hours=1)),)),
    )

    assert codes(await near(storage)) == [2, 1, 8]
    assert codes(await near(storage, later(days=2))) == [2]
    assert codes(await near(storage, since=later(days=-2), until=later(days=1))) == [7, 2]


async def test_pages_follow_each_other_though_deadlines_are_the_same(storage: Storage) -> None:
    await mirror(storage, *(a_dossier(number, appointment_at=later(days=1)) for number in range(1, 8)))

    first = await near(storage, limit=3)
    second = await near(storage, limit=3, after=Place.of(first[-1]))
    third = await near(storage, limit=3, after=Place.of(second[-1]))

    assert codes([*first, *second, *third]) == [1, 2, 3, 4, 5, 6, 7]


async def test_what_was_over_when_it_was_first_seen_is_not_near(storage: Storage) -> None:
    await mirror(storage, a_dossier(1, appointment_at=later(days=-2)), at=NOW)

    assert await near(storage, since=later(days=-9)) == []


async def test_who_holds_it_now_is_told(storage: Storage) -> None:
    steps = (Step(holder="Lê Văn Tám", started_at=NOW, ended_at=later(hours=1)), Step(holder="Trần Thị Bình"))
    await mirror(storage, a_dossier(1, appointment_at=later(days=1), steps=steps))

    (due,) = await near(storage)

    assert due.holder == "Trần Thị Bình"


async def test_a_stage_is_noted_once_for_each_deadline(storage: Storage) -> None:
    await mirror(storage, a_dossier(1, appointment_at=later(days=1)), a_dossier(2, appointment_at=later(days=1)))
    dues = await near(storage)

    first = await storage.write(lambda tx: tx.deadlines.note(dues[:1], "days", at=NOW))
    again = await storage.write(lambda tx: tx.deadlines.note(dues, "days", at=later(minutes=1)))
    other = await storage.write(lambda tx: tx.deadlines.note(dues, "hours", at=later(minutes=1)))

    assert (codes(first), codes(again), codes(other)) == ([1], [2], [1, 2])
    assert await near(storage) == []


async def test_another_deadline_of_the_same_dossier_is_another_stage(storage: Storage) -> None:
    await mirror(storage, a_dossier(1, appointment_at=later(days=1)))
    dues = await near(storage)
    await storage.write(lambda tx: tx.deadlines.note(dues, "days", at=NOW))

    await mirror(storage, a_dossier(1, appointment_at=later(days=4)))

    assert codes(await near(storage)) == [1]


async def test_the_watch_began_when_it_first_looked(storage: Storage) -> None:
    first = await storage.write(lambda tx: tx.deadlines.began(at=NOW))
    second = await storage.write(lambda tx: tx.deadlines.began(at=later(days=3)))

    assert (first, second) == (NOW, NOW)


async def test_old_notes_are_forgotten_and_the_beginning_is_not(storage: Storage) -> None:
    await mirror(storage, a_dossier(1, appointment_at=later(days=1)))
    dues = await near(storage)
    await storage.write(lambda tx: tx.deadlines.began(at=NOW))
    await storage.write(lambda tx: tx.deadlines.note(dues, "days", at=NOW))

    forgotten = await storage.write(lambda tx: tx.deadlines.forget_notes(before=later(days=2)))

    assert forgotten == 1
    assert await storage.write(lambda tx: tx.deadlines.began(at=later(days=3))) == NOW


async def test_a_contacts_list_of_a_day_is_noted_once(storage: Storage) -> None:
    times = [
        await storage.write(lambda tx: tx.deadlines.note_list("lãnh đạo", "digest", day=NOW, at=NOW)) for _ in range(2)
    ]

    assert times == [True, False]


async def test_lists_and_counts_keep_to_agencies_and_all_below_them(storage: Storage) -> None:
    for number, agency in enumerate(("H56", "H56.1", "H56.14", "H56.14.2", "H57"), 1):
        await mirror(storage, a_dossier(number, appointment_at=later(hours=number), agency=agency))

    async def among(*agencies: str) -> list[int]:
        read = tuple(agencies)
        listed = await storage.read(lambda tx: tx.deadlines.listed(read, since=NOW, until=FAR, limit=10))
        number = await storage.read(lambda tx: tx.deadlines.count(read, since=NOW, until=FAR))
        assert number == len(listed)
        return codes(listed)

    assert await among() == [1, 2, 3, 4, 5]
    assert await among("H56.14") == [3, 4]
    assert await among("H56.1", "H57") == [2, 5]


async def test_agencies_are_counted_by_what_presses_them(storage: Storage) -> None:
    await mirror(
        storage,
        a_dossier(1, appointment_at=later(hours=5), agency="H56.1", agency_name="Một"),
        a_dossier(2, appointment_at=later(hours=-5), agency="H56.1", agency_name="Một"),
        a_dossier(3, appointment_at=later(days=-40), agency="H56.2", agency_name="Hai"),
        a_dossier(4, appointment_at=later(days=-41), agency="H56.2", agency_name="Hai"),
        a_dossier(5, appointment_at=later(days=9), agency="H56.3", agency_name="Ba"),
    )

    found = await storage.read(lambda tx: tx.deadlines.pressures(now=NOW, soon=later(days=1), long=later(days=-30)))

    assert found == [
        Pressure(agency="H56.2", agency_name="Hai", soon=0, overdue=2, long_overdue=2),
        Pressure(agency="H56.1", agency_name="Một", soon=1, overdue=1, long_overdue=0),
    ]


# What ended


def done(number: int, ended: datetime, due: datetime | None, **given: Any) -> Dossier:
    return a_dossier(number, status=Status.DONE, finished_at=ended, appointment_at=due, **given)


MONTH = (NOW - timedelta(days=1), NOW + timedelta(days=30))


async def test_what_ended_is_early_on_time_or_late_by_the_day_and_the_hour(storage: Storage) -> None:
    due = later(days=3)  # 15:00 in Vietnam
    midnight = due - timedelta(hours=15)
    await mirror(
        storage,
        done(1, due - timedelta(days=1), due),
        done(2, due - timedelta(hours=1), due),
        done(3, due, due),
        done(4, due + timedelta(minutes=1), due),
        done(5, due + timedelta(days=2), due),
        done(6, midnight + timedelta(hours=16), midnight),
        done(7, midnight + timedelta(hours=25), midnight),
        done(8, due, None),
        done(9, due - timedelta(days=1), due, waits=(Wait(NOW, later(hours=1)), Wait(later(hours=2), later(hours=3)))),
        done(10, due - timedelta(days=1), due, waits=(Wait(NOW, later(hours=1)),)),
        replace(done(11, due, due), status=Status.WITHDRAWN),
        done(12, later(days=40), due),
    )

    (found,) = await storage.read(lambda tx: tx.deadlines.ended(*MONTH, subtracting=()))

    assert found == Ended(agency="", agency_name="", early=2, on_time=3, late=4, undated=1)


async def test_what_has_waited_is_left_out_for_sources_that_take_it_off(storage: Storage) -> None:
    due = later(days=3)
    await mirror(
        storage,
        done(1, later(days=5), due),
        done(2, later(days=5), due, waits=(Wait(NOW, later(hours=1)),)),
        done(3, later(days=5), due, pauses=(Wait(NOW, later(hours=1)),)),
        done(4, later(days=5), due, source="other", waits=(Wait(NOW, later(hours=1)),)),
    )

    (found,) = await storage.read(lambda tx: tx.deadlines.ended(*MONTH, subtracting=["onestop"]))
    left = await storage.read(
        lambda tx: tx.deadlines.waiting(*MONTH, subtracting=["onestop"], after=("", ""), limit=10)
    )

    assert found.late == 2
    assert [(code[-4:], source) for code, source in left] == [("0002", "onestop"), ("0003", "onestop")]


async def test_late_dossiers_are_listed_with_those_still_in_work(storage: Storage) -> None:
    await mirror(
        storage,
        done(1, later(days=5), later(days=3), agency="H56.14"),
        done(2, later(days=2), later(days=3), agency="H56.14"),
        a_dossier(3, appointment_at=later(days=1), agency="H56.14"),
        a_dossier(4, appointment_at=later(days=20), agency="H56.14"),
        a_dossier(5, appointment_at=later(days=1), agency="H57"),
    )

    found = await storage.read(lambda tx: tx.deadlines.late(["H56"], *MONTH, now=later(days=10), limit=10))
    overdue = await storage.read(lambda tx: tx.deadlines.overdue(*MONTH, now=later(days=10)))

    assert [(int(each.code[-4:]), each.ended_at) for each in found] == [(3, None), (1, later(days=5))]
    assert [(agency, number) for agency, _, number in overdue] == [("H56.14", 1), ("H57", 1)]


async def test_an_agency_is_not_taken_for_one_whose_code_only_begins_like_it(storage: Storage) -> None:
    await mirror(storage, done(1, later(days=5), later(days=3), agency="H56.141"))

    assert await storage.read(lambda tx: tx.deadlines.late(["H56.14"], *MONTH, now=NOW, limit=10)) == []


# What a source moves


def moved(number: int, before: datetime, after: datetime, **given: Any) -> Change:
    values: dict[str, Any] = {
        "source": "onestop",
        "code": a_dossier(1).code,
        "number": number,
        "kind": ChangeKind.APPOINTMENT,
        "at": NOW,
        "status_before": Status.PROCESSING,
        "status_after": Status.PROCESSING,
        "appointment_before": before,
        "appointment_after": after,
    }
    return Change(**values | given)


async def again(storage: Storage, most: int = 1) -> list[Due]:
    return await storage.read(
        lambda tx: tx.deadlines.postponed_again(since=NOW - timedelta(hours=1), most=most, limit=10)
    )


async def test_a_second_later_date_of_the_source_is_found_until_it_is_noted(storage: Storage) -> None:
    await mirror(storage, a_dossier(1, status=Status.PROCESSING, appointment_at=later(days=9)))
    first, second = moved(2, later(days=3), later(days=6)), moved(3, later(days=6), later(days=9))
    await storage.write(lambda tx: tx.dossiers.add_changes([first]))
    before = await again(storage)
    await storage.write(lambda tx: tx.dossiers.add_changes([second]))

    found = await again(storage)
    allowed = await again(storage, most=2)
    await storage.write(lambda tx: tx.deadlines.note(found, "again", at=NOW))

    assert (before, allowed, await again(storage)) == ([], [], [])
    assert [due.due_at for due in found] == [later(days=9)]


async def test_what_the_citizens_papers_moved_is_no_re_appointment(storage: Storage) -> None:
    await mirror(storage, a_dossier(1, status=Status.PROCESSING, appointment_at=later(days=9)))
    first = moved(2, later(days=3), later(days=6), status_before=Status.SUPPLEMENT)
    await storage.write(lambda tx: tx.dossiers.add_changes([first, moved(3, later(days=6), later(days=9))]))

    assert await again(storage) == []


# What it costs


@pytest.fixture
def tables() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    for migration in migrations():
        for statement in migration.statements("sqlite"):
            connection.execute(statement)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("query", "step"),
    [
        ("deadlines_near", "SEARCH d USING INDEX dossiers_deadline ("),
        ("deadlines_listed", "SEARCH d USING INDEX dossiers_deadline (due_at>? AND due_at<?)"),
        ("deadlines_count", "SEARCH d USING COVERING INDEX dossiers_deadline (due_at>? AND due_at<?)"),
        ("deadlines_pressures", "SEARCH d USING INDEX dossiers_deadline (due_at<?)"),
        ("deadlines_overdue", "SEARCH d USING INDEX dossiers_deadline (due_at>? AND due_at<?)"),
        ("apologies_wanted", "SEARCH d USING INDEX dossiers_deadline ("),
        ("deadlines_postponed_again", "SEARCH c USING INDEX changes_postponed (at>?)"),
        ("deadlines_ended", "SEARCH d USING INDEX dossiers_ended (<expr>>? AND <expr><?)"),
        ("deadlines_late", "SEARCH d USING INDEX dossiers_ended (<expr>>? AND <expr><?)"),
        (
            "deadlines_forget_notes",
            "SEARCH deadline_notes USING INDEX sqlite_autoindex_deadline_notes_1 (due_at>? AND due_at<?)",
        ),
        ("apologies_drafts", "USING INDEX apologies_open"),
        ("apologies_needless", "USING INDEX apologies_open"),
        ("apologies_withdraw", "SEARCH apologies USING INDEX sqlite_autoindex_apologies_1 (id=?)"),
        ("apologies_figures", "SEARCH a USING INDEX apologies_of_month (old_at>? AND old_at<?)"),
    ],
)
def test_what_is_asked_each_minute_is_found_by_an_index_whatever_lies_beside_it(
    tables: sqlite3.Connection, query: str, step: str
) -> None:
    sql = getattr(sqlite_driver.queries(), query).sql
    values = dict.fromkeys(re.findall(r"(?<![:\w]):([a-z]\w*)", sql), "{}")

    steps = [row[3] for row in tables.execute(f"EXPLAIN QUERY PLAN {sql}", values)]

    assert [each for each in steps if step in each], steps
    assert [each for each in steps if _WALKS.search(each)] == []
