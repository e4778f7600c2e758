"""Sources: where each stands, what could not be understood, words that nobody mapped."""

from bot.ports import Quarantined, SourceState, Storage
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
