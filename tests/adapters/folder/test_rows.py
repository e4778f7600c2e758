"""One bad row is named exactly and stops nothing."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.adapters.folder.support import code, csv_text, put, row, taken

LINES = csv_text([row(1), row(2)]).splitlines()


@pytest.mark.parametrize(
    ("wrong", "column", "known"),
    [
        ({"MaHoSo": ""}, "MaHoSo", False),
        ({"MaHoSo": "3.000181.000.00.00.H22"}, "MaHoSo", False),
        ({"MaHoSo": "H32.21.02-261322-0001"}, "MaHoSo", False),
        ({"TrangThaiHoSo": "  "}, "TrangThaiHoSo", True),
        ({"NgayHenTra": "32/13/2026"}, "NgayHenTra", True),
        ({"NgayTiepNhan": "hôm qua"}, "NgayTiepNhan", True),
    ],
)
async def test_a_row_that_cannot_be_trusted_is_not_mirrored(
    tmp_path: Path, wrong: dict[str, str], column: str, known: bool
) -> None:
    put(tmp_path, "a.csv", csv_text([row(1), row(2, **wrong), row(3)]))

    dossiers, [bad] = await taken(tmp_path)

    assert [dossier.code for dossier in dossiers] == [code(1), code(3)]
    assert (bad.source, bad.place, bad.row, bad.column) == ("mc", "a.csv", 3, column)
    assert bad.code == (code(2) if known else "")
    assert bad.reason


@pytest.mark.parametrize("column", ["NgayKetThucXuLy", "NgayTra"])
async def test_a_cell_that_no_citizen_waits_for_is_noted_and_left_empty(tmp_path: Path, column: str) -> None:
    put(tmp_path, "a.csv", csv_text([row(1, **{column: "không rõ"})]))

    [dossier], [bad] = await taken(tmp_path)

    assert dossier.finished_at is None
    assert (bad.row, bad.column, bad.code) == (2, column, code(1))


async def test_an_overlong_text_is_cut_and_noted(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text([row(1, NoiDungBoSung="ơ" * 5_000)]))

    [dossier], [bad] = await taken(tmp_path)

    assert len(dossier.supplement) == 2_000
    assert (bad.column, bad.code) == ("NoiDungBoSung", code(1))


async def test_quarantine_repeats_nothing_personal(tmp_path: Path) -> None:
    shifted = row(1, NgayHenTra="Nguyễn Thị Ánh", TrangThaiHoSo="0912345678", NgayKetThucXuLy="079301001234")
    put(tmp_path, "a.csv", csv_text([shifted]))

    _, quarantined = await taken(tmp_path)

    assert quarantined
    assert all("Ánh" not in repr(bad) and "0912345678" not in repr(bad) for bad in quarantined)


async def test_an_appointment_without_an_hour_is_the_end_of_that_day(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.csv",
        csv_text([row(1, NgayHenTra="25/11/2026"), row(2, NgayHenTra="20261125000000"), row(3, NgayHenTra="")]),
    )

    dossiers, _ = await taken(tmp_path)

    assert [dossier.appointment_at for dossier in dossiers] == [datetime(2026, 11, 25, 10, 0, tzinfo=UTC)] * 2 + [None]


@pytest.mark.parametrize(
    ("middle", "column"),
    [
        ("H32.21.02-261122-0009,1.004873", "NgayTiepNhan"),
        (LINES[2] + ",,,thừa", ""),
        ('H32.21.02-261122-0009,"mở mà không đóng', ""),
        ("H32.21.02-261122-0009,\0", ""),
    ],
    ids=["short", "long", "open-quote", "nul"],
)
async def test_a_row_of_the_wrong_shape_does_not_hide_the_next(tmp_path: Path, middle: str, column: str) -> None:
    put(tmp_path, "a.csv", "\r\n".join([LINES[0], LINES[1], middle, *(LINES[2],) * 3]))

    dossiers, [bad] = await taken(tmp_path)

    assert [dossier.code for dossier in dossiers] == [code(1), code(2)]
    assert (bad.row, bad.column) == (3, column)


async def test_missing_and_extra_empty_cells_at_the_end_are_no_fault(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "\n".join([LINES[0], LINES[1].rstrip(","), LINES[2] + ",,,", "", ",,,", "   "]))

    dossiers, quarantined = await taken(tmp_path)

    assert [dossier.code for dossier in dossiers] == [code(1), code(2)]
    assert quarantined == []


async def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path: Path) -> None:
    good = csv_text([row(1, LyDo='dòng một\r\ndòng "hai"\r\ndòng ba')])
    put(tmp_path, "a.csv", good + "\r\n\r\n" + ",".join(row(2, MaHoSo="sai")))

    [dossier], [bad] = await taken(tmp_path)

    assert dossier.reason == 'dòng một\r\ndòng "hai"\r\ndòng ba'
    assert bad.row == 5


async def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    lines = csv_text([row(number) for number in range(1, 1_001)]).splitlines()
    lines[500] = lines[500].replace("Nguyễn", '"Nguyễn', 1)
    put(tmp_path, "a.csv", "\n".join(lines))

    dossiers, [bad] = await taken(tmp_path)

    assert len(dossiers) == 999
    assert bad.row == 501


async def test_of_two_rows_with_one_code_the_later_counts(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text([row(1, TrangThaiHoSo="4"), row(2), row(1, TrangThaiHoSo="9")]))

    dossiers, _ = await taken(tmp_path)

    assert [(dossier.code, int(dossier.status)) for dossier in dossiers] == [(code(2), 4), (code(1), 9)]
