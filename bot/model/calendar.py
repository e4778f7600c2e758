"""Working days and hours of an office in Vietnam, and the arithmetic of deadlines.

Days are days in Vietnam; moments are aware. The first day is not counted (Bộ luật Dân sự 2015 Đ147); a term that ends
on a day off ends on the next working day (Đ148(5)).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from holidays import country_holidays

from bot.model.clock import VIETNAM

LONGEST = 5 * 366
"""Days over which it counts. A date beyond them is a slip of the pen in the record."""

_SATURDAY = 5
_DAY = timedelta(days=1)

Span = tuple[time, time]
"""From … to … of one day."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When one office works."""

    hours: tuple[Span, ...] = ((time(7, 0), time(11, 30)), (time(13, 30), time(17, 0)))
    """Of a working day, in order. Together they are the hours of one working day."""
    saturday: tuple[Span, ...] = ()
    """Of a Saturday; empty: closed."""
    cut_off: time = time(15, 0)
    """What is received later counts as received on the next working day (NĐ 61/2018/NĐ-CP Đ18(2))."""
    days_off: frozenset[date] = frozenset()
    """Beside the public holidays."""
    make_up_days: frozenset[date] = frozenset()
    """Days off on which the office works; they go before `days_off`."""

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday without public holidays (BLLĐ 2019 Đ112, NQ 28/2026/QH16), and make-up days."""
        if day in self.make_up_days:
            return True
        if day in self.days_off:
            return False
        days_off, make_up_days = _year(day.year)
        weekend = _SATURDAY if not self.saturday else _SATURDAY + 1
        return day in make_up_days or (day.weekday() < weekend and day not in days_off)

    def hours_of(self, day: date) -> tuple[Span, ...]:
        """Office hours of this day; empty on a day off."""
        if not self.is_working_day(day):
            return ()
        is_short = day.weekday() == _SATURDAY and self.saturday and day not in self.make_up_days
        return self.saturday if is_short else self.hours

    def working_days(self, since: date, until: date) -> int:
        """Working days after `since` until `until`, that day among them; 0 where `until` is not later. Counts no
        further than `LONGEST`."""
        return sum(self.is_working_day(day) for day in _days(since, until))

    def next_working_day(self, day: date) -> date:
        """`day` itself, or the first working day after it."""
        while not self.is_working_day(day):
            day += _DAY
        return day

    def add_days(self, day: date, number: int) -> date:
        """The day that is `number` working days after `day` (before it where negative); for 0 `next_working_day`."""
        step = _DAY if number > 0 else -_DAY
        for _ in range(abs(number)):
            day += step
            while not self.is_working_day(day):
                day += step
        return self.next_working_day(day)

    def opening(self, day: date) -> datetime:
        """When the office opens on a working day."""
        return _at(day, (self.hours_of(day) or self.hours)[0][0])

    def closing(self, day: date) -> datetime:
        """When the office closes on a working day."""
        return _at(day, (self.hours_of(day) or self.hours)[-1][1])

    def day_of_receipt(self, received_at: datetime) -> date:
        """The working day on which something counts as received: the next one after the cut-off or on a day off."""
        local = received_at.astimezone(VIETNAM)
        day = local.date()
        if self.is_working_day(day) and local.time() > self.cut_off:
            day += _DAY
        return self.next_working_day(day)

    def due(self, received_at: datetime, days: int) -> datetime:
        """The end of a term of so many working days: the closing hour of its last day."""
        return self.closing(self.add_days(self.day_of_receipt(received_at), days))

    def days_before(self, due_at: datetime, days: int) -> datetime:
        """The last moment that is `days` working days before the day of `due_at`: the closing hour of that day."""
        return self.closing(self.add_days(due_at.astimezone(VIETNAM).date(), -days))

    def worked(self, since: datetime, until: datetime) -> timedelta:
        """Office hours between two moments; zero where `until` is not later."""
        total = timedelta()
        first, last = since.astimezone(VIETNAM).date(), until.astimezone(VIETNAM).date()
        for day in (first, *_days(first, last)):
            for opens, closes in self.hours_of(day):
                total += max(min(until, _at(day, closes)) - max(since, _at(day, opens)), timedelta())
        return total

    def add_hours(self, moment: datetime, hours: timedelta) -> datetime:
        """The moment when so many office hours have passed since `moment`."""
        day, left = moment.astimezone(VIETNAM).date(), hours
        for _ in range(LONGEST):
            for opens, closes in self.hours_of(day):
                begin = max(moment, _at(day, opens))
                if (span := _at(day, closes) - begin) >= left:
                    return begin + left
                left -= max(span, timedelta())
            day += _DAY
        return _at(day, self.hours[-1][1])


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, VIETNAM)


def _days(since: date, until: date) -> Iterator[date]:
    return (since + timedelta(days=number) for number in range(1, min((until - since).days, LONGEST) + 1))


@cache
def _year(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Days off and make-up days of a year, as far as they are known. An observed day is there for its holiday."""
    known = country_holidays("VN", years=year)
    return frozenset(known), frozenset(known.weekend_workdays)
