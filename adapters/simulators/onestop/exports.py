"""The export files: what has changed, in the national field names, appearing all at once."""

import csv
import os
from collections.abc import Iterator, Sequence
from datetime import UTC
from itertools import count
from pathlib import Path
from typing import Literal

import xlsxwriter

from adapters.simulators.onestop.province import Record
from adapters.simulators.onestop.quotas import Quota
from adapters.simulators.onestop.shapes import digits, status_code, terms
from bot.model.clock import Clock, utc_now

HEADER = (
    "MaHoSo", "MaTTHC", "TenTTHC", "ChuHoSo", "SoDienThoai", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo",
    "MaDonVi", "DonViXuLy", "NgayKetThucXuLy", "NgayTra", "NoiDungBoSung", "LyDo", "ThongTinTra", "ThoiDiemXuLy",
    "GhiChu", "KenhThucHien", "HinhThucTra", "MaBuuGui", "TongLePhi", "NgayNopLePhi", "ThoiHanBoSung", "NgayTamDung",
)  # fmt: skip
_CODE, _RECEIVED, _APPOINTMENT, _STATUS = (
    HEADER.index(name) for name in ("MaHoSo", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo")
)
_DAMAGE = ((_APPOINTMENT, "32/13/2026 17:00"), (_CODE, ""), (_RECEIVED, "hôm qua"), (_STATUS, ""))
"""What is wrong with a broken row: the column and what stands there."""


class Exporter:
    """Writes files whose names and times rise. A reader never sees half a file: each is renamed into its place."""

    def __init__(
        self, out: Path, *, form: Literal["csv", "xlsx"] = "csv", bad_rows: float = 0.0, clock: Clock = utc_now
    ) -> None:
        self._out = out
        self._form = form
        self._bad = Quota(bad_rows)
        self._damage = count()
        self._clock = clock
        self._number = count(1)
        self.broken = 0
        """Broken rows written so far: copies beside the good row, so that no dossier is lost by them."""

    def write(self, records: Sequence[Record]) -> Path | None:
        """The new file; None where nothing has changed."""
        if not records:
            return None
        rows = list(self._rows(records))
        name = f"hoso-{self._clock().astimezone(UTC):%Y%m%dT%H%M%S}-{next(self._number):06}.{self._form}"
        path, half = self._out / name, self._out / f"{name}.tmp"
        if self._form == "csv":
            _write_csv(half, rows)
        else:
            _write_xlsx(half, rows)
        os.replace(half, path)
        return path

    def _rows(self, records: Sequence[Record]) -> Iterator[list[str]]:
        for record in records:
            row = _row(record)
            yield row
            if self._bad.ask():
                self.broken += 1
                column, wrong = _DAMAGE[next(self._damage) % len(_DAMAGE)]
                yield [*row[:column], wrong, *row[column + 1 :]]


def _row(record: Record) -> list[str]:
    return [
        record.code,
        record.procedure.code,
        record.procedure.name,
        record.applicant,
        record.phone,
        digits(record.received_at),
        digits(record.appointment_at),
        status_code(record),
        record.agency.id,
        record.agency.name,
        digits(record.finished_at),
        digits(record.returned_at),
        record.supplement,
        record.reason,
        record.place,
        digits(record.updated_at),
        "",
        *map(str, terms(record, digits).values()),
    ]


def _write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)


def _write_xlsx(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("HoSo")
        for number, row in enumerate((HEADER, *rows)):
            sheet.write_row(number, 0, row)
