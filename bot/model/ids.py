"""Message ids: 26 characters, sorted by time, unique over processes; used as the provider's reference."""

import secrets
from collections.abc import Callable
from datetime import datetime

from bot.model.clock import Clock, to_millis

NewId = Callable[[], str]
"""Makes one id a call. Passed in, so that tests can number their messages."""

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_RANDOM_BITS = 80


def id_maker(clock: Clock, random_bits: Callable[[int], int] = secrets.randbits) -> NewId:
    """An id maker whose ids rise within one process even inside the same millisecond.

    Shape: the ULID's, 48 bits of UTC milliseconds and 80 random bits in Crockford's base 32.
    """
    last = 0

    def new_id() -> str:
        nonlocal last
        fresh = to_millis(clock()) << _RANDOM_BITS | random_bits(_RANDOM_BITS)
        last = fresh if fresh > last else last + 1
        return _in_digits(last)

    return new_id


def first_id_at(moment: datetime) -> str:
    """Below every id that was made at that moment or later, and above all earlier ones."""
    return _in_digits(to_millis(moment) << _RANDOM_BITS)


def _in_digits(number: int) -> str:
    """130 bits, two digits at a time: of a broadcast's messages this was a tenth of the work."""
    high, middle, low = number >> 90, number >> 40 & 0x3FFFFFFFFFFFF, number & 0xFFFFFFFFFF
    return "".join(
        [
            _PAIRS[high >> 30 & 1023], _PAIRS[high >> 20 & 1023], _PAIRS[high >> 10 & 1023], _PAIRS[high & 1023],
            _PAIRS[middle >> 40], _PAIRS[middle >> 30 & 1023], _PAIRS[middle >> 20 & 1023],
            _PAIRS[middle >> 10 & 1023], _PAIRS[middle & 1023],
            _PAIRS[low >> 30], _PAIRS[low >> 20 & 1023], _PAIRS[low >> 10 & 1023], _PAIRS[low & 1023],
        ]
    )  # fmt: skip
