"""Every version of every file once: restarts, replaced files, files being written, late files."""

import os
from pathlib import Path

import pytest

from adapters.sources.folder.progress import Progress, Version
from adapters.sources.folder.settings import Settings
from adapters.sources.folder.source import FolderSource
from bot.model.errors import SourceError
from bot.ports import Batch
from tests.adapters.folder.support import HEADER, batches, code, csv_text, put, row, source


def _codes(found: list[Batch]) -> list[str]:
    return [dossier.code for batch in found for dossier in batch.dossiers]


async def test_files_are_read_in_the_order_of_their_last_change(tmp_path: Path) -> None:
    put(tmp_path, "c.csv", csv_text([row(1)]), at=1_000)
    put(tmp_path, "a.csv", csv_text([row(3)]), at=2_000)
    put(tmp_path, "b.csv", csv_text([row(2)]), at=1_500)

    found = await batches(source(tmp_path))

    assert _codes(found) == [code(1), code(2), code(3)]


async def test_what_was_read_is_not_read_twice(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    put(tmp_path, "b.csv", csv_text([row(2)]), at=1_000)
    found = await batches(source(tmp_path))

    again = await batches(source(tmp_path), found[-1].cursor)
    put(tmp_path, "c.csv", csv_text([row(3)]), at=1_001)
    later = await batches(source(tmp_path), found[-1].cursor)

    assert [(batch.dossiers, batch.quarantined) for batch in again] == [((), ())]
    assert _codes(later) == [code(3)]


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
async def test_a_restart_goes_on_in_the_middle_of_a_file(tmp_path: Path, name: str) -> None:
    rows = [row(number) for number in range(1, 96)]
    if name == "a.csv":
        put(tmp_path, name, csv_text(rows), at=1_000)
    else:
        _workbook(tmp_path / name, rows)
    put(tmp_path, "b.csv", csv_text([row(200)]), at=2_000_000_000)
    whole = await batches(source(tmp_path, batch_rows=10))

    for stop in range(len(whole)):
        rest = await batches(source(tmp_path, batch_rows=10), whole[stop].cursor)
        assert _codes(whole[: stop + 1]) + _codes(rest) == [*map(code, range(1, 96)), code(200)]


def _workbook(path: Path, rows: list[list[str]]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate((HEADER, *rows)):
            sheet.write_row(number, 0, cells)


@pytest.mark.parametrize("at", [1_000.5, 1_000.0], ids=["later", "same-time-other-size"])
async def test_a_replaced_file_is_read_again_from_its_first_row(tmp_path: Path, at: float) -> None:
    put(tmp_path, "a.csv", csv_text([row(1), row(2)]), at=1_000)
    found = await batches(source(tmp_path, batch_rows=2))

    put(tmp_path, "a.csv", csv_text([row(1, TrangThaiHoSo="9"), row(2), row(3)]), at=at)
    again = await batches(source(tmp_path, batch_rows=2), found[0].cursor)

    assert _codes(again) == [code(1), code(2), code(3)]


async def test_a_file_that_grows_while_it_is_read_is_read_again_as_a_whole(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", csv_text([row(number) for number in range(1, 31)]), at=1_000)
    reader = source(tmp_path, batch_rows=10)

    first = await anext(stream := reader.batches(None))
    with path.open("a") as file:
        file.write(",".join(row(31)) + "\r\n")
    rest = [batch async for batch in stream]
    again = await batches(reader, first.cursor)

    assert _codes([first]) == [code(number) for number in range(1, 11)]
    assert rest == []
    assert _codes(again) == [code(number) for number in range(1, 32)]


async def test_a_file_that_vanishes_or_is_replaced_while_it_is_read_is_read_to_its_end(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", csv_text([row(number) for number in range(1, 31)]), at=1_000)
    put(tmp_path, "b.csv", csv_text([row(40)]), at=1_001)
    stream = source(tmp_path, batch_rows=10).batches(None)

    first = await anext(stream)
    path.unlink()
    (tmp_path / "b.csv").unlink()
    rest = [batch async for batch in stream]

    assert _codes([first, *rest]) == [code(number) for number in range(1, 31)]


async def test_files_being_written_are_left_alone(tmp_path: Path) -> None:
    for name in ("a.csv.tmp", "b.csv.part", ".c.csv", "~$d.xlsx", "e.pdf", "f.csv~"):
        put(tmp_path, name, csv_text([row(1)]))
    (tmp_path / "g.csv").mkdir()
    os.mkfifo(tmp_path / "h.csv")

    assert await batches(source(tmp_path)) == []


async def test_a_file_is_read_once_it_has_stopped_growing(tmp_path: Path) -> None:
    now = 5_000.0
    settings = Settings(path=tmp_path, settle=2)
    reader = FolderSource("mc", settings, now=lambda: now)
    put(tmp_path, "a.csv", csv_text([row(1)]), at=4_999)
    put(tmp_path, "ahead.csv", csv_text([row(2)]), at=9_999)

    early = await batches(reader)
    now += 1.5
    settled = await batches(reader)
    now += 0.6
    ahead = await batches(reader, settled[-1].cursor)

    assert early == []
    assert _codes(settled) == [code(1)]
    assert _codes(ahead) == [code(2)]


async def test_a_file_somewhat_older_than_the_newest_is_still_read(tmp_path: Path) -> None:
    put(tmp_path, "b.csv", csv_text([row(2)]), at=2_000)
    found = await batches(source(tmp_path, grace=60))

    put(tmp_path, "a.csv", csv_text([row(1)]), at=1_950)
    later = await batches(source(tmp_path, grace=60), found[-1].cursor)

    assert _codes(later) == [code(1)]


async def test_a_much_older_newcomer_is_reported_and_not_read(tmp_path: Path) -> None:
    put(tmp_path, "b.csv", csv_text([row(2)]), at=2_000)
    reader = source(tmp_path, grace=60)
    found = await batches(reader)

    put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    [late] = await batches(reader, found[-1].cursor)
    quiet = await batches(reader, late.cursor)

    assert late.dossiers == ()
    assert [(bad.place, bad.row) for bad in late.quarantined] == [("a.csv", 0)]
    assert late.cursor == found[-1].cursor
    assert [(batch.dossiers, batch.quarantined) for batch in quiet] == [((), ())]


async def test_a_file_that_the_system_will_not_read_is_reported_once_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to("/proc/self/mem")
    reader = source(tmp_path)

    found = await batches(reader)
    still = await batches(reader, found[-1].cursor)
    (tmp_path / "a.csv").unlink()
    put(tmp_path, "a.csv", csv_text([row(1)]))
    later = await batches(reader, found[-1].cursor)

    assert [(bad.place, bad.row) for batch in found for bad in batch.quarantined] == [("a.csv", 0)]
    assert still == []
    assert _codes(later) == [code(1)]


@pytest.mark.parametrize("cursor", ["x", "[]", "{}", '{"since":"2026"}', '{"floor":1,"done":[[1]],"current":null}'])
async def test_a_cursor_of_another_kind_of_source_is_refused(tmp_path: Path, cursor: str) -> None:
    with pytest.raises(SourceError, match="folder"):
        await batches(source(tmp_path), cursor)


def test_a_cursor_stays_small_and_forgets_nothing_near() -> None:
    progress = Progress()

    for number in range(1, 5_001):
        progress = progress.after(Version(number, f"hoso-{number:06}.csv", 10), grace=1_000_000, waiting=())

    assert len(progress.dump()) < 4_000
    assert Progress.load(progress.dump()) == progress
    assert not any(progress.waits(Version(number, f"hoso-{number:06}.csv", 10)) for number in range(1, 5_001))
    assert progress.waits(Version(5_000, "another.csv", 10))


def test_the_floor_never_passes_a_file_that_still_waits() -> None:
    waiting = Version(10, "a.csv", 1)

    progress = Progress().after(Version(100, "b.csv", 1), grace=0, waiting=[waiting])

    assert progress.waits(waiting)
    assert not progress.waits(Version(100, "b.csv", 1))
