"""Moments as offices write them: national digits, dd/MM/yyyy, ISO 8601 and Excel's serial numbers."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache

Moments = Callable[[str], datetime | None]
"""Reads a cell: a moment in UTC, None where there is no date; raises `ValueError` where it is not a date."""

_LONGEST = 64
"""Characters of a cell that can be a date."""
_EARLIEST, _LATEST = 1950, 2100
_NO_YEARS = frozenset({1, 1753, 1899, 1900, 9999})
"""What databases write for "no date": 0001 of .NET, 1753 and 1900 of SQL Server, 1899 of Excel, 9999."""
_SERIALS = range(20_000, 73_050)
"""Excel's day numbers for 1954 to 2099: five digits, never to be taken for a date written in digits."""
_EXCEL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a local date, as every cell is

_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")
_CLOCK = r"(\d{1,2})(?:[:h](\d{1,2}))(?::(\d{1,2}))?(?:[.,]\d+)?\s*(sa|ch|am|pm)?"
_DAY = r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})"
_DAY_FIRST = re.compile(rf"{_DAY}(?:,?\s+(?:lúc\s+)?{_CLOCK})?", re.IGNORECASE)
_CLOCK_FIRST = re.compile(rf"{_CLOCK},?\s+(?:ngày\s+)?{_DAY}", re.IGNORECASE)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")
_SHAPES = {8: "000000", 12: "00", 14: ""}
"""How many digits a national date has, and what is missing of HHmmss."""


def moments(utc_offset: float) -> Moments:
    """A reader of cells for times that are `utc_offset` hours ahead of UTC where they name no zone."""
    ahead = timedelta(hours=utc_offset)

    @lru_cache(maxsize=16_384)
    def known(text: str) -> datetime | None:
        return _read(text.strip(), ahead)

    def moment(text: str) -> datetime | None:
        if len(text) > _LONGEST:
            raise ValueError(len(text))
        return known(text)

    return moment


def appointments(moment: Moments, *, utc_offset: float, day_ends_at: time) -> Moments:
    """Reads as `moment` does; an appointment that names only a day means the end of it."""
    ahead = timedelta(hours=utc_offset)
    until_end = timedelta(hours=day_ends_at.hour, minutes=day_ends_at.minute, seconds=day_ends_at.second)

    def appointment(text: str) -> datetime | None:
        at = moment(text)
        return at + until_end if at is not None and (at + ahead).time() == time.min else at

    return appointment


def _read(text: str, ahead: timedelta) -> datetime | None:
    if not text.strip("0"):
        return None
    if text.isdecimal() and len(text) in _SHAPES:
        moment = _digits(text)
    elif _SERIAL.fullmatch(text):
        moment = _serial(text)
    elif _ISO.fullmatch(text):
        moment = datetime.fromisoformat(text)
    else:
        moment = _written(text)
    if not _plausible(moment.year):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC) - ahead


def _digits(text: str) -> datetime:
    text += _SHAPES[len(text)]
    return datetime.fromisoformat(f"{text[:8]}T{text[8:]}")


def _serial(text: str) -> datetime:
    days = float(text.replace(",", "."))
    if int(days) not in _SERIALS:
        raise ValueError(text)
    return _EXCEL_ZERO + timedelta(seconds=round(days * 86_400))


def _written(text: str) -> datetime:
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year, hour, minute, second, half = match.groups()
    elif match := _CLOCK_FIRST.fullmatch(text):
        hour, minute, second, half, day, month, year = match.groups()
    else:
        raise ValueError(text)
    return datetime(int(year), int(month), int(day), _hour(hour, half), int(minute or 0), int(second or 0))  # noqa: DTZ001 - the caller knows the zone


def _hour(hour: str | None, half: str | None) -> int:
    """Windows in Vietnamese writes SA (sáng) and CH (chiều) for AM and PM."""
    if half is None:
        return int(hour or 0)
    if not 1 <= int(hour or 0) <= 12:
        raise ValueError(hour)
    return int(hour or 0) % 12 + (12 if half.lower() in {"ch", "pm"} else 0)


def _plausible(year: int) -> bool:
    """False where the date stands for none; raises `ValueError` for a year in which no dossier was dealt with."""
    if _EARLIEST <= year <= _LATEST:
        return True
    if year in _NO_YEARS:
        return False
    raise ValueError(year)
