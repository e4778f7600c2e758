"""Which column of a table is which: found by its heading, however that is accented, capitalised or spaced."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.model.sms import unaccented
from bot.recipient_files.trouble import TroubleError

PHONE = "phone"
CODE = "code"
SEARCHED = 20
"""Rows from the top among which the headings are looked for: offices put a title above their tables."""

_PHONES = frozenset(
    {
        "phone", "phone_number", "mobile", "mobile_phone", "mobile_number", "telephone", "tel", "sdt", "so_dt", "dt",
        "dtdd", "so_dtdd", "sodienthoai", "so_dien_thoai", "dien_thoai", "so_di_dong", "di_dong", "dien_thoai_di_dong",
        "so_dien_thoai_di_dong", "so_dien_thoai_lien_he", "dien_thoai_lien_he", "so_may",
    }
)  # fmt: skip
_CODES = frozenset(
    {
        "code", "dossier", "dossier_code", "ma_ho_so", "mahoso", "ma_so_ho_so", "so_ho_so", "ma_hs", "so_hs",
        "ma_so_hs",
    }
)  # fmt: skip
_SHOWN = 30
"""Headings, and characters of each, that an error repeats."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a text needs of each row beside the phone."""

    required: tuple[str, ...] = ()
    """Names of values without which it cannot be said. `code` is the dossier's code."""
    optional: tuple[str, ...] = ()
    """That may be empty, or be missing as columns."""

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row what stands; counted from 0."""

    row: int
    """The spreadsheet's number of the row of headings."""
    places: dict[str, int]
    """By name: `phone`, `code` and the names that the text uses."""
    headings: dict[str, str]
    """As the file writes them, by the same names."""


def folded(heading: str) -> str:
    """`Địa điểm (*)` becomes `dia_diem`, which is how a text can name it."""
    return re.sub(r"[^a-z0-9]+", "_", unaccented(heading).casefold()).strip("_")


def letter(place: int) -> str:
    """`A` for 0, `AB` for 27, as spreadsheets name columns."""
    letters = ""
    while place >= 0:
        place, rest = divmod(place, 26)
        letters = chr(ord("A") + rest) + letters
        place -= 1
    return letters


def columns_in(rows: Sequence[Sequence[str]], wanted: Wanted, *, first: int = 1) -> Columns:
    """Of the first row that has a column of phones. `rows` begin with the spreadsheet's row `first`.

    Raises `TroubleError`.
    """
    for number, cells in enumerate(rows[:SEARCHED], first):
        if any(_meant(cell, wanted) == PHONE for cell in cells):
            return _columns(number, cells, wanted)
    filled = next((cells for cells in rows if any(cell.strip() for cell in cells)), None)
    if filled is None:
        raise TroubleError("empty")
    raise TroubleError("no_phone", has=_shown(filled))


def score(rows: Sequence[Sequence[str]], wanted: Wanted) -> int:
    """How many of the columns that are looked for the best row of headings has: tells one separator from another."""
    return max((len({_meant(cell, wanted) for cell in cells} - {""}) for cells in rows[:SEARCHED]), default=0)


def _columns(number: int, cells: Sequence[str], wanted: Wanted) -> Columns:
    found: dict[str, list[int]] = {}
    for place, cell in enumerate(cells):
        if name := _meant(cell, wanted):
            found.setdefault(name, []).append(place)
    for places in found.values():
        if len(places) > 1:
            raise TroubleError(
                "same_column_twice", name=cells[places[0]].strip(), letters=[letter(at) for at in places]
            )
    if missing := [name for name in wanted.required if name not in found]:
        raise TroubleError("missing_columns", missing=missing, has=_shown(cells))
    first = {name: places[0] for name, places in found.items()}
    return Columns(number, first, {name: " ".join(cells[at].split())[:_SHOWN] for name, at in first.items()})


def _meant(heading: str, wanted: Wanted) -> str:
    """A name of the text comes first: it may well be called `so_may`."""
    name = folded(heading[:200])
    if name in wanted.names:
        return name
    return PHONE if name in _PHONES else CODE if name in _CODES else ""


def _shown(cells: Iterable[str]) -> list[str]:
    return [" ".join(cell.split())[:_SHOWN] for cell in cells if cell.strip()][:_SHOWN]
