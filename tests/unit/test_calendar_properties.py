"""The calendar against an independent slow counting: ten years of days, several offices."""

from dataclasses import asdict
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.calendar import Calendar
from tests.unit.days_of_vietnam import DAY, FIRST, LAST, STEP, VIETNAM, Slow

OFFICES = {
    "plain": Slow(),
    "open on Saturday mornings": Slow(
        hours=((time(7, 30), time(11, 30)), (time(13, 0), time(17, 0))),
        saturday=((time(7, 30), time(11, 30)),),
        cut_off=time(16, 0),
    ),
    "without a noon break, with days of its own": Slow(
        hours=((time(8, 0), time(14, 45)),),
        cut_off=time(14, 0),
        days_off=frozenset({date(2021, 3, 8), date(2022, 1, 1), date(2026, 8, 22), date(2026, 12, 31)}),
        make_up_days=frozenset({date(2021, 3, 14), date(2026, 2, 16), date(2026, 12, 31)}),
    ),
    "open on whole Saturdays": Slow(
        hours=((time(7, 0), time(9, 0)), (time(9, 0), time(11, 0)), (time(14, 0), time(16, 5))),
        saturday=((time(8, 0), time(11, 0)), (time(13, 0), time(18, 0))),
        cut_off=time(23, 59),
    ),
}
PAIRS = [pytest.param(slow, Calendar(**asdict(slow)), id=name) for name, slow in OFFICES.items()]

# A few weeks from either end, so that what is counted stays within the table.
DAYS = st.dates(date(FIRST, 4, 1), date(LAST, 9, 30))
MOMENTS = st.builds(
    lambda day, steps: datetime.combine(day, time(), VIETNAM) + steps * STEP, DAYS, st.integers(0, 24 * 12 - 1)
)
NUMBERS = st.integers(-40, 40)
FEW = settings(max_examples=40, deadline=None)


@pytest.mark.parametrize(("slow", "calendar"), PAIRS)
def test_every_day_of_ten_years_is_what_the_table_says(slow: Slow, calendar: Calendar) -> None:
    day = beginning = date(FIRST, 1, 1)
    count = 0
    while day.year <= LAST:
        assert calendar.hours_of(day) == slow.hours_of(day), day
        assert calendar.is_working_day(day) is slow.works(day), day
        count += slow.works(day) if day > beginning else 0
        # `working_days` counts five years at most.
        since = max(beginning, day - 1800 * DAY)
        assert calendar.working_days(since, day) == count - slow.working_days(beginning, since), day
        day += DAY


@pytest.mark.parametrize(("slow", "calendar"), PAIRS)
@given(DAYS, st.integers(-10, 800))
def test_working_days_are_those_of_the_slow_counting(slow: Slow, calendar: Calendar, day: date, span: int) -> None:
    until = min(day + span * DAY, date(LAST, 12, 31))

    assert calendar.working_days(day, until) == slow.working_days(day, until)


@pytest.mark.parametrize(("slow", "calendar"), PAIRS)
@given(DAYS, NUMBERS)
def test_days_are_added_as_one_walks_them(slow: Slow, calendar: Calendar, day: date, number: int) -> None:
    after = calendar.add_days(day, number)

    assert after == slow.add_days(day, number)
    assert calendar.is_working_day(after)
    assert number <= 0 or calendar.working_days(day, after) == number
    assert calendar.next_working_day(day) == slow.add_days(day, 0)


@pytest.mark.parametrize(("slow", "calendar"), PAIRS)
@given(MOMENTS, st.integers(0, 40))
def test_a_term_ends_where_the_slow_counting_ends(
    slow: Slow, calendar: Calendar, received: datetime, number: int
) -> None:
    assert calendar.due(received, number) == slow.due(received, number)


@pytest.mark.parametrize(("slow", "calendar"), PAIRS)
@given(MOMENTS, st.integers(0, 20))
def test_what_must_be_done_days_before_leaves_those_days(
    slow: Slow, calendar: Calendar, due: datetime, number: int
) -> None:
    limit = calendar.days_before(due, number)

    assert limit == slow.closing(slow.add_days(due.date(), -number))
    # From the day of the limit to the last working day of the term there are so many working days.
    last = slow.add_days(due.date(), 0)
    assert slow.working_days(limit.date(), last) == number


@pytest.mark.parametrize(("slow", "calendar"), PAIRS)
@FEW
@given(MOMENTS, st.integers(0, 12 * 24 * 15))
def test_office_hours_between_two_moments(slow: Slow, calendar: Calendar, since: datetime, steps: int) -> None:
    until = since + steps * STEP

    assert calendar.worked(since, until) == slow.worked(since, until)
    assert calendar.worked(until, since) == timedelta()


@pytest.mark.parametrize(("slow", "calendar"), PAIRS)
@FEW
@given(MOMENTS, st.integers(-12 * 60, 12 * 60).filter(bool))
def test_hours_are_added_as_one_walks_them(slow: Slow, calendar: Calendar, moment: datetime, steps: int) -> None:
    after = calendar.add_hours(moment, steps * STEP)

    assert after == slow.add_hours(moment, steps * STEP)
    assert calendar.worked(min(moment, after), max(moment, after)) == abs(steps) * STEP


@pytest.mark.parametrize(("slow", "calendar"), PAIRS)
@given(MOMENTS)
def test_no_hours_lead_into_office_hours(slow: Slow, calendar: Calendar, moment: datetime) -> None:
    after = calendar.add_hours(moment, timedelta())

    assert slow.worked(moment, after) == timedelta()
    assert after == moment or slow.is_open(after)
    assert slow.is_open(after) or slow.is_open(after - STEP)


@pytest.mark.parametrize(("slow", "calendar"), PAIRS)
@FEW
@given(MOMENTS, st.integers(1, 10))
def test_eight_hours_are_a_day_however_long_the_day_is(
    slow: Slow, calendar: Calendar, received: datetime, number: int
) -> None:
    length = STEP * sum(slow.is_open(datetime(2018, 3, 1, tzinfo=VIETNAM) + tick * STEP) for tick in range(24 * 12))

    assert calendar.due_after_hours(received, 8 * number) == slow.due_after_hours(received, number * length)
