"""Working days, counted by hand from the calendars of 2026 and 2027."""

import time
from datetime import date

import pytest

from bot.model.calendar import LONGEST, Calendar

PLAIN = Calendar()


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        # Sunday to Friday, with 24/11, Ngày Văn hóa Việt Nam: Monday, Wednesday, Thursday, Friday.
        (date(2026, 11, 22), date(2026, 11, 27), 4),
        (date(2026, 11, 23), date(2026, 11, 25), 1),
        # The first day does not count, the last one does.
        (date(2026, 3, 2), date(2026, 3, 3), 1),
        (date(2026, 3, 2), date(2026, 3, 2), 0),
        (date(2026, 3, 3), date(2026, 3, 2), 0),
        # Friday to Monday.
        (date(2026, 3, 6), date(2026, 3, 9), 1),
        (date(2026, 3, 6), date(2026, 3, 8), 0),
        # Tết 2026: 16 to 20 February, Monday to Friday.
        (date(2026, 2, 13), date(2026, 2, 20), 0),
        (date(2026, 2, 13), date(2026, 2, 23), 1),
        (date(2026, 2, 12), date(2026, 2, 27), 6),
        # Giỗ Tổ 2026 is a Sunday, 26/4; Monday 27/4 is off in its place. Then 30/4 and 1/5, Thursday and Friday.
        (date(2026, 4, 24), date(2026, 4, 28), 1),
        (date(2026, 4, 24), date(2026, 5, 4), 3),
        # From one year into the next: Wednesday 31/12, then 1/1/2027 is off.
        (date(2026, 12, 30), date(2027, 1, 4), 2),
    ],
)
def test_working_days_are_those_of_the_calendar_on_the_wall(since: date, until: date, days: int) -> None:
    assert PLAIN.working_days(since, until) == days


@pytest.mark.parametrize(
    "day",
    [date(2026, 1, 1), date(2026, 4, 27), date(2026, 9, 2), date(2026, 11, 24), date(2027, 11, 24), date(2026, 3, 7)],
)
def test_on_a_day_off_nobody_works(day: date) -> None:
    assert not PLAIN.is_working_day(day)


def test_before_the_law_24_november_was_a_working_day() -> None:
    assert PLAIN.is_working_day(date(2025, 11, 24))


def test_a_make_up_day_that_is_known_counts() -> None:
    # Saturday 22/8/2026 is worked for Monday 31/8.
    assert PLAIN.is_working_day(date(2026, 8, 22))
    assert PLAIN.working_days(date(2026, 8, 21), date(2026, 8, 24)) == 2


def test_what_the_prime_minister_decides_for_a_year_is_added() -> None:
    # In January 2026 Friday the 2nd was off and Saturday the 10th was worked in its place.
    decided = Calendar(days_off=frozenset({date(2026, 1, 2)}), make_up_days=frozenset({date(2026, 1, 10)}))

    assert PLAIN.working_days(date(2025, 12, 31), date(2026, 1, 12)) == 7
    assert decided.working_days(date(2025, 12, 31), date(2026, 1, 12)) == 7
    assert decided.working_days(date(2025, 12, 31), date(2026, 1, 5)) == 1
    assert decided.is_working_day(date(2026, 1, 10))


def test_a_day_that_stands_in_both_lists_is_worked() -> None:
    both = Calendar(days_off=frozenset({date(2026, 3, 4)}), make_up_days=frozenset({date(2026, 3, 4)}))

    assert both.is_working_day(date(2026, 3, 4))


@pytest.mark.parametrize(("since", "until"), [(date(2026, 1, 1), date.max), (date.min, date.max)])
def test_a_slip_of_the_pen_in_a_record_costs_no_time(since: date, until: date) -> None:
    start = time.thread_time()

    counted = PLAIN.working_days(since, until)

    assert counted <= LONGEST
    assert time.thread_time() - start < 1
