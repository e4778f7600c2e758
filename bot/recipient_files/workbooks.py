"""The first sheet of a workbook (XLSX, XLSB, XLS, ODS) as rows of text, formulas as their values."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import IO

import python_calamine as calamine

from bot.recipient_files.trouble import TroubleError

_COLUMNS = 256
_EXACT = 1e17
"""Below it a whole number in a cell is said without a point."""


def rows_of_workbook(file: IO[bytes]) -> Iterator[list[str]]:
    """Of the first sheet that is visible and not empty, from its first row. Raises `TroubleError`."""
    sheet = _sheet(file)
    if sheet is None or sheet.start is None:
        raise TroubleError("empty")
    # What is above the first cell comes as empty rows; what is left of it does not come at all.
    before = [""] * sheet.start[1]
    for cells in sheet.iter_rows():
        yield before + [_said(cell) for cell in cells[:_COLUMNS]]


def _sheet(file: IO[bytes]) -> calamine.CalamineSheet | None:
    file.seek(0)
    try:
        book = calamine.CalamineWorkbook.from_filelike(file)
        for kind in book.sheets_metadata:
            if kind.visible is calamine.SheetVisibleEnum.Visible and kind.typ is calamine.SheetTypeEnum.WorkSheet:
                sheet = book.get_sheet_by_name(kind.name)
                if sheet.start is not None:
                    return sheet
    except calamine.PasswordError:
        raise TroubleError("encrypted") from None
    except (calamine.CalamineError, OSError, ValueError):
        raise TroubleError("broken") from None
    return None


def _said(cell: object) -> str:
    match cell:
        case str():
            return cell.encode("utf-8", "replace").decode()
        case bool():
            return str(cell).upper()
        case int():
            return str(cell)
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else f"{cell:.15g}".replace(".", ",")
        case datetime() if (cell.hour, cell.minute, cell.second) != (0, 0, 0):
            return f"{cell:%H:%M %d/%m/%Y}"
        case date():
            return f"{cell:%d/%m/%Y}"
        case time():
            return f"{cell:%H:%M}"
        case timedelta():
            return str(cell)
        case _:
            return ""
