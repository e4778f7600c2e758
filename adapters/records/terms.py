"""What few records have: how papers come and go, what is to be paid, until when, and whether the clock stands."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from adapters.records.cells import cell
from adapters.records.columns import TERMS, Columns, fold
from adapters.records.dates import Moments
from adapters.records.settings import RecordSettings
from bot.model.dossier import Handing

_LONGEST = 64
"""Characters of a tracking code, and of a fee in words."""
_MOST_DAYS = 366

_MOMENTS = ("fee_paid_at", "asked_at", "supplement_until", "paused_at", "resumed_at")

_CHANNEL = {"1": Handing.COUNTER, "2": Handing.ONLINE, "3": Handing.POST}
"""The numbers of `KenhThucHien`."""
_FORM = {"0": Handing.COUNTER, "1": Handing.POST}
"""The numbers of `HinhThuc` and `HinhThucTra`."""
_WORDS = {
    Handing.POST: ("buuchinh", "buudien", "bcci", "post"),
    Handing.ONLINE: ("tructuyen", "quamang", "dientu", "online"),
    Handing.COUNTER: ("tructiep", "motcua", "taiquay", "counter"),
}
"""Parts of words, in the order in which they are looked for: one hands papers in at a post office too."""
_NO = frozenset({"", "0", "false", "khong", "no"})

_AMOUNT = re.compile(r"\d{1,3}(?:[.,]\d{3})+|\d{1,12}(?:[.,]0{1,4})?")
_UNIT = re.compile(r"\s*(?:đồng|dong|vnđ|vnd|đ)\.?$", re.IGNORECASE)

Handings = Callable[[str], Handing | None]
Refuse = Callable[[int], None]
"""Notes that the cell at this place cannot be read."""


class TermReader:
    """Reads the cells of one row as fields of a `Dossier`; what is empty is left out."""

    def __init__(
        self, columns: Columns, settings: RecordSettings, moment: Moments, end_of_day: Moments, *, width: int
    ) -> None:
        """`end_of_day` reads a date without a time as the end of that day. `width`: how many columns there are."""
        self._moment, self._end_of_day = moment, end_of_day
        self._last_day = last_days(end_of_day, settings.utc_offset)
        self._filed = handings(settings.filed, columns.name_of(columns.filed_by), otherwise=_CHANNEL)
        self._returned = handings(settings.returned, columns.name_of(columns.returned_by), otherwise=_FORM)
        self._places = {field: getattr(columns, field) for field in TERMS}
        self._present = [(field, index) for field, index in self._places.items() if index < width]
        self.is_needed = bool(self._present)
        """False where none of this can stand anywhere."""

    def read(self, cells: Sequence[str], refuse: Refuse) -> dict[str, Any]:
        # Of ten columns a row mostly fills one or two, and a reading has thousands of rows.
        filled = {field: cells[index] for field, index in self._present if cells[index]}
        return self._terms(filled, refuse) if filled else {}

    def _terms(self, filled: Mapping[str, str], refuse: Refuse) -> dict[str, Any]:
        terms: dict[str, Any] = {}
        if "filed_by" in filled:
            terms["filed_by"] = self._filed(filled["filed_by"])
        if "returned_by" in filled:
            terms["returned_by"] = self._returned(filled["returned_by"])
        if "by_post" in filled and is_yes(filled["by_post"]):
            terms["returned_by"] = Handing.POST
        if len(filled) > len(terms):
            terms["tracking"] = filled.get("tracking", "").strip()[:_LONGEST]
            terms["fee"] = amount(filled.get("fee", ""))
            terms |= self._moments(filled, refuse)
        return terms

    def _moments(self, filled: Mapping[str, str], refuse: Refuse) -> dict[str, datetime | None]:
        at = {field: self._date(field, filled, refuse) for field in _MOMENTS if field in filled}
        paused, resumed, asked = at.get("paused_at"), at.get("resumed_at"), at.get("asked_at")
        until, days = at.get("supplement_until"), days_in(filled.get("supplement_until", ""))
        return {
            "fee_paid_at": at.get("fee_paid_at"),
            "supplement_until": self._last_day(asked, days) if days and asked else until,
            "paused_at": None if paused and resumed and resumed >= paused else paused,
        }

    def _date(self, field: str, filled: Mapping[str, str], refuse: Refuse) -> datetime | None:
        """As the column has it; a term in days is none, yet no fault."""
        is_term = field == "supplement_until"
        if is_term and days_in(filled[field]):
            return None
        try:
            return (self._end_of_day if is_term else self._moment)(filled[field])
        except ValueError:
            refuse(self._places[field])
            return None


def handings(own: Mapping[str, Handing], column: str, *, otherwise: Mapping[str, Handing] = _CHANNEL) -> Handings:
    """A reader of cells; `own` is the source's own map. The same number means different things by `column`: those of
    a column that is called otherwise are `otherwise`."""
    words = {fold(word): handing for word, handing in own.items()}
    name = fold(column.rpartition(".")[2])
    numbers = _FORM if name.startswith("hinhthuc") else _CHANNEL if name.startswith("kenh") else otherwise

    @lru_cache(maxsize=256)
    def known(text: str) -> Handing | None:
        word = fold(text)
        if word in words:
            return words[word]
        if word.isdecimal():
            return numbers.get(word)
        return next((handing for handing, parts in _WORDS.items() if any(part in word for part in parts)), None)

    return lambda text: known(text[:_LONGEST]) if text else None


def is_yes(text: str) -> bool:
    """Whether a cell says yes: anything but nothing, 0, false and không."""
    return bool(text) and fold(text) not in _NO


def days_in(text: str) -> int:
    """A term in days, `15` or `15 ngày`; 0 for what is no such number."""
    number = text.strip().lower().removesuffix("ngày").strip().removesuffix(".0")
    is_number = number.isascii() and number.isdecimal() and len(number) <= 3
    return int(number) if is_number and int(number) <= _MOST_DAYS else 0


def last_days(end_of_day: Moments, utc_offset: float) -> Callable[[datetime, int], datetime | None]:
    """(asked for, days) → the end of the last day. Calendar days: where the source means working days, what citizens
    read is rather too early than too late."""
    ahead = timedelta(hours=utc_offset)
    return lambda asked, days: end_of_day(f"{asked + ahead + timedelta(days=days):%Y-%m-%d}")


@lru_cache(maxsize=1_024)
def amount(text: str) -> str:
    """`150000` → `150.000 đồng`; other words as they stand; empty for nothing, and for an amount of 0."""
    words = " ".join(text.split())[:_LONGEST]
    count = dong_in(words)
    if count is None:
        return words
    return f"{count:,} đồng".replace(",", ".") if count else ""


def dong_in(text: str) -> int | None:
    """An amount in đồng, with or without the unit, points and decimals; None for what is no amount."""
    if len(text) > _LONGEST:
        # A cell may be as long as the answer that it came in, and the search for a unit grows with its square.
        return None
    bare = _UNIT.sub("", text.strip())
    if not _AMOUNT.fullmatch(bare):
        return None
    groups = re.split("[.,]", bare)
    if len(groups) > 1 and len(groups[-1]) != 3:
        groups.pop()
    return int("".join(groups))


def total(prices: Iterable[object]) -> str:
    """What is to be paid together; empty where some price is no amount, for then the sum would be wrong."""
    sum_ = 0
    for price in prices:
        try:
            each = dong_in(cell(price)) if price not in (None, "") else 0
        except ValueError:
            return ""
        if each is None:
            return ""
        sum_ += each
    return amount(str(sum_)) if sum_ else ""
