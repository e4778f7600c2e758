"""The rows of a CSV text, whatever the text is: bounded in memory, and one bad row never hides the next."""

import csv
from collections.abc import Iterator
from typing import TextIO
from unicodedata import normalize

_MOST_LINES = 200
"""More lines than this within one row mean that a quotation mark was opened and never closed."""

_TOO_LONG = "\0too long\n"
"""Stands for a line whose end was skipped unread; told apart by identity."""

NUL = "Dòng có ký tự NUL (UTF-16 mà thiếu BOM?); hãy xuất lại tệp dạng CSV UTF-8."
TOO_LONG = "Dòng dài quá giới hạn {limit} ký tự nên không được đọc."
UNCLOSED = "Dấu ngoặc kép mở ra mà không đóng lại; dòng này không được đọc, các dòng sau vẫn được đọc."
CELL_TOO_LONG = "Có ô dài quá giới hạn nên dòng không được đọc."


class _Runaway(Exception):  # noqa: N818 - a signal through csv.reader, never seen outside
    """One row has taken more lines or characters than any row has."""


def rows(text: TextIO, *, delimiter: str, longest: int) -> Iterator[list[str] | str]:
    """The rows in order, the header first: the cells (NFC), or in Vietnamese why the row cannot be read.

    A blank line is an empty list, so that counting what comes out gives the row numbers of a spreadsheet.
    After a quotation mark that is never closed, reading goes on with the line after it.
    """
    lines = _Lines(text, longest)
    reader = csv.reader(lines, delimiter=delimiter)
    taken = lines.taken
    while True:
        taken.clear()
        lines.size = 0
        try:
            cells = next(reader, None)
        except _Runaway:
            yield lines.give_back(UNCLOSED)
            continue
        except csv.Error:
            yield lines.give_back(CELL_TOO_LONG)
            continue
        if cells is None:
            return
        if lines.ended:
            yield lines.give_back(UNCLOSED)
        elif lines.fault:
            yield lines.take_fault()
        else:
            yield cells


class _Lines:
    """Feeds csv.reader one bounded line at a time and remembers the lines of the present row."""

    def __init__(self, text: TextIO, longest: int) -> None:
        self._text = text
        self._longest = longest
        self._again: list[str] = []
        self.taken: list[str] = []
        self.size = 0
        self.ended = False
        """csv.reader has asked for a line after the last: at a row's end this means an open quotation mark."""
        self.fault = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._read()
        if not line:
            self.ended = True
            raise StopIteration
        taken = self.taken
        taken.append(line)
        self.size += len(line)
        if len(taken) > 1 and (len(taken) > _MOST_LINES or self.size > self._longest or line is _TOO_LONG):
            raise _Runaway
        if "\0" in line:
            self.fault = TOO_LONG.format(limit=self._longest) if line is _TOO_LONG else NUL
            return "\n"
        return line if line.isascii() else normalize("NFC", line)

    def _read(self) -> str:
        line = self._text.readline(self._longest)
        if len(line) < self._longest or line[-1] in "\r\n":
            return line
        while rest := self._text.readline(self._longest):
            if rest[-1] in "\r\n":
                break
        return _TOO_LONG

    def give_back(self, reason: str) -> str:
        """The row's first line is given up; the others will be read again as rows of their own."""
        if "\0" not in self.taken[0]:
            self.fault = ""
        self._again.extend(reversed(self.taken[1:]))
        self.ended = False
        return self.take_fault() or reason

    def take_fault(self) -> str:
        fault, self.fault = self.fault, ""
        return fault
