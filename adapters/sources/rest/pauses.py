"""How long to wait before a request is made again."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


class Pauses:
    """Growing, jittered pauses in seconds; one that the server asked for is obeyed up to `longest`."""

    def __init__(self, first: float, longest: float, chance: Callable[[], float] = random.random) -> None:
        self._first, self._longest, self._chance = first, longest, chance

    def before(self, attempt: int, asked: float | None) -> float:
        """`attempt` is 2 for the first repetition."""
        grown = self._first * 2.0 ** (attempt - 2) * (0.5 + self._chance())
        return min(self._longest, grown if asked is None else max(asked, 0.0))


def retry_after(value: str | None, *, their_now: str | None, our_now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110 §10.2.3); None where it says nothing readable.

    A date is measured by the server's own clock (`their_now`, its Date header) where it shows it.
    """
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    until = _date(value)
    return (until - (_date(their_now) or our_now)).total_seconds() if until else None


def _date(value: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
