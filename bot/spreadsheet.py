"""Tables as files that Excel opens with the right letters and in columns."""

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.model.errors import MotcuaError

STANDARD_OUTPUT = Path("-")

_SEPARATOR = ";"
"""Where Vietnamese is the language of Windows, a comma stands in numbers and a semicolon between cells."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(target: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """UTF-8 with a byte order mark, to `target` or, for `-`, to standard output. What would be a formula is text.

    Raises `MotcuaError` where the file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=_SEPARATOR)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    content = text.getvalue().encode("utf-8-sig")
    if target == STANDARD_OUTPUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return
    try:
        target.write_bytes(content)
    except OSError as error:
        raise MotcuaError(f"{target}: không ghi được / cannot be written: {error.strerror}") from None


def _cell(value: object) -> str:
    """A name that came from somebody else's file may begin like a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
