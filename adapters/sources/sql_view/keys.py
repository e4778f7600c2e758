"""Values by which rows are put in order: kept exactly in a cursor, and stepped back from for what comes late."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

from bot.model.errors import SourceError

Key = datetime | date | int | float | Decimal | bytes | str | UUID
"""A value of the changed column or the code column, as the driver gives it."""

_ISO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:(?P<gap>[T ])(?P<clock>\d\d:\d\d:\d\d)(?P<fraction>\.\d+)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
_DIGITS = re.compile(r"\d{14}")
_NATIONAL = "%Y%m%d%H%M%S"
_ENDLESS = re.compile(r"infinity|\d{5,}-.+")
_BEFORE_ALL = re.compile(r"-infinity|0000-00-00.*|.+ BC")
"""PostgreSQL's and MySQL's moments that Python has none for, which come as text."""

_NO_ORDER = (
    "Cột thời điểm thay đổi là chữ không ở dạng yyyy-MM-dd HH:mm:ss hay yyyyMMddHHmmss nên không xếp đúng thứ tự được; "
    'hãy CAST thành ngày giờ trong view, hoặc đặt mode = "all". / The changed column is text that does not sort by '
    'time: CAST it to a date and time in the view, or set mode = "all".'
)


def dumped(key: Key) -> Any:
    """As JSON, with its type where JSON has none of its own."""
    match key:
        case datetime():
            return {"datetime": key.isoformat()}
        case date():
            return {"date": key.isoformat()}
        case Decimal():
            return {"decimal": str(key)}
        case bytes():
            return {"bytes": key.hex()}
        case UUID():
            return {"uuid": str(key)}
        case _:
            return key


def loaded(kept: Any) -> Key:
    """What `dumped` was given. Raises `ValueError` for anything that it does not write."""
    match kept:
        case {"datetime": str(text)}:
            return datetime.fromisoformat(text)
        case {"date": str(text)}:
            return date.fromisoformat(text)
        case {"decimal": str(text)}:
            return Decimal(text)
        case {"bytes": str(text)}:
            return bytes.fromhex(text)
        case {"uuid": str(text)}:
            return UUID(text)
        case bool():
            raise ValueError(kept)
        case int() | float() | str():
            return kept
        case _:
            raise ValueError(kept)


def no_later(key: Key, now: datetime, utc_offset: float) -> Key:
    """`key`, or the present moment where it lies in the future: a row dated 2099 must not hide what follows."""
    here = timezone(timedelta(hours=utc_offset))
    match key:
        case datetime():
            present = now if key.tzinfo else now.astimezone(here).replace(tzinfo=None)
            return min(key, present)
        case date():
            return min(key, now.astimezone(here).date())
        case str() if _ENDLESS.fullmatch(key):
            # With the zone, which PostgreSQL passes over where the column has none.
            return now.astimezone(here).isoformat(" ", "seconds")
        case str():
            moment = _moment(key)
            present = now.astimezone(_zone(key) or here).replace(tzinfo=None)
            return key if moment is None or moment <= present else _like(key, present)
        case _:
            return key


def step_back(key: Key, *, seconds: float, number: int) -> Key:
    """A key that is earlier by `seconds`, or smaller by `number` where it is no time; never beyond the first one.

    Raises `SourceError` for a text that is no time.
    """
    try:
        match key:
            case datetime():
                return key - timedelta(seconds=seconds)
            case date():
                return key - timedelta(days=math.ceil(seconds / 86_400))
            case int() | float() | Decimal():
                return key - number
            case bytes():
                return max(0, int.from_bytes(key) - number).to_bytes(len(key))
            case str() if seconds and not _BEFORE_ALL.fullmatch(key):
                return _text_back(key, seconds)
            case _:
                return key
    except OverflowError:
        return key


def _text_back(text: str, seconds: float) -> str:
    moment = _moment(text)
    if moment is None:
        raise SourceError(_NO_ORDER)
    return _like(text, moment - timedelta(seconds=seconds))


def _moment(text: str) -> datetime | None:
    """Its own local time to the second; None where it is no time that sorts as text."""
    try:
        if found := _ISO.fullmatch(text):
            return datetime.fromisoformat(found["day"] + ("T" + found["clock"] if found["clock"] else ""))
        if _DIGITS.fullmatch(text):
            return datetime.strptime(text, _NATIONAL)  # noqa: DTZ007 - its own local time
    except ValueError:
        pass
    return None


def _zone(text: str) -> timezone | None:
    found = _ISO.fullmatch(text)
    if found is None or not found["zone"]:
        return None
    aware = datetime.fromisoformat("2000-01-01T00:00:00" + found["zone"])
    return timezone(aware.utcoffset() or timedelta()) if found["zone"] != "Z" else UTC


def _like(text: str, moment: datetime) -> str:
    """`moment` written in the shape of `text`, as long as it, so that both sort together."""
    found = _ISO.fullmatch(text)
    if found is None:
        return moment.strftime(_NATIONAL)
    if not found["clock"]:
        return moment.date().isoformat()
    fraction = "." + "0" * (len(found["fraction"]) - 1) if found["fraction"] else ""
    return moment.isoformat(found["gap"], "seconds") + fraction + (found["zone"] or "")


def shown(key: Key) -> Any:
    """As JSON for people, in a place that is read back by `loaded`: moments are plain text, which databases compare."""
    kept = dumped(key)
    if isinstance(kept, Mapping) and kept.keys() & {"datetime", "date", "uuid", "decimal"}:
        return next(iter(kept.values()))
    return kept
