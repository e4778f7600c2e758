"""CSV as programs write it here: UTF-8, UTF-16 or windows-1258, with commas, semicolons or tabs."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, cast

from bot.recipient_files.columns import SEARCHED, Wanted, score
from bot.recipient_files.trouble import TroubleError

_SEPARATORS = ",;\t|"
_HEAD = 64 * 1024
_CHUNK = 1 << 20
_LONGEST_CELL = 32_767
"""Characters, as in Excel; a quote that never closes makes a longer one."""
_BINARY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MARKUP = re.compile(r"\s*<(!doctype|html|table|\?xml|meta|head|body|style|svg)", re.IGNORECASE)


def rows_of_text(file: IO[bytes], wanted: Wanted) -> Iterator[list[str]]:
    """Row by row, as Excel would number them. Raises `TroubleError`."""
    encoding = _encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(cast("io.BufferedReader", file), encoding=encoding, errors="replace", newline="")
    try:
        head = text.read(_HEAD)
        if _BINARY.search(head) or _MARKUP.match(head):
            raise TroubleError("not_a_table")
        separator, told = _separator(head, wanted)
        text.seek(0)
        yield from islice(_rows(text, separator), int(told), None)
    finally:
        text.detach()


def _rows(text: Iterable[str], separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(text, delimiter=separator)
    read = 0
    try:
        for cells in reader:
            read += 1
            yield cells
    except csv.Error:
        raise TroubleError("quotes", row=read + 1) from None


def _encoding(file: IO[bytes]) -> str:
    file.seek(0)
    head = file.read(_HEAD)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Latin letters have a zero beside them in UTF-16.
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 8:
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8" if _is_utf8(file) else "cp1258"


def _is_utf8(file: IO[bytes]) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _separator(head: str, wanted: Wanted) -> tuple[str, bool]:
    """And whether the first line does nothing but say it, as Excel understands: `sep=;`."""
    if told := re.match(r'"?sep=(.)"?\r?\n', head):
        return told[1], True
    lines = head.splitlines(keepends=True)[:-1] or head.splitlines(keepends=True)

    def columns(separator: str) -> tuple[int, int]:
        try:
            rows = list(islice(csv.reader(lines, delimiter=separator), SEARCHED))
        except csv.Error:
            return 0, 0
        return score(rows, wanted), max(map(len, rows), default=0)

    return max(_SEPARATORS, key=columns), False
