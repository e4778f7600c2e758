"""The days off of ten years as they were announced to officials, written down by hand, and a slow way of counting with
them: day by day, and in steps of five minutes. It shares nothing with the calendar that it is there to check."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))
STEP = timedelta(minutes=5)
DAY = timedelta(days=1)

FIRST, LAST = 2018, 2027

# Tết as told to officials each time by the Prime Minister's office and the ministry of labour (since 2025, of home
# affairs); the other days by Điều 115 BLLĐ 2012 and Điều 112 BLLĐ 2019, with the days that make up for those on a
# weekend. Holidays on a weekend are here as well. Moved days: 6519/VPCP-KGVX of 2018 for the turn of 2018 and for
# 29/4/2019; 2450/VPCP-KGVX of 2024 for 29/4/2024; 6150/TB-BLĐTBXH of 2024 for 2/5/2025; 12729/VPCP-KGVX of 2025 for
# 2/1/2026; the announcement for 2/9/2026 for 31/8/2026. 24/11 since 2026: NQ 28/2026/QH16. Of 2027 nothing was
# announced yet: the days of the law, and Tết as in 2024, which began on a Saturday too.
OFF = {
    2018: "1/1 14/2-20/2 25/4 30/4-1/5 2/9-3/9 31/12",
    2019: "1/1 4/2-8/2 14/4-15/4 29/4-1/5 2/9",
    2020: "1/1 23/1-29/1 2/4 30/4-1/5 2/9",
    2021: "1/1 10/2-16/2 21/4 30/4-1/5 3/5 2/9-3/9",
    2022: "1/1 3/1 31/1-4/2 10/4-11/4 30/4-3/5 1/9-2/9",
    2023: "1/1-2/1 20/1-26/1 29/4-3/5 1/9-2/9 4/9",
    2024: "1/1 8/2-14/2 18/4 29/4-1/5 2/9-3/9",
    2025: "1/1 27/1-1/2 7/4 30/4-2/5 1/9-2/9",
    2026: "1/1-2/1 16/2-20/2 26/4-27/4 30/4-1/5 31/8-2/9 24/11",
    2027: "1/1 4/2-10/2 16/4 30/4-1/5 3/5 2/9-3/9 24/11",
}
WORKED = {2019: "5/1 4/5", 2024: "4/5", 2025: "26/4", 2026: "10/1 22/8"}
"""Saturdays on which offices worked."""


def days(year: int, written: str) -> set[date]:
    found = set()
    for part in written.split():
        since, _, until = part.partition("-")
        day, end = _day(year, since), _day(year, until or since)
        while day <= end:
            found.add(day)
            day += DAY
    return found


def _day(year: int, written: str) -> date:
    number, month = written.split("/")
    return date(year, int(month), int(number))


ALL_OFF = {day for year, written in OFF.items() for day in days(year, written)}
ALL_WORKED = {day for year, written in WORKED.items() for day in days(year, written)}


@dataclass(frozen=True)
class Slow:
    """Counts for an office whose hours are on the five minutes."""

    hours: tuple[tuple[time, time], ...] = ((time(7, 0), time(11, 30)), (time(13, 30), time(17, 0)))
    saturday: tuple[tuple[time, time], ...] = ()
    cut_off: time = time(15, 0)
    days_off: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()

    def hours_of(self, day: date) -> tuple[tuple[time, time], ...]:
        if day in self.make_up_days:
            return self.hours
        if day in self.days_off:
            return ()
        if day in ALL_WORKED:
            return self.hours
        if day in ALL_OFF or day.weekday() == 6:
            return ()
        return self.saturday if day.weekday() == 5 else self.hours

    def works(self, day: date) -> bool:
        return bool(self.hours_of(day))

    def working_days(self, since: date, until: date) -> int:
        count = 0
        while since < until:
            since += DAY
            count += self.works(since)
        return count

    def add_days(self, day: date, number: int) -> date:
        while number == 0 and not self.works(day):
            day += DAY
        while number > 0:
            day += DAY
            number -= self.works(day)
        while number < 0:
            day -= DAY
            number += self.works(day)
        return day

    def closing(self, day: date) -> datetime:
        return datetime.combine(day, self.hours_of(day)[-1][1], VIETNAM)

    def day_of_receipt(self, received: datetime) -> date:
        day, latest = received.date(), self.cut_off
        if self.works(day) and self.hours_of(day) == self.saturday:
            latest = min(latest, self.saturday[-1][1])
        if self.works(day) and received.time() > latest:
            day += DAY
        while not self.works(day):
            day += DAY
        return day

    def due(self, received: datetime, number: int) -> datetime:
        return self.closing(self.add_days(self.day_of_receipt(received), number))

    def due_after_hours(self, received: datetime, hours: timedelta) -> datetime:
        day = self.day_of_receipt(received)
        return self.add_hours(received if day == received.date() else datetime.combine(day, time(), VIETNAM), hours)

    def is_open(self, moment: datetime) -> bool:
        """Whether the five minutes from `moment` on are worked."""
        return any(opens <= moment.time() < closes for opens, closes in self.hours_of(moment.date()))

    def worked(self, since: datetime, until: datetime) -> timedelta:
        total = timedelta()
        while since < until:
            total += STEP * self.is_open(since)
            since += STEP
        return total

    def add_hours(self, moment: datetime, hours: timedelta) -> datetime:
        while hours > timedelta():
            hours -= STEP * self.is_open(moment)
            moment += STEP
        while hours < timedelta():
            moment -= STEP
            hours += STEP * self.is_open(moment)
        return moment
