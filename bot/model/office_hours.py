"""The hours of one day: whether they are in order, how long they are, where in them a moment stands."""

from collections.abc import Sequence
from datetime import time, timedelta
from functools import lru_cache

MICROSECOND = timedelta(microseconds=1)

Span = tuple[time, time]
"""From … to … of one day."""


def check_hours(hours: Sequence[Span]) -> None:
    """Raises `ValueError`, with the place, where hours do not follow each other within one day."""
    before: time | None = None
    for opens, closes in hours:
        if opens.tzinfo or closes.tzinfo:
            raise ValueError("giờ Việt Nam, không ghi múi giờ / hours of Vietnam, without a time zone")
        if closes <= opens:
            raise ValueError(f"{_words(opens, closes)}: giờ đóng cửa phải sau giờ mở cửa / it closes before it opens")
        if before is not None and opens < before:
            raise ValueError(
                f"{_words(opens, closes)}: chồng lên khoảng trước, đến {before:%H:%M} / "
                f"overlaps with the hours before it, which end at {before:%H:%M}"
            )
        before = closes


@lru_cache(maxsize=1024)
def length_of(hours: tuple[Span, ...]) -> int:
    """Together, in microseconds."""
    return sum(into_the_day(closes) - into_the_day(opens) for opens, closes in hours)


def into_the_day(hour: time) -> int:
    """Microseconds since midnight."""
    return ((hour.hour * 60 + hour.minute) * 60 + hour.second) * 1_000_000 + hour.microsecond


def worked_until(hours: tuple[Span, ...], moment: int) -> int:
    """Microseconds of these hours that have passed so many microseconds after midnight."""
    return sum(max(min(moment, closes) - opens, 0) for opens, closes in _in_microseconds(hours))


def place_in(hours: tuple[Span, ...], worked: int, *, ends: bool) -> time:
    """When so many microseconds of these hours have passed: between two spells the end of the earlier one, or the
    beginning of the later one. What is more than there is, is the last closing."""
    spans = _in_microseconds(hours)
    for opens, closes in spans:
        if worked < closes - opens + ends:
            return _hour(opens + max(worked, 0))
        worked -= closes - opens
    return hours[-1][1]


@lru_cache(maxsize=1024)
def _in_microseconds(hours: tuple[Span, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((into_the_day(opens), into_the_day(closes)) for opens, closes in hours)


def _hour(microseconds: int) -> time:
    seconds, rest = divmod(microseconds, 1_000_000)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest)


def _words(opens: time, closes: time) -> str:
    return f"{opens:%H:%M}–{closes:%H:%M}"
