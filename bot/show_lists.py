"""How lists for clerks are printed: what could not be read, and dossiers that were not updated for long."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.text import Text

from bot.ports import Quarantined, Stale
from bot.show import console, errors
from bot.show_table import Table
from bot.texts import Catalogue, show_moment

QUARANTINE_HEADER = ("nguồn", "nơi", "dòng", "cột", "mã hồ sơ", "lý do")


def quarantine_rows(rows: Sequence[Quarantined]) -> list[tuple[object, ...]]:
    return [(row.source, row.place, row.row or "", row.column, row.code, row.reason) for row in rows]


def shortened(written: int, number: int) -> None:
    """Says beside a file that it does not hold everything."""
    if written < number:
        errors.print(f"Chỉ ghi {written:,} trên {number:,} dòng. / Only {written:,} of {number:,} lines were written.")


def quarantined(rows: Sequence[Quarantined], number: int) -> None:
    """`rows` are the first of `number`."""
    if not number:
        _say("Không có chỗ nào không đọc được. / Nothing is quarantined.")
    for row in rows:
        _say(quarantined_line(row))
    if number > len(rows):
        _say(f"… và {number - len(rows):,} chỗ nữa, xem --limit hoặc --csv / and {number - len(rows):,} more")


def quarantined_line(row: Quarantined) -> str:
    code = f" ({row.code})" if row.code else ""
    return f"  {row.source}: {row.place}, dòng {row.row or '—'}, cột {row.column or '—'}{code}: {row.reason}"


def stale_agencies(agencies: Sequence[tuple[str, str, int]], days: int) -> None:
    if not agencies:
        _say(f"Không có hồ sơ nào quá {days} ngày chưa cập nhật. / No dossier waits for more than {days} days.")
        return
    _say(f"Hồ sơ chưa cập nhật quá trình giải quyết quá {days} ngày / dossiers not updated for more than {days} days:")
    table = Table("Mã cơ quan / agency", "Tên / name", "Số hồ sơ / dossiers")
    table.columns[2].justify = "right"
    for agency, name, number in agencies:
        table.add_row(Text(agency or "—"), Text(name or "—"), f"{number:,}")
    console.print(table)


STALE_HEADER = ("mã hồ sơ", "nguồn", "mã cơ quan", "cơ quan", "trạng thái", "cập nhật cuối", "số ngày", "hạn trả")


def stale_rows(dossiers: Sequence[Stale], now: datetime) -> list[tuple[str, ...]]:
    words = Catalogue.load("vi")
    return [
        (
            each.code,
            each.source,
            each.agency,
            each.agency_name,
            words.status(each.status, each.status_text),
            show_moment(each.progressed_at),
            str((now - each.progressed_at).days),
            show_moment(each.due_at),
        )
        for each in dossiers
    ]


def stale_dossiers(dossiers: Sequence[Stale], number: int, now: datetime) -> None:
    """`dossiers` are the first of `number`, or none where nobody asked for them."""
    if not dossiers:
        return
    table = Table(*STALE_HEADER)
    for row in stale_rows(dossiers, now):
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
    if number > len(dossiers):
        _say(f"… và {number - len(dossiers):,} hồ sơ nữa, xem --csv / and {number - len(dossiers):,} more, see --csv")


def stale_json(agencies: Sequence[tuple[str, str, int]], dossiers: Sequence[Stale], days: int) -> dict[str, Any]:
    return {
        "days": days,
        "agencies": [{"agency": agency, "name": name, "dossiers": number} for agency, name, number in agencies],
        "dossiers": [asdict(each) for each in dossiers],
    }


def _say(line: str) -> None:
    console.print(line, soft_wrap=True)
