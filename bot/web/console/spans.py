"""Lengths of time in words: `2 ngày 3 giờ`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def span(words: Mapping[str, Mapping[str, Any]], length: timedelta) -> str:
    """The two largest units. `words` are all of a language."""
    told: Mapping[str, str] = words["span"]
    seconds = abs(int(length.total_seconds()))
    units = [("day", seconds // _DAY), ("hour", seconds % _DAY // _HOUR), ("minute", seconds % _HOUR // _MINUTE)]
    first = next((place for place, (_, count) in enumerate(units) if count), None)
    if first is None:
        return told["under"]
    return " ".join(told[_key(unit, count)].format(count=count) for unit, count in units[first : first + 2] if count)


def _key(unit: str, count: int) -> str:
    return unit if count == 1 else f"{unit}s"
