"""Tables as files that Excel opens with the right letters and in columns."""

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

import xlsxwriter

from bot.model.errors import MotcuaError

STANDARD_OUTPUT = Path("-")

SEPARATOR = ";"
"""Where Vietnamese is the language of Windows, a comma stands in numbers and a semicolon between cells."""
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""Also as wide as a Chinese character: some settings of Excel read them alike (OWASP, CSV Injection)."""


def write_csv(target: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """UTF-8 with a byte order mark, to `target` or, for `-`, to standard output. What would be a formula is text.

    Raises `MotcuaError` where the file cannot be written.
    """
    content = csv_bytes(header, rows)
    if target == STANDARD_OUTPUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return
    try:
        target.write_bytes(content)
    except OSError as error:
        raise MotcuaError(f"{target}: không ghi được / cannot be written: {error.strerror}") from None


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The same as the content of a file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=SEPARATOR)
    writer.writerow([cell(name) for name in header])
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def cell(value: object) -> str:
    """A name that came from somebody else's file may begin like a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


Sheet = tuple[str, Sequence[str], Iterable[Sequence[object]]]
"""Name, header and rows."""


def write_xlsx(target: Path, sheets: Iterable[Sheet]) -> None:
    """A workbook, written row by row: numbers stay numbers, and what would be a formula is text.

    Raises `MotcuaError` where the file cannot be written.
    """
    try:
        # Opened before anything is written: the library leaves its own files open where it cannot begin.
        with target.open("wb") as file:
            _write_book(file, sheets)
    except OSError as error:
        raise MotcuaError(f"{target}: không ghi được / cannot be written: {error.strerror}") from None


def xlsx_bytes(sheets: Iterable[Sheet]) -> bytes:
    """The same as the content of a file."""
    file = io.BytesIO()
    _write_book(file, sheets)
    return file.getvalue()


def _write_book(file: IO[bytes], sheets: Iterable[Sheet]) -> None:
    as_text = {"strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, {"constant_memory": True, **as_text})
    bold = book.add_format({"bold": True})
    for name, header, rows in sheets:
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, header, bold)
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, row)
    book.close()
