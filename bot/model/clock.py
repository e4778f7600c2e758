"""Time as it is passed around: aware, UTC inside, Asia/Ho_Chi_Minh for people."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

Clock = Callable[[], datetime]
"""Answers the present moment, aware, in UTC. Passed in everywhere, so that tests own the time."""

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Indochina time. A fixed offset: Vietnam has had no daylight saving since 1975."""


def month_of(moment: datetime) -> str:
    """`2026-11`, the calendar month in Vietnam."""
    return moment.astimezone(VIETNAM).strftime("%Y-%m")


def day_of(moment: datetime) -> str:
    """`2026-11-02`, the day in Vietnam."""
    return moment.astimezone(VIETNAM).strftime("%Y-%m-%d")


def utc_now() -> datetime:
    return datetime.now(UTC)


def to_millis(moment: datetime) -> int:
    """UTC milliseconds since 1970, the form in which times are stored. `moment` must be aware."""
    # In whole numbers: by way of a float, what is read and kept again would grow older by a millisecond each time.
    return (moment - EPOCH) // MILLISECOND


@lru_cache(maxsize=1024)
def from_millis(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)
