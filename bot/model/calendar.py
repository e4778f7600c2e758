"""Working days and hours of an office in Vietnam, and the arithmetic of deadlines.

Days are days in Vietnam; moments are aware. The first day is not counted (Bộ luật Dân sự 2015 Đ147); a term that ends
on a day off ends on the next working day (Đ148(5)).
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta

from bot.model.clock import VIETNAM
from bot.model.holidays_vn import holidays_of
from bot.model.office_hours import MICROSECOND, Span, check_hours, into_the_day, length_of, place_in, worked_until
from bot.model.year import Year

LONGEST = 5 * 366
"""Days over which it counts. A date beyond them is a slip of the pen in the record."""

DAY_OF_A_TERM = timedelta(hours=8)
"""What laws and procedures call a working day where they write a term in hours."""

_SATURDAY = 5
_OFF, _FULL, _SHORT = range(3)
"""Kinds of a day: without hours, with those of a working day, with those of a Saturday."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When one office works. Raises `ValueError` for hours out of order."""

    hours: tuple[Span, ...] = ((time(7, 0), time(11, 30)), (time(13, 30), time(17, 0)))
    """Of a working day, in order. Together they are the hours of one working day."""
    saturday: tuple[Span, ...] = ()
    """Of a Saturday, which then is a working day; empty: closed."""
    cut_off: time = time(15, 0)
    """What is received later counts as received on the next working day (NĐ 61/2018/NĐ-CP Đ18(2))."""
    days_off: frozenset[date] = frozenset()
    """Beside the public holidays."""
    make_up_days: frozenset[date] = frozenset()
    """Days off on which the office works its full hours; they go before `days_off`."""
    _years: dict[int, Year] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Those that were asked for, counted once."""

    def __post_init__(self) -> None:
        if not self.hours:
            raise ValueError("giờ làm việc để trống / an office without hours")
        check_hours(self.hours)
        check_hours(self.saturday)

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday without public holidays (BLLĐ 2019 Đ112, NQ 28/2026/QH16), and make-up days."""
        return self._kind_of(day) > 0

    def hours_of(self, day: date) -> tuple[Span, ...]:
        """Office hours of this day; empty on a day off."""
        return ((), self.hours, self.saturday)[self._kind_of(day)]

    def working_days(self, since: date, until: date) -> int:
        """Working days after `since` until `until`, that day among them; 0 where `until` is not later. Counts no
        further than `LONGEST`."""
        if until <= since:
            return 0
        if until.toordinal() - since.toordinal() > LONGEST:
            until = since + timedelta(days=LONGEST)
        year, last = self._year(since.year), self._year(until.year)
        between = sum(self._year(number).days[-1] for number in range(since.year, until.year))
        return between + last.days[until.toordinal() - last.first + 1] - year.days[since.toordinal() - year.first + 1]

    def next_working_day(self, day: date) -> date:
        """`day` itself, or the first working day after it."""
        year = self._year(day.year)
        return self._numbered(day.year, year.days[day.toordinal() - year.first] + 1)

    def add_days(self, day: date, number: int) -> date:
        """The day that is `number` working days after `day` (before it where negative); for 0 `next_working_day`."""
        if not number:
            return self.next_working_day(day)
        year = self._year(day.year)
        index = day.toordinal() - year.first
        if number > 0:
            return self._numbered(day.year, year.days[index + 1] + min(number, LONGEST))
        return self._numbered(day.year, year.days[index] + 1 + max(number, -LONGEST))

    def opening(self, day: date) -> datetime:
        """When the office opens on a working day."""
        return _at(day, (self.hours_of(day) or self.hours)[0][0])

    def closing(self, day: date) -> datetime:
        """When the office closes on a working day."""
        return _at(day, (self.hours_of(day) or self.hours)[-1][1])

    def day_of_receipt(self, received_at: datetime) -> date:
        """The working day on which something counts as received: the next one after the cut-off or on a day off. On a
        Saturday with hours of its own nothing is received any more once the office has closed."""
        local = received_at.astimezone(VIETNAM)
        day, kind = local.date(), self._kind_of(local.date())
        latest = min(self.cut_off, self.saturday[-1][1]) if kind == _SHORT else self.cut_off
        return self.add_days(day, 1) if kind != _OFF and local.time() > latest else self.next_working_day(day)

    def counted_from(self, received_at: datetime) -> datetime:
        """When a term in hours begins: on receipt, or when the office next opens."""
        day = self.day_of_receipt(received_at)
        if day == received_at.astimezone(VIETNAM).date():
            return self.add_hours(received_at, timedelta())
        return self.opening(day)

    def due(self, received_at: datetime, days: int) -> datetime:
        """The end of a term of so many working days: the closing hour of its last day."""
        return self.closing(self.add_days(self.day_of_receipt(received_at), days))

    def due_after_hours(self, received_at: datetime, hours: float) -> datetime:
        """The end of a term of so many working hours as procedures write them, 8 to a day."""
        return self.add_hours(self.counted_from(received_at), self.working_time(hours))

    def days_before(self, due_at: datetime, days: int) -> datetime:
        """The last moment that is `days` working days before the day of `due_at`: the closing hour of that day."""
        return self.closing(self.add_days(due_at.astimezone(VIETNAM).date(), -days))

    @property
    def day_length(self) -> timedelta:
        """The hours of one working day of this office."""
        return MICROSECOND * length_of(self.hours)

    def working_time(self, hours: float) -> timedelta:
        """Office hours of a term that is written in hours: 8 of them are one working day here, however long it is."""
        return self.day_length * (timedelta(hours=hours) / DAY_OF_A_TERM)

    def worked(self, since: datetime, until: datetime) -> timedelta:
        """Office hours between two moments; zero where `until` is not later. Counts no further than `LONGEST`."""
        if until <= since:
            return timedelta()
        start, end = since.astimezone(VIETNAM), until.astimezone(VIETNAM)
        if end.toordinal() - start.toordinal() > LONGEST:
            end = start + timedelta(days=LONGEST)
        between = sum(self._year(number).worked[-1] for number in range(start.year, end.year))
        return MICROSECOND * (between + self._reading(end) - self._reading(start))

    def add_hours(self, moment: datetime, hours: timedelta) -> datetime:
        """The moment when so many office hours have passed since `moment`; where negative, when so many were left until
        then; for zero `moment` itself in office hours, else the next opening. Always in office hours."""
        local = moment.astimezone(VIETNAM)
        if not hours and any(opens <= local.time() <= closes for opens, closes in self.hours_of(local.date())):
            return local
        way = max(min(hours, LONGEST * _DAY), -LONGEST * _DAY)
        return self._at_reading(local.year, self._reading(local) + way // MICROSECOND, ends=hours > timedelta())

    def _reading(self, local: datetime) -> int:
        """Office hours since the year began, in microseconds."""
        year = self._year(local.year)
        index = local.toordinal() - year.first
        hours = ((), self.hours, self.saturday)[year.kinds[index]]
        return year.worked[index] + (worked_until(hours, into_the_day(local.time())) if hours else 0)

    def _at_reading(self, number: int, reading: int, *, ends: bool) -> datetime:
        """The moment with this reading, which may lie in another year. Between two spells of work it is the end of the
        earlier one, or the beginning of the later one."""
        while reading >= (total := self._year(number).worked[-1]) + ends and number < MAXYEAR:
            reading, number = reading - total, number + 1
        while reading < ends and number > MINYEAR:
            number -= 1
            reading += self._year(number).worked[-1]
        year = self._year(number)
        index = (bisect_left if ends else bisect_right)(year.worked, reading) - 1
        # Beyond the first and the last year of all it is their first and last day.
        index = min(max(index, 0), len(year.kinds) - 1)
        day = date.fromordinal(year.first + index)
        return _at(day, place_in(self.hours_of(day) or self.hours, reading - year.worked[index], ends=ends))

    def _numbered(self, number: int, nth: int) -> date:
        """The nth working day of a year. What is beyond its last one is of the years after it; what is below 1, of
        those before."""
        while nth > (total := self._year(number).days[-1]) and number < MAXYEAR:
            nth, number = nth - total, number + 1
        while nth < 1 and number > MINYEAR:
            number -= 1
            nth += self._year(number).days[-1]
        year = self._year(number)
        return date.fromordinal(year.first + bisect_left(year.days, min(max(nth, 1), year.days[-1])) - 1)

    def _kind_of(self, day: date) -> int:
        year = self._year(day.year)
        return year.kinds[day.toordinal() - year.first]

    def _year(self, number: int) -> Year:
        year = self._years.get(number)
        if year is None:
            first, last = date(number, 1, 1), date(number, 12, 31)
            kinds = bytes(
                self._decided(date.fromordinal(day)) for day in range(first.toordinal(), last.toordinal() + 1)
            )
            year = Year.counted(first, kinds, lengths=(0, length_of(self.hours), length_of(self.saturday)))
            self._years[number] = year
        return year

    def _decided(self, day: date) -> int:
        known = holidays_of(day.year)
        if day in self.make_up_days:
            return _FULL
        if day in self.days_off:
            return _OFF
        if day in known.make_up_days:
            return _FULL
        if day in known.days_off or day.weekday() > _SATURDAY:
            return _OFF
        if day.weekday() == _SATURDAY:
            return _SHORT if self.saturday else _OFF
        return _FULL


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, VIETNAM)
