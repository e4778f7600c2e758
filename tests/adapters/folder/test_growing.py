"""Files that are still being written: slowly, under a kept time, or announced by an empty place."""

from pathlib import Path

from adapters.sources.folder import FolderSource, Settings
from bot.ports import Batch
from tests.adapters.folder.support import batches, code, csv_text, put, row


class Office:
    """A folder, a clock that stands still until it is moved, and a source that settles for two seconds."""

    def __init__(self, folder: Path) -> None:
        self.now = 5_000.0
        self.folder = folder
        self.source = FolderSource("mc", Settings(path=folder, settle=2), now=lambda: self.now)
        self.cursor: str | None = None

    async def look(self, after: float = 0.0) -> list[str]:
        """The codes read `after` so many seconds."""
        self.now += after
        found: list[Batch] = await batches(self.source, self.cursor)
        self.cursor = found[-1].cursor if found else self.cursor
        return [dossier.code for batch in found for dossier in batch.dossiers]


async def test_a_file_that_grows_slowly_waits_until_it_rests(tmp_path: Path) -> None:
    office, content = Office(tmp_path), csv_text([row(1), row(2)])

    looks = []
    for end in (100, 200, len(content)):
        put(tmp_path, "a.csv", content[:end], at=office.now)
        looks.append(await office.look(after=1))

    assert looks == [[], [], []]
    assert await office.look(after=1) == [code(1), code(2)]


async def test_a_writer_that_pauses_too_long_is_read_again_as_a_whole(tmp_path: Path) -> None:
    office, content = Office(tmp_path), csv_text([row(1), row(2)])

    put(tmp_path, "a.csv", content[: content.index(code(2))], at=office.now)
    early = await office.look(after=2)
    put(tmp_path, "a.csv", content, at=office.now + 1)

    assert early == [code(1)]
    assert await office.look(after=3) == [code(1), code(2)]


async def test_a_copy_that_keeps_the_time_of_its_original_must_rest_under_our_eyes(tmp_path: Path) -> None:
    office, content = Office(tmp_path), csv_text([row(1), row(2)])
    await office.look()

    put(tmp_path, "a.csv", content[:200], at=1_000)
    growing = await office.look(after=60)
    put(tmp_path, "a.csv", content, at=1_000)
    grown = await office.look(after=1)

    assert (growing, grown) == ([], [])
    assert await office.look(after=2) == [code(1), code(2)]


async def test_what_stood_there_before_we_came_is_read_at_once(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)

    assert await Office(tmp_path).look() == [code(1)]


async def test_an_empty_place_for_an_export_is_no_fault_for_a_while(tmp_path: Path) -> None:
    office = Office(tmp_path)
    put(tmp_path, "a.csv", b"", at=office.now)
    put(tmp_path, "b.csv", b"", at=office.now)

    early = [await batches(office.source) for office.now in (5_010.0, 5_050.0)]
    put(tmp_path, "a.csv", csv_text([row(1)]), at=office.now)
    filled = await office.look(after=5)
    office.now += 10
    [late] = await batches(office.source, office.cursor)

    assert early == [[], []]
    assert filled == [code(1)]
    assert [bad.place for bad in late.quarantined] == ["b.csv"]
