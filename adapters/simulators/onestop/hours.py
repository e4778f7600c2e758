"""Office time: only the hours in which offices work, counted without a gap, so that a fast clock never pauses."""

from datetime import UTC, date, datetime, time, timedelta

from bot.model.clock import VIETNAM

HOUR = 3_600
DAY = 8 * HOUR
"""Seconds of work in a day: 07:00 to 11:30 and 13:30 to 17:00. Public holidays are worked through."""

_MORNING, _NOON, _EVENING = 7 * HOUR, 13 * HOUR + 1_800, 17 * HOUR
_MORNING_WORK = 4 * HOUR + 1_800
_MONDAY = date(2018, 1, 1)
LAST_SAME_DAY = 6 * HOUR
"""What comes after 15:00 is dealt with as if it had come the next morning."""


def worked(moment: datetime) -> int:
    """Seconds of work from a fixed Monday to `moment`; nights and weekends count as the next morning."""
    local = moment.astimezone(VIETNAM)
    week, weekday = divmod((local.date() - _MONDAY).days, 7)
    if weekday > 4:
        return (week * 5 + 5) * DAY
    clock = local.hour * HOUR + local.minute * 60 + local.second
    morning = min(max(clock - _MORNING, 0), _MORNING_WORK)
    return (week * 5 + weekday) * DAY + morning + min(max(clock - _NOON, 0), DAY - _MORNING_WORK)


def moment_at(seconds: int) -> datetime:
    """The moment, in UTC, at which so much has been worked."""
    day, rest = divmod(seconds, DAY)
    clock = _MORNING + rest if rest < _MORNING_WORK else _NOON + rest - _MORNING_WORK
    return _local(day, clock)


def closing_of(day: int) -> datetime:
    """17:00 of a working day, in UTC; days are counted as `seconds // DAY`."""
    return _local(day, _EVENING)


def _local(day: int, clock: int) -> datetime:
    week, weekday = divmod(day, 5)
    midnight = datetime.combine(_MONDAY + timedelta(days=week * 7 + weekday), time(), VIETNAM)
    return (midnight + timedelta(seconds=clock)).astimezone(UTC)
