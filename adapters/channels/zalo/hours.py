"""How long to wait, by the clock in Vietnam, which Zalo's nights and days follow. Pure."""

from datetime import datetime, time, timedelta

from bot.model.clock import VIETNAM

MORNING = time(6)
"""Templates that are not sent at night are sent from then on."""


def until_morning(now: datetime) -> float:
    """Seconds until the next 06:00."""
    return _until(now, MORNING)


def until_midnight(now: datetime) -> float:
    """Seconds until the next day begins, and with it a new quota."""
    return _until(now, time())


def until_next_minute(now: datetime) -> float:
    """Seconds until requests are counted anew; at least one."""
    return max(60.0 - now.second - now.microsecond / 1e6, 1.0)


def _until(now: datetime, moment: time) -> float:
    here = now.astimezone(VIETNAM)
    next_one = datetime.combine(here.date(), moment, VIETNAM)
    if next_one <= here:
        next_one += timedelta(days=1)
    return (next_one - here).total_seconds()
