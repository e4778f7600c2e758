"""Message ids: 26 characters, sorted by time, unique over processes; used as the provider's reference."""

import secrets
from collections.abc import Callable
from datetime import datetime

from bot.model.clock import Clock, to_millis

NewId = Callable[[], str]
"""Makes one id a call. Passed in, so that tests can number their messages."""

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
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
        return "".join(_DIGITS[last >> shift & 31] for shift in range(125, -1, -5))

    return new_id


def first_id_at(moment: datetime) -> str:
    """Below every id that was made at that moment or later, and above all earlier ones."""
    first = to_millis(moment) << _RANDOM_BITS
    return "".join(_DIGITS[first >> shift & 31] for shift in range(125, -1, -5))
