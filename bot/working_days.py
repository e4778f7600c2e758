"""Working days in Vietnam: public holidays, the days off in their place, and what the office's calendar adds."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from holidays import country_holidays

from bot.config import CalendarSettings

LONGEST = 5 * 366
"""Days over which it counts. A date beyond them is a slip of the pen in the record."""

_SATURDAY = 5


def is_working_day(day: date, calendar: CalendarSettings) -> bool:
    """Monday to Friday without public holidays (BLLĐ 2019 Đ112, NQ 28/2026/QH16), and make-up days.

    What the calendar says goes before what is known of the year: first its make-up days, then its days off.
    """
    if day in calendar.working_days:
        return True
    if day in calendar.days_off:
        return False
    days_off, make_up_days = _year(day.year)
    return day in make_up_days or (day.weekday() < _SATURDAY and day not in days_off)


def working_days(since: date, until: date, calendar: CalendarSettings) -> int:
    """Working days after `since` until `until`, that day among them; 0 where `until` is not later.

    The first day is not counted (Bộ luật Dân sự 2015 Đ147). Both are days in Vietnam. Counts no further than `LONGEST`.
    """
    return sum(is_working_day(day, calendar) for day in _days(since, until))


def _days(since: date, until: date) -> Iterator[date]:
    return (since + timedelta(days=number) for number in range(1, min((until - since).days, LONGEST) + 1))


@cache
def _year(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Days off and make-up days of a year, as far as they are known. An observed day is there for its holiday."""
    known = country_holidays("VN", years=year)
    return frozenset(known), frozenset(known.weekend_workdays)
