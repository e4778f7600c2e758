"""What was read is put aside once it is durable, is kept as long as it should be, and can be read again."""

import errno
import logging
import os
from pathlib import Path

import pytest

from adapters.sources.folder import FolderSource, Settings
from adapters.sources.folder import open as open_source
from bot.ports import Batch
from tests.adapters.folder.support import HEADER, batches, code, csv_text, put, row, source

DAY = 86_400


def _codes(found: list[Batch]) -> list[str]:
    return [dossier.code for batch in found for dossier in batch.dossiers]


async def _dealt_with(reader: FolderSource, cursor: str | None = None) -> str:
    """The cursor once all that is there was read and, in the next round, archived."""
    [*_, last] = await batches(reader, cursor)
    [*_, last] = await batches(reader, last.cursor)
    return last.cursor


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.exists() else []


async def test_a_file_is_archived_once_the_cursor_shows_that_it_is_durable(tmp_path: Path) -> None:
    archive = tmp_path / "đã đọc"
    path = put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    reader = source(tmp_path, archive=archive)

    found = await batches(reader)
    before = _names(tmp_path), _names(archive)
    [again] = await batches(reader, found[-1].cursor)

    assert before == (["a.csv"], [])
    assert (_names(tmp_path), _names(archive)) == ([], ["a.csv"])
    assert not path.exists()
    assert (archive / "a.csv").stat().st_mtime == 1_000
    assert again.cursor == found[-1].cursor


async def test_what_was_not_applied_is_not_archived(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    put(tmp_path, "a.csv", csv_text([row(number) for number in range(1, 31)]), at=1_000)
    put(tmp_path, "b.csv", csv_text([row(40)]), at=2_000)
    reader = source(tmp_path, archive=archive, batch_rows=10)

    whole = await batches(reader)
    comparing = await batches(reader)
    rest = await batches(reader, whole[1].cursor)

    assert _codes(comparing) == _codes(whole)
    assert _codes(rest) == [*map(code, range(21, 31)), code(40)]
    assert _names(archive) == []


async def test_an_archived_file_belongs_to_what_is_read_from_the_beginning(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    reader = source(tmp_path, archive=archive, batch_rows=10)
    put(tmp_path, "a.csv", csv_text([row(number) for number in range(1, 31)]), at=1_000)
    cursor = await _dealt_with(reader)
    put(tmp_path, "a.csv", csv_text([row(31, MaHoSo="sai"), row(40)]), at=2_000)
    await _dealt_with(reader, cursor)
    put(tmp_path, "b.csv", csv_text([row(50)]), at=3_000)

    anew = await batches(source(tmp_path, archive=archive, batch_rows=10))
    resumed = await batches(source(tmp_path, archive=archive, batch_rows=10), anew[0].cursor)

    assert _names(archive) == ["a.csv", "a~19700101T003320.csv"]
    assert _codes(anew) == [*map(code, range(1, 31)), code(40), code(50)]
    assert _codes(resumed) == _codes(anew[1:])
    assert {bad.place for batch in anew for bad in batch.quarantined} == {"a.csv"}


async def test_a_file_that_is_moved_while_all_is_compared_is_compared_too(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    reader = source(tmp_path, archive=archive, batch_rows=10)
    put(tmp_path, "a.csv", csv_text([row(number) for number in range(1, 31)]), at=1_000)
    put(tmp_path, "b.csv", csv_text([row(40)]), at=2_000)
    [*_, last] = await batches(reader)

    comparing = reader.batches(None)
    first = await anext(comparing)
    await batches(reader, last.cursor)
    rest = [batch async for batch in comparing]

    assert _names(archive) == ["a.csv", "b.csv"]
    assert _codes([first, *rest]) == [*map(code, range(1, 31)), code(40)]


async def test_faulty_files_and_files_that_changed_stay(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    put(tmp_path, "faulty.csv", b"x,y\n", at=1_000)
    put(tmp_path, "a.csv", csv_text([row(1)]), at=2_000)
    reader = source(tmp_path, archive=archive)
    found = await batches(reader)

    put(tmp_path, "a.csv", csv_text([row(1, TrangThaiHoSo="9")]), at=2_001)
    changed = await batches(reader, found[-1].cursor)
    here = _names(tmp_path), _names(archive)
    await batches(reader, changed[-1].cursor)

    assert _codes(changed) == [code(1)]
    assert here == (["a.csv", "faulty.csv"], [])
    assert (_names(tmp_path), _names(archive)) == (["faulty.csv"], ["a.csv"])


async def test_a_repeated_file_is_archived_too(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    put(tmp_path, "copy.csv", csv_text([row(1)]), at=2_000)
    found = await batches(source(tmp_path, archive=archive))

    await batches(source(tmp_path, archive=archive), found[-1].cursor)

    assert _names(archive) == ["a.csv", "copy.csv"]


async def test_nothing_in_the_archive_is_ever_overwritten(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    reader, cursor = source(tmp_path, archive=archive), None
    for number in range(4):
        path = put(tmp_path, "a.csv", csv_text([row(number)]))
        os.utime(path, ns=(0, 1_000 * 10**9 + number))
        cursor = await _dealt_with(reader, cursor)

    contents = [path.read_bytes() for path in archive.iterdir()]
    assert len(contents) == len(set(contents)) == 4
    assert _names(archive) == ["a.csv", "a~19700101T001640-2.csv", "a~19700101T001640-3.csv", "a~19700101T001640.csv"]


async def test_an_archive_that_cannot_be_written_is_said_once_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive = tmp_path / "archive"
    archive.write_text("a file where the folder should be")
    put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    reader = source(tmp_path, archive=archive)
    found = await batches(reader)

    quiet = [await batches(reader, found[-1].cursor) for _ in range(3)]
    archive.unlink()
    await batches(reader, found[-1].cursor)

    assert [len(each) for each in quiet] == [1, 1, 1]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert _names(archive) == ["a.csv"]


async def test_an_archive_on_another_file_system_gets_a_whole_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, content = tmp_path / "archive", csv_text([row(1)])
    put(tmp_path, "a.csv", content, at=1_000)
    reader = source(tmp_path, archive=archive)
    found = await batches(reader)
    rename = Path.rename

    def across(self: Path, target: Path) -> Path:
        if self.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", across)
    await batches(reader, found[-1].cursor)

    assert (_names(tmp_path), _names(archive)) == ([], ["a.csv"])
    assert (archive / "a.csv").read_bytes() == content.encode()
    assert (archive / "a.csv").stat().st_mtime == 1_000


async def test_an_export_that_comes_just_as_its_forerunner_is_moved_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive"
    path = put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    reader = source(tmp_path, archive=archive)
    found = await batches(reader)
    rename, replaced = Path.rename, []

    def overtaken(self: Path, target: Path) -> Path:
        if self == path and not replaced:
            replaced.append(put(tmp_path, "a.csv", csv_text([row(2)]), at=2_000))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", overtaken)
    [*_, last] = await batches(reader, found[-1].cursor)
    later = await batches(reader, last.cursor)

    assert replaced
    assert _codes(later) == [code(2)]


async def test_a_copy_across_file_systems_that_was_overtaken_leaves_the_new_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive"
    path = put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    reader = source(tmp_path, archive=archive)
    found = await batches(reader)
    rename = Path.rename

    def across(self: Path, target: Path) -> Path:
        if self == path:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        put(tmp_path, "a.csv", csv_text([row(2)]), at=2_000)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", across)
    [*_, last] = await batches(reader, found[-1].cursor)
    later = await batches(reader, last.cursor)

    assert _codes(later) == [code(2)]
    assert _names(archive) == []


async def test_a_link_in_the_folder_is_read_and_stays(tmp_path: Path) -> None:
    folder, archive = tmp_path / "exports", tmp_path / "archive"
    folder.mkdir()
    (folder / "a.csv").symlink_to(put(tmp_path, "elsewhere.csv", csv_text([row(1)]), at=1_000))
    reader = source(folder, archive=archive)

    cursor = await _dealt_with(reader)

    assert cursor
    assert (_names(folder), _names(archive)) == (["a.csv"], [])


async def test_archived_files_go_after_their_days_and_nothing_else_does(tmp_path: Path) -> None:
    folder, archive = tmp_path / "exports", tmp_path / "archive"
    folder.mkdir()
    put(folder, "a.csv", csv_text([row(1)]), at=1_000)
    now = put(folder, "b.csv", csv_text([row(2)]), at=2_000).stat().st_ctime
    clock = [now]
    settings = Settings(path=folder, settle=0, archive=archive, archive_days=30)
    reader = FolderSource("mc", settings, now=lambda: clock[0])
    cursor = await _dealt_with(reader)
    put(archive, "notes.pdf", b"", at=1_000)

    kept = []
    for clock[0] in (now + 29 * DAY, now + 31 * DAY):
        await batches(reader, cursor)
        kept.append(_names(archive))

    assert kept == [["a.csv", "b.csv", "notes.pdf"], ["notes.pdf"]]


async def test_named_files_are_read_again_wherever_they_lie(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    reader = source(tmp_path, archive=archive, batch_rows=2)
    put(tmp_path, "a.csv", csv_text([row(1), row(2), row(3, MaHoSo="sai")]), at=3_000)
    [*_, last] = await batches(reader)
    await batches(reader, last.cursor)
    put(tmp_path, "b.csv", csv_text([row(4)]), at=3_000)
    put(tmp_path, "c.csv", csv_text([row(5)]), at=3_000)
    put(tmp_path, "d.csv", b"x,y\n", at=3_000)

    again = [batch async for batch in reader.reread(["a.csv", "b.csv", "d.csv", "gone.csv", "../a.csv"])]
    rest = await batches(reader, last.cursor)

    assert _names(archive) == ["a.csv"]
    assert _codes(again) == [code(1), code(2), code(4)]
    assert [(bad.place, bad.row) for batch in again for bad in batch.quarantined] == [("a.csv", 4), ("d.csv", 0)]
    assert {batch.cursor for batch in again} == {""}
    assert {batch.as_of for batch in again} == {None}
    assert _codes(rest) == [code(4), code(5)]


async def test_of_files_with_one_name_the_newest_is_read_again(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    reader, cursor = source(tmp_path, archive=archive), None
    for number in (1, 2):
        put(tmp_path, "a.csv", csv_text([row(number)]), at=1_000 * number)
        cursor = await _dealt_with(reader, cursor)

    assert len(_names(archive)) == 2
    assert _codes([batch async for batch in reader.reread(["a.csv"])]) == [code(2)]


async def test_an_older_file_read_again_gives_only_what_the_mirror_can_put_in_order(tmp_path: Path) -> None:
    header = (*HEADER, "NgayCapNhat")
    put(tmp_path, "a.csv", csv_text([[*row(1), "20261123080000"], [*row(2), ""]], header=header), at=1_000)
    put(tmp_path, "b.csv", csv_text([row(3)]), at=2_000)

    async with open_source("mc", Settings(path=tmp_path, settle=0)) as opened:
        assert opened.reread is not None
        older = [batch async for batch in opened.reread(["a.csv"])]
        newest = [batch async for batch in opened.reread(["b.csv"])]

    assert _codes(older) == [code(1)]
    [left_out] = [bad for batch in older for bad in batch.quarantined]
    assert (left_out.place, left_out.row) == ("a.csv", 0)
    assert "1 bản ghi" in left_out.reason
    assert _codes(newest) == [code(3)]


async def test_no_archive_is_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    found = await batches(source(tmp_path))

    await batches(source(tmp_path), found[-1].cursor)

    assert _names(tmp_path) == ["a.csv"]
    assert caplog.records == []
