"""Tables with names and phone numbers: written line by line into a file that nobody but its owner can read."""

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xlsxwriter

from bot.model.errors import MotcuaError
from bot.spreadsheet import SEPARATOR, cell

Write = Callable[[Sequence[object]], None]
"""Adds a line."""

_WIDTH = 22
_AS_TEXT = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
"""What came from somebody else's file is text, whatever it begins with."""


@contextmanager
def private_table(path: Path, header: Sequence[str]) -> Iterator[Write]:
    """An Excel or CSV file, after its name. It is there once it is whole; an older one of the name is replaced.

    Raises `MotcuaError` for another kind of file, and where it cannot be written.
    """
    writers = {".xlsx": _workbook, ".csv": _csv}
    if path.suffix.lower() not in writers:
        raise MotcuaError(f"{path}: chỉ ghi được .xlsx hoặc .csv / only .xlsx or .csv can be written")
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with writers[path.suffix.lower()](part) as write:
                write(header)
                yield write
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise MotcuaError(f"{path}: không ghi được / cannot be written: {error.strerror}") from None


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=SEPARATOR)
        yield lambda row: writer.writerow([cell(value) for value in row])


@contextmanager
def _workbook(path: Path) -> Iterator[Write]:
    book: Any = xlsxwriter.Workbook(path, {**_AS_TEXT, "tmpdir": str(path.parent)})
    sheet = book.add_worksheet()
    sheet.set_column(0, 20, _WIDTH)
    sheet.freeze_panes(1, 0)
    number = 0

    def write(row: Sequence[object]) -> None:
        nonlocal number
        for column, value in enumerate(row):
            sheet.write_string(number, column, "" if value is None else str(value))
        number += 1

    try:
        yield write
    finally:
        book.close()
