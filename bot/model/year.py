"""One year of an office's calendar, counted once, so that the arithmetic of deadlines need not walk day by day."""

from array import array
from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from typing import NamedTuple


class Year(NamedTuple):
    first: int
    """Ordinal of 1 January."""
    kinds: bytes
    """Of each day: which hours it has; 0 is a day off."""
    days: "array[int]"
    """Working days before each day of the year; at the end all of them."""
    worked: "array[int]"
    """Microseconds of office hours before each day; at the end all of them."""

    @classmethod
    def counted(cls, first: date, kinds: bytes, *, lengths: Sequence[int]) -> "Year":
        """`lengths`: microseconds of the hours of each kind."""
        return cls(
            first.toordinal(),
            kinds,
            array("H", accumulate((kind > 0 for kind in kinds), initial=0)),
            array("q", accumulate((lengths[kind] for kind in kinds), initial=0)),
        )
