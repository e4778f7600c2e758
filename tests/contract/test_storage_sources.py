"""Sources: where each stands, what could not be understood, words that nobody mapped."""

import asyncio
from dataclasses import replace

from bot.ports import Failure, Quarantined, SourceState, Storage
from tests.contract.storage_values import NOW, later


def a_bad_row(row: int, **given: str) -> Quarantined:
    values = {"place": "week-10.csv", "column": "NgayHenTra", "reason": "không phải là ngày"} | given
    return Quarantined(source="onestop", row=row, **values)


async def test_a_source_nobody_has_read_is_unknown(storage: Storage) -> None:
    assert await storage.read(lambda tx: tx.sources.get("onestop")) is None
    assert await storage.read(lambda tx: tx.sources.states()) == {}


async def test_where_a_source_stands_is_remembered_and_replaced(storage: Storage) -> None:
    first = SourceState(cursor=None, go_live=NOW, synced_at=None)
    second = SourceState(
        cursor="week-10.csv:400",
        go_live=NOW,
        synced_at=later(minutes=5),
        fresh_at=later(minutes=4),
        braked_at=later(minutes=3),
        window_at=later(minutes=2),
        window_planned=7,
        dossiers=12,
        revision=1,
    )

    await storage.write(lambda tx: tx.sources.save("onestop", first))
    remembered = await storage.read(lambda tx: tx.sources.get("onestop"))
    await storage.write(lambda tx: tx.sources.save("onestop", second))
    await storage.write(lambda tx: tx.sources.save("other", first))

    assert remembered == first
    assert await storage.read(lambda tx: tx.sources.states()) == {"onestop": second, "other": first}


async def test_bad_rows_are_kept_newest_first(storage: Storage) -> None:
    old, new = a_bad_row(2), a_bad_row(3, code="H56.14-260302-0003")

    await storage.write(lambda tx: tx.sources.quarantine([old], at=NOW))
    await storage.write(lambda tx: tx.sources.quarantine([new], at=later(hours=1)))

    assert await storage.read(lambda tx: tx.sources.quarantined(limit=10)) == [new, old]
    assert await storage.read(lambda tx: tx.sources.quarantined(limit=1)) == [new]
    assert await storage.read(lambda tx: tx.sources.count_quarantined()) == 2


async def test_the_same_cell_again_replaces_what_was_said_of_it(storage: Storage) -> None:
    await storage.write(lambda tx: tx.sources.quarantine([a_bad_row(2)], at=NOW))

    again = a_bad_row(2, reason="ngày không có trong lịch")
    await storage.write(lambda tx: tx.sources.quarantine([again], at=later(hours=1)))

    assert await storage.read(lambda tx: tx.sources.quarantined(limit=10)) == [again]


async def test_unmapped_words_are_counted_up(storage: Storage) -> None:
    words = {"Chờ ký số": 2, "Luân chuyển": 1}
    await storage.write(lambda tx: tx.sources.note_unknown_statuses("onestop", words, at=NOW))
    await storage.write(lambda tx: tx.sources.note_unknown_statuses("onestop", {"Luân chuyển": 4}, at=NOW))

    counted = await storage.read(lambda tx: tx.sources.unknown_statuses())

    assert counted == [("onestop", "Luân chuyển", 5), ("onestop", "Chờ ký số", 2)]


async def test_two_who_read_the_same_state_cannot_both_write(storage: Storage) -> None:
    first = SourceState(cursor="1", go_live=NOW, synced_at=NOW, revision=1)

    answers = [
        await storage.write(lambda tx, s=state: tx.sources.save("onestop", s))  # type: ignore[misc]
        for state in (first, replace(first, cursor="late"), replace(first, cursor="2", revision=2))
    ]

    assert answers == [True, False, True]
    state = await storage.read(lambda tx: tx.sources.get("onestop"))
    assert state is not None
    assert (state.cursor, state.revision) == ("2", 2)


async def test_of_many_at_once_one_writes(storage: Storage) -> None:
    state = SourceState(cursor="1", go_live=NOW, synced_at=NOW, revision=1)

    answers = await asyncio.gather(*(storage.write(lambda tx: tx.sources.save("onestop", state)) for _ in range(8)))

    assert sorted(answers) == [False] * 7 + [True]


async def test_what_can_be_read_again_leaves_the_quarantine(storage: Storage) -> None:
    rows = [a_bad_row(2, code="A"), a_bad_row(3, code="B"), a_bad_row(4), a_bad_row(2, place="week-11.csv", code="A")]
    await storage.write(lambda tx: tx.sources.quarantine(rows, at=NOW))

    freed = await storage.write(lambda tx: tx.sources.readmit("onestop", ["A", "C"]))
    elsewhere = await storage.write(lambda tx: tx.sources.readmit("other", ["B"]))

    assert (freed, elsewhere) == (2, 0)
    assert {row.row for row in await storage.read(lambda tx: tx.sources.quarantined(limit=9))} == {3, 4}


async def test_places_read_again_are_cleared_of_what_did_not_come_back(storage: Storage) -> None:
    await storage.write(lambda tx: tx.sources.quarantine([a_bad_row(2), a_bad_row(3)], at=NOW))
    await storage.write(
        lambda tx: tx.sources.quarantine([a_bad_row(3), a_bad_row(9, place="b.csv")], at=later(hours=1))
    )

    places = await storage.read(lambda tx: tx.sources.quarantined_places("onestop"))
    freed = await storage.write(
        lambda tx: tx.sources.clear_quarantine("onestop", ["week-10.csv", "b.csv"], before=later(minutes=30))
    )

    assert (places, freed) == (["b.csv", "week-10.csv"], 1)
    assert await storage.read(lambda tx: tx.sources.count_quarantined("onestop")) == 2
    assert await storage.read(lambda tx: tx.sources.count_quarantined("other")) == 0


async def test_a_failure_keeps_its_beginning_until_it_is_over(storage: Storage) -> None:
    await storage.write(lambda tx: tx.sources.fail("onestop", "cửa đóng", at=NOW))
    await storage.write(lambda tx: tx.sources.fail("onestop", "sai mật khẩu", at=later(hours=1)))
    failures = await storage.read(lambda tx: tx.sources.failures())
    await storage.write(lambda tx: tx.sources.recover("onestop"))

    assert failures == {"onestop": Failure(NOW, later(hours=1), 2, "sai mật khẩu")}
    assert await storage.read(lambda tx: tx.sources.failures()) == {}


async def test_a_source_knows_whether_anything_of_it_is_quarantined(storage: Storage) -> None:
    for name in ("onestop", "other"):
        state = SourceState(cursor="", go_live=NOW, synced_at=NOW, revision=1)
        await storage.write(lambda tx, n=name, s=state: tx.sources.save(n, s))  # type: ignore[misc]
    await storage.write(lambda tx: tx.sources.quarantine([a_bad_row(2, code="A")], at=NOW))

    states = await storage.read(lambda tx: tx.sources.states())

    assert {name: state.quarantined for name, state in states.items()} == {"onestop": True, "other": False}


async def test_the_quarantine_of_a_source_is_paged_in_the_order_of_its_rows(storage: Storage) -> None:
    rows = [a_bad_row(number) for number in range(1, 6)]
    await storage.write(lambda tx: tx.sources.quarantine(rows[::-1], at=NOW))
    source = rows[0].source

    first = await storage.read(lambda tx: tx.sources.quarantine_page(source, limit=2))
    last = first[-1]
    after = (last.place, last.row, last.column)
    rest = await storage.read(lambda tx: tx.sources.quarantine_page(source, after=after, limit=9))

    assert [*first, *rest] == rows
    assert await storage.read(lambda tx: tx.sources.quarantine_page("nobody", limit=9)) == []
