"""The same file twice: under another name, with a new time, and the old export that is dropped in again."""

import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.ports import Batch
from tests.adapters.folder.support import HEADER, batches, code, csv_text, put, row, source


def _codes(found: list[Batch]) -> list[str]:
    return [dossier.code for batch in found for dossier in batch.dossiers]


@pytest.mark.parametrize("name", ["a.csv", "copy of a.csv"])
async def test_the_newest_export_again_is_not_read_but_shows_that_the_data_is_the_same(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, "a.csv", csv_text([row(1), row(2)]), at=1_000)
    found = await batches(source(tmp_path))

    caplog.set_level(logging.INFO)
    put(tmp_path, name, csv_text([row(1), row(2)]), at=2_000)
    [again] = await batches(source(tmp_path), found[-1].cursor)
    [quiet] = await batches(source(tmp_path), again.cursor)

    assert again.dossiers == ()
    assert again.as_of == quiet.as_of == datetime.fromtimestamp(2_000, UTC)
    assert quiet.cursor == again.cursor
    assert [record.levelname for record in caplog.records if name in record.getMessage()] == ["INFO"]


async def test_an_old_export_dropped_in_again_does_not_cover_the_newer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, "monday.csv", csv_text([row(1, TrangThaiHoSo="4")]), at=1_000)
    put(tmp_path, "tuesday.csv", csv_text([row(1, TrangThaiHoSo="9")]), at=2_000)
    found = await batches(source(tmp_path))

    put(tmp_path, "monday.csv", csv_text([row(1, TrangThaiHoSo="4")]), at=3_000)
    [again] = await batches(source(tmp_path), found[-1].cursor)

    assert (again.dossiers, again.quarantined) == ((), ())
    assert again.as_of == datetime.fromtimestamp(2_000, UTC)
    assert [record.levelname for record in caplog.records if "monday.csv" in record.getMessage()] == ["WARNING"]


async def test_two_copies_in_the_first_round_are_read_once(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text([row(1)]), at=1_000)
    put(tmp_path, "b.csv", csv_text([row(1)]), at=1_500)
    put(tmp_path, "c.csv", csv_text([row(1, LyDo="x")]), at=2_000)

    assert _codes(await batches(source(tmp_path))) == [code(1), code(1)]


async def test_an_export_of_nothing_may_come_again_and_again(tmp_path: Path) -> None:
    reader, cursor, ends = source(tmp_path), None, []
    for number, content in enumerate(
        [csv_text([]), csv_text([row(1)]), csv_text([]), csv_text([row(2)]), csv_text([])]
    ):
        put(tmp_path, f"{number}.csv", content, at=1_000 + number)
        *_, last = await batches(reader, cursor)
        cursor = last.cursor
        ends.append(last.as_of)

    assert ends == [datetime.fromtimestamp(1_000 + number, UTC) for number in range(5)]


async def test_a_file_touched_while_half_of_it_is_read_is_read_from_its_first_row(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", csv_text([row(number) for number in range(1, 21)]), at=1_000)
    found = await batches(source(tmp_path, batch_rows=10))

    os.utime(path, (1_001, 1_001))
    rest = await batches(source(tmp_path, batch_rows=10), found[0].cursor)

    assert _codes(rest) == [code(number) for number in range(1, 21)]


async def test_the_last_sixty_four_exports_are_known_again(tmp_path: Path) -> None:
    cursor = None
    for number in range(1, 71):
        put(tmp_path, "a.csv", csv_text([row(number)]), at=1_000 + number)
        *_, last = await batches(source(tmp_path, grace=0), cursor)
        cursor = last.cursor

    put(tmp_path, "known.csv", csv_text([row(7)]), at=2_000)
    put(tmp_path, "forgotten.csv", csv_text([row(6)]), at=2_001)
    found = await batches(source(tmp_path, grace=0), cursor)

    assert _codes(found) == [code(6)]


async def test_of_two_rows_about_one_dossier_the_one_that_says_it_is_newer_counts(tmp_path: Path) -> None:
    header = (*HEADER, "NgayCapNhat")
    newer, older = [*row(1, TrangThaiHoSo="9"), "20261124080000"], [*row(1), "20261123080000"]
    put(tmp_path, "a.csv", csv_text([newer, older], header=header))
    put(tmp_path, "b.csv", csv_text([[*row(2), "20261123080000"], [*row(2, TrangThaiHoSo="9"), ""]], header=header))

    found = await batches(source(tmp_path))

    assert [(each.code, int(each.status)) for batch in found for each in batch.dossiers] == [(code(1), 9), (code(2), 9)]
