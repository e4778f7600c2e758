"""Good records gone wrong in every way that we can think of, from a string of bytes: zeros change nothing."""

import json
from collections.abc import Callable
from typing import Any

GENES = 8
"""Bytes for one record."""
_CODES = 4_000
"""Different dossiers; with more records than that, some come again."""

Record = dict[str, Any]

VALUES: tuple[Any, ...] = (
    # nothing, and what stands for it
    None, "", "   ", "\u00a0\u200b", "null", "NULL", "-", "N/A", "0",
    # dates of all shapes
    "20250303081500", "20250303", "202503030815", "03/03/2025", "3-3-2025 8:15", "8h15 ngày 3/3/2025", "31/02/2025",
    "20251399256199", "2025-03-03T08:15:00+07:00", "2025-03-03T08:15:00Z", "2025-03-03T08:15:00+99:99", "45719.34375",
    "99999999999999", "00010101000000", "9999-12-31", "99991231235959", "ngày mai", "03/03/25", "3.3.2025 5:00 CH",
    "٢٠٢٥٠٣٠٣", {"$date": "2025-03-03T01:15:00Z"}, {"$date": 1740964500000},
    {"$date": {"$numberLong": "1740964500000"}}, {"$date": {"$numberLong": None}}, {"$date": 10**30},
    {"$date": {}}, 1740964500, 20250303081500, 20250303081500.0,
    # wrong types and huge numbers
    True, False, 0, -1, 4, 4.0, 4.5, 10**18, -(10**18), 10**19, 10**400, 1e308, float("inf"), float("nan"), 2**63,
    [], [1, "x"], [[]], [None], {}, {"ma": "H32", "con": {"con": {"con": [1]}}}, {"$oid": "65e3"}, {"": ""},
    # texts that break readers
    "\0", "a\0b", "\ud83d", "x\udc00y", "\ufeffH32.21.02-250303-0001", "\u202eabc\u202c", "\u200fHồ sơ\u200e",
    "a" * 2_001, "ơ" * 20_000, "\n" * 80, 'mở "ngoặc', '"', ",;|\t", "\r\n", "=cmd|' /C calc'!A0",
    "'; DROP TABLE dossiers;--",
    "<script>alert(1)</script>", "%s%n{0}{x}", "Nguye\u0302\u0303n", "😀" * 70, "\x1b[31m", "\u2028\u2029", "\x85",
    # statuses and codes that nobody knows, or that others have
    "11", "-4", "4,5", "IV", "Đang xử lý", "dang  XU ly", "Chờ ký số", "999999999999", "０４", "²",
    "H32.21.02-250303-0001", "h32.21.02 - 250303 - 0001", "H32.21.02-251303-0001", "000.17.22.H56-210531-0001",
    "1.005129", "H32.21.02-250303-0001; H32.21.02-250303-0002", "H32.21.02–250303–0001", "../../etc/passwd",
    # telephone numbers
    "0912345678", "+84 912.345.678", "84912345678", "123", "0000000000", "0912345678 - 0987654321", "chị Lan",
)  # fmt: skip


def good(number: int) -> Record:
    return {
        "MaHoSo": f"H32.21.02-250303-{number:04}",
        "TrangThaiHoSo": "4",
        "NgayTiepNhan": "20250303081500",
        "NgayHenTra": "20250307170000",
        "NgayCapNhat": "20250303081500",
        "ChuHoSo": "Nguyễn Thị Ánh",
        "SoDienThoai": "0912345678",
        "MaTTHC": "1.004873",
        "TenTTHC": "Cấp Giấy xác nhận tình trạng hôn nhân",
        "DonViXuLy": "UBND phường Ngọc Hiệp",
        "NoiDungBoSung": "",
        "LyDo": "",
        "NgayTra": "",
        "PhienBan": 1,
        "QuaTrinhXuLy": [{"DonViXuLy": "UBND phường", "NgayBatDau": "20250303081500", "TrangThai": 4}],
        "DanhSachHoSoBoSung": [{"NgayBoSung": "20250304081500", "NoiDungBoSung": "Bản sao"}],
    }


FIELDS = tuple(good(0))


def _replace(record: Record, field: str, gene: int) -> object:
    record[field] = VALUES[gene % len(VALUES)]
    return record


def _drop(record: Record, field: str, gene: int) -> object:
    record.pop(field, None)
    return record


def _swap(record: Record, field: str, gene: int) -> object:
    other = FIELDS[gene % len(FIELDS)]
    record[field], record[other] = record.get(other), record.get(field)
    return record


def _rename(record: Record, field: str, gene: int) -> object:
    record[("ten_khac", field.upper(), field + " ", "", "\0", "TenTrangThai")[gene % 6]] = record.pop(field, None)
    return record


def _bury(record: Record, field: str, gene: int) -> object:
    """A step or supplement in which something is wrong, or a field one level too deep."""
    value = VALUES[gene % len(VALUES)]
    if field in ("QuaTrinhXuLy", "DanhSachHoSoBoSung"):
        record[field] = [{"NgayBatDau": value, "NgayBoSung": value, "DonViXuLy": value}, value, {}]
    else:
        record[field] = {"giaTri": record.get(field)}
    return record


def _stretch(record: Record, field: str, gene: int) -> object:
    value = record.get(field)
    if isinstance(value, str | list) and "\n" not in value:
        record[field] = value * (gene % 40 + 1)
    return record


def _spoil(record: Record, field: str, gene: int) -> object:
    """Not a record at all."""
    return (None, [], [record], "x", 7, {}, {"hoSo": record}, "")[gene % 8]


MUTATIONS: tuple[Callable[[Record, str, int], object], ...] = (
    _replace, _replace, _replace, _replace, _replace, _drop, _swap, _rename, _bury, _stretch,
)  # fmt: skip


def mutated(genes: bytes) -> object:
    """One record: a good one with none to two mutations, or now and then no record at all."""
    kind, high, low, *mutations = genes
    record = good((high << 8 | low) % _CODES)
    if kind >= 250:
        return _spoil(record, "", low)
    for choice, gene in (mutations[0:2], mutations[2:4])[: kind % 4]:
        # Five bits say where, from the whole byte how.
        MUTATIONS[choice % len(MUTATIONS)](record, FIELDS[choice // len(MUTATIONS) % len(FIELDS)], gene)
    return record


def mutants(genome: bytes) -> list[object]:
    return [mutated(genome[at : at + GENES]) for at in range(0, len(genome) - GENES + 1, GENES)]


def as_cells(record: object, columns: tuple[str, ...] = FIELDS) -> list[str]:
    """What a vendor's export to CSV makes of a record. A row without anything is no record but a blank line, so
    what has none of our columns becomes a cell."""
    cells = [_as_cell(record.get(name)) for name in columns] if isinstance(record, dict) else []
    if any("\0" in cell for cell in cells):
        # A line with a NUL is given up, and the lines that belonged to its row are counted as rows.
        cells = [cell.replace("\n", " ").replace("\r", " ") for cell in cells]
    return cells if any(map(str.strip, cells)) else [json.dumps(record)]


def _as_cell(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text.encode("utf-8", "replace").decode()
