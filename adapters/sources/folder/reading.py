"""One export file, from its first byte to its last, in pieces of a batch's size."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self, TextIO

from adapters.records.columns import columns_of, known_names
from adapters.records.reader import RowReader
from adapters.sources.folder.decoding import text_of
from adapters.sources.folder.lines import rows
from adapters.sources.folder.settings import Settings
from adapters.sources.folder.workbook import Workbook, is_workbook
from bot.model.clock import utc_now
from bot.model.course import is_older
from bot.model.dossier import Dossier
from bot.model.errors import SourceError
from bot.ports import Quarantined

_DELIMITERS = (",", ";", "\t", "|")


class Changed(Exception):  # noqa: N818 - not an error: the next version will be read instead
    """The file was replaced or written to while it was being read."""


class Piece(NamedTuple):
    dossiers: tuple[Dossier, ...]
    """Each code once: where a file has it again, the later row counts, unless it says itself that it is older."""
    quarantined: tuple[Quarantined, ...]
    row: int
    """The last row that was read; 1 is the header of a plain file."""
    last: bool


class Reading:
    """An open export. All methods block: call them in a thread. Raises `SourceError` for what spoils a whole file,
    `OSError` where the file cannot be opened, `Changed` where it changes under our eyes."""

    def __init__(self, path: Path, settings: Settings, *, source: str, place: str = "") -> None:
        """`place` is what the file is called in the quarantine, where that is not its present name."""
        self._path = path
        self._place = place or path.name
        self._settings = settings
        self._book: Workbook | None = None
        self._text: TextIO | None = None
        self._row = 0
        try:
            self._rows = self._open()
            self._reader = self._read_header(source)
        except UnicodeDecodeError as error:
            self.close()
            raise Changed(self._place) from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def skip(self, row: int) -> None:
        """Goes on after `row`, as counted by `Piece.row`."""
        while self._row < row and next(self._rows, None) is not None:
            self._row += 1

    def piece(self) -> Piece:
        """The next rows, at most `batch_rows`."""
        reader, found, ended = self._reader, dict[str, Dossier](), True
        until = self._row + self._settings.batch_rows
        try:
            for cells in self._rows:
                self._row = row = self._row + 1
                if isinstance(cells, str):
                    reader.refuse(row, cells)
                elif dossier := reader.read(row, cells):
                    _put(found, dossier)
                if row >= until:
                    ended = False
                    break
        except UnicodeDecodeError as error:
            raise Changed(self._place) from error
        self._check(ended=ended)
        quarantined, reader.quarantined = tuple(reader.quarantined), []
        return Piece(tuple(found.values()), quarantined, self._row, ended)

    def close(self) -> None:
        if self._text is not None:
            self._text.close()
        if self._book is not None:
            self._book.close()

    def _open(self) -> Iterator[list[str] | str]:
        settings, path = self._settings, self._path
        if is_workbook(path):
            self._book = Workbook(
                path,
                place=self._place,
                sheet=settings.sheet,
                unpacked_mib=settings.workbook_unpacked_mib,
                memory_mib=settings.workbook_memory_mib,
            )
            return rows(self._book.text, delimiter=",", longest=settings.longest_line)
        file = path.open("rb")
        self._version = _version_of(file)
        self._text = text_of(file, settings.encoding, self._place)
        return rows(self._text, delimiter=self._delimiter(self._text), longest=settings.longest_line)

    def _delimiter(self, text: TextIO) -> str:
        """As configured, as Excel's `sep=` line says (which is taken away), or as gives the most known names."""
        limit = self._settings.longest_line
        start = text.tell()
        line = text.readline(limit)
        if line[:4].lower() == "sep=" and line[4:].strip("\r\n") in _DELIMITERS:
            return line[4:].strip("\r\n")
        for _ in range(self._settings.header_row - 1):
            line = text.readline(limit)
        text.seek(start)
        if self._settings.delimiter != "auto":
            return self._settings.delimiter
        return max(_DELIMITERS, key=lambda delimiter: self._score(line, delimiter))

    def _score(self, line: str, delimiter: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            return 0, 0
        return known_names(cells, self._settings.fields), len(cells)

    def _read_header(self, source: str) -> RowReader:
        header: list[str] | str = []
        try:
            for _ in range(self._settings.header_row):
                header = next(self._rows)
                self._row += 1
        except StopIteration:
            self._check(ended=True)
            raise SourceError(f"Tệp {self._place} rỗng: không có dòng tiêu đề.") from None
        if isinstance(header, str):
            raise SourceError(f"Tệp {self._place}: không đọc được dòng tiêu đề. {header}")
        columns = columns_of(header, self._settings.fields, self._place)
        return RowReader(columns, self._settings, source=source, place=self._place)

    def _check(self, *, ended: bool) -> None:
        if self._book is not None:
            if ended:
                self._book.check()
        elif self._text is not None and _version_of(self._text) != self._version:
            raise Changed(self._place)


def _put(found: dict[str, Dossier], dossier: Dossier) -> None:
    other = found.get(dossier.code)
    if other is None:
        found[dossier.code] = dossier
    elif not is_older(dossier.sequence, dossier.updated_at, other.sequence, other.updated_at, now=utc_now()):
        del found[dossier.code]
        found[dossier.code] = dossier


def _version_of(file: BinaryIO | TextIO) -> tuple[int, int]:
    """Of the open file: one that another has replaced by renaming can still be read to its end."""
    stat = os.fstat(file.fileno())
    return stat.st_mtime_ns, stat.st_size
