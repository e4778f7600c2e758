"""Of when the data is: what the newest export shows, not when it was read."""

from datetime import UTC, datetime
from pathlib import Path

from adapters.sources.folder import FolderSource, Settings
from tests.adapters.folder.support import batches, code, csv_text, put, row, source


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


async def test_only_the_last_batch_of_a_round_says_of_when_the_data_is(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text([row(number) for number in range(1, 31)]), at=1_000)
    put(tmp_path, "b.csv", csv_text([row(number) for number in range(31, 46)]), at=2_000)

    found = await batches(source(tmp_path, batch_rows=10))

    assert len(found) > 3
    assert [batch.as_of for batch in found[:-1]] == [None] * (len(found) - 1)
    assert found[-1].as_of == at(2_000)
    assert found[-1].dossiers


async def test_a_round_without_anything_new_says_it_again_and_its_cursor_stays(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    found = await batches(source(tmp_path))

    [again] = await batches(source(tmp_path), found[-1].cursor)

    assert (again.dossiers, again.quarantined, again.reports) == ((), (), ())
    assert again.as_of == at(1_000)
    assert again.cursor == found[-1].cursor


async def test_it_is_known_after_the_files_are_gone(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    found = await batches(source(tmp_path, grace=0))

    path.unlink()
    [again] = await batches(source(tmp_path, grace=0), found[-1].cursor)

    assert again.as_of == at(1_000)


async def test_a_faulty_file_shows_nothing(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    put(tmp_path, "b.csv", b"x,y\n", at=2_000)

    found = await batches(source(tmp_path))

    assert [bad.place for bad in found[-1].quarantined] == ["b.csv"]
    assert found[-1].as_of == at(1_000)


async def test_where_no_file_was_ever_read_nothing_is_said(tmp_path: Path) -> None:
    put(tmp_path, "b.csv", b"x,y\n", at=2_000)

    [faulty] = await batches(source(tmp_path))

    assert faulty.as_of is None
    assert await batches(source(tmp_path), faulty.cursor) == []


async def test_a_server_whose_clock_runs_ahead_does_not_make_the_data_newer_than_now(tmp_path: Path) -> None:
    now = 5_000.0
    put(tmp_path, "a.csv", csv_text([row(1)]), at=9_000)

    found = await batches(FolderSource("mc", Settings(path=tmp_path, settle=0), now=lambda: now))

    assert found[-1].as_of == at(5_000)


async def test_a_late_file_does_not_make_the_data_older(tmp_path: Path) -> None:
    put(tmp_path, "b.csv", csv_text([row(2)]), at=2_000)
    found = await batches(source(tmp_path, grace=600))

    put(tmp_path, "a.csv", csv_text([row(1)]), at=1_500)
    [later] = await batches(source(tmp_path, grace=600), found[-1].cursor)

    assert [dossier.code for dossier in later.dossiers] == [code(1)]
    assert later.as_of == at(2_000)


async def test_a_round_that_a_changing_file_ends_early_says_of_when_the_rest_is(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    grows = put(tmp_path, "b.csv", csv_text([row(number) for number in range(2, 32)]), at=2_000)
    stream = source(tmp_path, batch_rows=10).batches(None)

    found = [await anext(stream), await anext(stream)]
    with grows.open("a") as file:
        file.write(",".join(row(40)) + "\r\n")
    found += [batch async for batch in stream]

    assert [batch.as_of for batch in found] == [None, None, at(1_000)]
