"""Office time: only the hours in which offices work, counted without a gap, so that a fast clock never pauses."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from bot.model.calendar import Calendar
from bot.model.clock import VIETNAM

HOUR = 3_600
DAY = 8 * HOUR
"""Seconds of work in a day: 07:00 to 11:30 and 13:30 to 17:00."""

_MORNING, _NOON, _EVENING = 7 * HOUR, 13 * HOUR + 1_800, 17 * HOUR
_MORNING_WORK = 4 * HOUR + 1_800
_FIRST, _LAST = date(2015, 1, 1), date(2040, 12, 31)
"""Between them a fake province can be."""
LAST_SAME_DAY = 6 * HOUR
"""What comes after 15:00 is dealt with as if it had come the next morning."""


def worked(moment: datetime) -> int:
    """Seconds of work from a fixed day to `moment`; nights, weekends and holidays count as the next morning."""
    local = moment.astimezone(VIETNAM)
    days = _working_days()
    number = bisect_left(days, local.date())
    if days[number] != local.date():
        return number * DAY
    clock = local.hour * HOUR + local.minute * 60 + local.second
    morning = min(max(clock - _MORNING, 0), _MORNING_WORK)
    return number * DAY + morning + min(max(clock - _NOON, 0), DAY - _MORNING_WORK)


def moment_at(seconds: int) -> datetime:
    """The moment, in UTC, at which so much has been worked."""
    day, rest = divmod(seconds, DAY)
    clock = _MORNING + rest if rest < _MORNING_WORK else _NOON + rest - _MORNING_WORK
    return _local(day, clock)


def closing_of(day: int) -> datetime:
    """17:00 of a working day, in UTC; days are counted as `seconds // DAY`."""
    return _local(day, _EVENING)


def _local(day: int, clock: int) -> datetime:
    midnight = datetime.combine(_working_days()[day], time(), VIETNAM)
    return (midnight + timedelta(seconds=clock)).astimezone(UTC)


@cache
def _working_days() -> list[date]:
    calendar, days = Calendar(), (_LAST - _FIRST).days
    return [day for number in range(days + 1) if calendar.is_working_day(day := _FIRST + timedelta(days=number))]
