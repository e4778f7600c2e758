"""Exports as a test needs them, and what the source makes of them."""

import csv
import io
import os
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from adapters.sources.folder import FolderSource, Settings
from bot.model.dossier import Dossier
from bot.ports import Batch, Quarantined

HEADER = (
    "MaHoSo", "MaTTHC", "TenTTHC", "ChuHoSo", "SoDienThoai", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo",
    "DonViXuLy", "NgayKetThucXuLy", "NgayTra", "NoiDungBoSung", "LyDo", "ThongTinTra",
)  # fmt: skip
GOOD = {
    "MaHoSo": "H32.21.02-261122-0001",
    "MaTTHC": "1.004873",
    "TenTTHC": "Cấp Giấy xác nhận tình trạng hôn nhân",
    "ChuHoSo": "Nguyễn Thị Ánh",
    "SoDienThoai": "0912345678",
    "NgayTiepNhan": "20261122081500",
    "NgayHenTra": "20261125170000",
    "TrangThaiHoSo": "4",
    "DonViXuLy": "UBND phường Ngọc Hiệp",
}


def code(number: int) -> str:
    return f"H32.21.02-261122-{number:04}"


def row(number: int = 1, **cells: str) -> list[str]:
    filled = GOOD | {"MaHoSo": code(number)} | cells
    return [filled.get(name, "") for name in HEADER]


def csv_text(rows: Iterable[Sequence[str]], *, header: Sequence[str] = HEADER, delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def put(folder: Path, name: str, content: str | bytes, *, at: float = 1_000.0) -> Path:
    """A file that has stood there since `at` (seconds since 1970)."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (at, at))
    return path


def source(folder: Path, **settings: object) -> FolderSource:
    return FolderSource("mc", Settings.model_validate({"path": folder, "settle": 0, **settings}))


async def batches(of: FolderSource, cursor: str | None = None) -> list[Batch]:
    return [batch async for batch in of.batches(cursor)]


async def taken(folder: Path, **settings: object) -> tuple[list[Dossier], list[Quarantined]]:
    """All dossiers and all quarantined rows of the folder, read once from the beginning."""
    found = await batches(source(folder, **settings))
    return [d for batch in found for d in batch.dossiers], [q for batch in found for q in batch.quarantined]


def locked_workbook() -> bytes:
    """What Excel writes under a password, as far as a reader looks: a compound file with the stream's name."""
    free, end, table_mark = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<10I", 0, 1, 1, 0, 4096, end, 0, end, 0, 0) + struct.pack("<108I", *[free] * 108)
    table = struct.pack("<128I", table_mark, end, *[free] * 126)

    def entry(name: str, kind: int, child: int) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0"
        fields = struct.pack("<HBBIII36xIQ", len(text), kind, 1, free, free, child, end, 0)
        return text.ljust(64, b"\0") + fields

    return head + table + entry("Root Entry", 5, 1) + entry("EncryptedPackage", 2, free) + bytes(256)
