"""Working days and hours, by examples counted by hand."""

import time as clock
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from bot.calendars import Calendars
from bot.deadline_settings import CalendarSettings, OfficeSettings
from bot.model.calendar import LONGEST, Calendar
from bot.model.clock import VIETNAM
from bot.model.holidays_vn import ANNOUNCED, KNOWN, holidays_of
from tests.unit.days_of_vietnam import DAY, OFF, WORKED, days

PLAIN = Calendar()
MORNING = (time(7, 30), time(11, 30))
SATURDAYS = Calendar(hours=(MORNING, (time(13, 0), time(17, 0))), saturday=(MORNING,))
SHORT = Calendar(hours=((time(8, 0), time(12, 0)), (time(13, 0), time(16, 0))))


def at(day: int, hour: int, minute: int = 0, *, month: int = 3, year: int = 2026) -> datetime:
    """March 2026 has no holidays; the 2nd is a Monday."""
    return datetime(year, month, day, hour, minute, tzinfo=VIETNAM)


@pytest.mark.parametrize("year", OFF)
def test_the_days_off_of_a_year_are_those_announced(year: int) -> None:
    known = holidays_of(year)

    assert set(known.days_off) == days(year, OFF[year])
    assert set(known.make_up_days) == days(year, WORKED.get(year, ""))
    assert all([*known.days_off.values(), *known.make_up_days.values()])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # The last working day before Tết and the first one after it, as the announcements had it.
        (date(2018, 2, 13), date(2018, 2, 21)),
        (date(2019, 2, 1), date(2019, 2, 11)),
        (date(2020, 1, 22), date(2020, 1, 30)),
        (date(2021, 2, 9), date(2021, 2, 17)),
        (date(2022, 1, 28), date(2022, 2, 7)),
        (date(2023, 1, 19), date(2023, 1, 27)),
        (date(2024, 2, 7), date(2024, 2, 15)),
        (date(2025, 1, 24), date(2025, 2, 3)),
        (date(2026, 2, 13), date(2026, 2, 23)),
    ],
)
def test_over_tet_nobody_works(before: date, after: date) -> None:
    assert PLAIN.add_days(before, 1) == after
    assert PLAIN.add_days(after, -1) == before
    assert PLAIN.working_days(before, after) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (date(2022, 4, 8), date(2022, 4, 12)),
        (date(2026, 4, 24), date(2026, 4, 28)),
        (date(2023, 4, 28), date(2023, 5, 4)),
        (date(2019, 4, 12), date(2019, 4, 16)),
    ],
)
def test_gio_to_on_a_weekend_is_made_up_for(before: date, after: date) -> None:
    assert PLAIN.add_days(before, 1) == after


@pytest.mark.parametrize(
    ("days_off", "year"),
    [("2/9", 2020), ("2/9 3/9", 2021), ("1/9 2/9", 2022), ("1/9 4/9", 2023), ("2/9 3/9", 2024), ("1/9 2/9", 2025)],
)
def test_beside_2_september_one_more_day_is_off_since_2021(days_off: str, year: int) -> None:
    week = [date(year, 8, 28) + timedelta(days=number) for number in range(10)]

    assert {day for day in week if day.weekday() < 5 and not PLAIN.is_working_day(day)} == days(year, days_off)


def test_24_november_is_off_since_2026() -> None:
    assert [PLAIN.is_working_day(date(year, 11, 24)) for year in (2025, 2026, 2027)] == [True, False, False]


def test_what_the_library_lacks_is_known_here() -> None:
    assert set(KNOWN) <= ANNOUNCED
    assert PLAIN.working_days(date(2025, 12, 31), date(2026, 1, 12)) == 7
    assert PLAIN.working_days(date(2025, 12, 31), date(2026, 1, 5)) == 1


def test_the_configuration_goes_before_what_is_known() -> None:
    decided = Calendar(
        days_off=frozenset({date(2027, 2, 11), date(2026, 8, 22)}),
        make_up_days=frozenset({date(2027, 2, 4), date(2027, 2, 11), date(2026, 11, 24)}),
    )

    worked = [date(2027, 2, 4), date(2027, 2, 11), date(2026, 11, 24), date(2026, 8, 22)]
    assert [decided.is_working_day(day) for day in worked] == [True, True, True, False]


def test_the_first_day_is_not_counted_nor_what_comes_after_the_cut_off() -> None:
    assert PLAIN.due(at(2, 8), 5) == at(9, 17)
    assert PLAIN.due(at(2, 15), 5) == at(9, 17)
    assert PLAIN.due(at(2, 15, 1), 5) == at(10, 17)
    # On a Sunday nothing is received: the first day is Monday.
    assert PLAIN.due(at(1, 9), 5) == at(9, 17)
    assert PLAIN.due(at(2, 8), 0) == at(2, 17)


def test_on_a_saturday_morning_what_comes_at_noon_counts_from_monday() -> None:
    assert SATURDAYS.day_of_receipt(at(7, 11, 30)) == date(2026, 3, 7)
    assert SATURDAYS.day_of_receipt(at(7, 11, 31)) == date(2026, 3, 9)
    assert SATURDAYS.due(at(5, 8), 2) == at(7, 11, 30)


def test_a_make_up_saturday_has_the_hours_of_a_working_day() -> None:
    assert SATURDAYS.hours_of(date(2026, 8, 22)) == SATURDAYS.hours
    assert SATURDAYS.hours_of(date(2026, 8, 29)) == SATURDAYS.saturday
    assert SATURDAYS.day_of_receipt(at(22, 14, month=8)) == date(2026, 8, 22)


def test_eight_hours_of_a_term_are_one_day_of_any_office() -> None:
    assert PLAIN.due_after_hours(at(2, 8), 8) == at(3, 8)
    assert SHORT.day_length == timedelta(hours=7)
    assert SHORT.due_after_hours(at(2, 9), 8) == at(3, 9)
    assert SHORT.due_after_hours(at(2, 9), 4) == at(2, 13, 30)
    # After the cut-off a term in hours begins when the office opens again.
    assert PLAIN.due_after_hours(at(2, 16), 4) == at(3, 11)
    assert PLAIN.due_after_hours(at(2, 12), 2) == at(2, 15, 30)


def test_hours_end_at_the_closing_hour_rather_than_at_the_next_opening() -> None:
    assert PLAIN.add_hours(at(6, 15), timedelta(hours=2)) == at(6, 17)
    assert PLAIN.add_hours(at(6, 15), timedelta(hours=2, microseconds=1)) == at(9, 7) + timedelta(microseconds=1)
    assert PLAIN.add_hours(at(6, 17), timedelta()) == at(6, 17)
    assert PLAIN.add_hours(at(6, 17, 1), timedelta()) == at(9, 7)


def test_three_hours_before_the_deadline_are_office_hours() -> None:
    assert PLAIN.add_hours(at(9, 9), timedelta(hours=-3)) == at(6, 16)
    assert PLAIN.add_hours(at(9, 17), timedelta(hours=-3)) == at(9, 14)
    assert PLAIN.add_hours(at(9, 14), timedelta(hours=-0.5)) == at(9, 13, 30)


def test_a_warning_comes_a_working_day_before_an_appointment_on_a_day_off() -> None:
    sunday = at(8, 10)

    assert PLAIN.days_before(sunday, 1) == at(6, 17)
    assert PLAIN.days_before(sunday, 0) == at(9, 17)


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ((), "giờ làm việc để trống"),
        (((time(17, 0), time(7, 0)),), "17:00–07:00: giờ đóng cửa phải sau giờ mở cửa"),
        (((time(7, 0), time(7, 0)),), "07:00–07:00"),
        (((time(7, 0), time(12, 0)), (time(11, 0), time(17, 0))), "11:00–17:00: chồng lên khoảng trước, đến 12:00"),
        (((time(13, 0), time(17, 0)), (time(7, 0), time(11, 0))), "07:00–11:00: chồng lên khoảng trước"),
        (((time(7, 0, tzinfo=VIETNAM), time(17, 0, tzinfo=VIETNAM)),), "không ghi múi giờ"),
    ],
)
def test_hours_out_of_order_are_refused_with_their_place(hours: tuple[tuple[time, time], ...], said: str) -> None:
    for make in (Calendar, CalendarSettings, OfficeSettings):
        with pytest.raises(ValueError, match=said):
            make(hours=hours)


def test_an_office_may_be_closed_on_saturdays_but_its_saturdays_are_in_order() -> None:
    assert CalendarSettings(saturday=()).saturday == ()
    with pytest.raises(ValueError, match="saturday"):
        CalendarSettings(saturday=((time(11, 0), time(7, 0)),))


def test_an_agency_has_what_it_says_itself_then_what_the_unit_above_says() -> None:
    swap = date(2027, 2, 13)
    calendars = Calendars(
        CalendarSettings(
            cut_off=time(16, 0),
            working_days=(swap,),
            agencies={
                "H32.10": OfficeSettings(hours=((time(8, 0), time(16, 0)),), days_off=(swap,)),
                "H32.10.02": OfficeSettings(saturday=(MORNING,), working_days=(date(2027, 2, 14),)),
            },
        )
    )

    top, office, below = calendars.of("H32.15"), calendars.of("H32.10.01"), calendars.of("H32.10.02.07")
    assert calendars.all == [top, office, below]
    assert (office.cut_off, below.hours, below.saturday) == (time(16, 0), office.hours, (MORNING,))
    assert [each.is_working_day(swap) for each in (top, office, below)] == [True, False, False]
    assert [each.is_working_day(date(2027, 2, 14)) for each in (top, office, below)] == [False, False, True]
    assert calendars.of("") is top
    assert calendars.of("H32.10") is office


def test_calendars_are_equal_whatever_was_asked_of_them() -> None:
    asked = Calendar()
    asked.working_days(date(2026, 1, 1), date(2026, 12, 31))

    assert (asked, hash(asked)) == (Calendar(), hash(Calendar()))
    closed = replace(asked, days_off=frozenset({date(2026, 3, 2)}))
    assert closed.working_days(date(2026, 3, 1), date(2026, 3, 2)) == 0


def test_a_slip_of_the_pen_ends_somewhere() -> None:
    assert PLAIN.worked(at(2, 8), at(2, 8, year=9000)) == PLAIN.worked(at(2, 8), at(2, 8) + timedelta(days=LONGEST))
    assert PLAIN.add_days(date.max, 5) == date.max
    assert PLAIN.add_days(date.min, -5) == date.min
    assert PLAIN.add_days(date(2026, 3, 2), 10**9) == PLAIN.add_days(date(2026, 3, 2), LONGEST)
    assert PLAIN.add_hours(at(2, 8), timedelta(days=10**6)).year < 2060
    assert PLAIN.next_working_day(date(9999, 12, 31)) == date.max
    assert PLAIN.add_hours(datetime(9999, 12, 31, 16, tzinfo=VIETNAM), timedelta(hours=30)).date() == date.max


def test_a_watch_over_many_dossiers_costs_little() -> None:
    pairs = [(date(2026, 1, 1) + n % 700 * DAY, date(2026, 6, 1) + n % 900 * DAY) for n in range(20_000)]
    start = clock.thread_time()

    for since, until in pairs:
        PLAIN.working_days(since, until)

    assert clock.thread_time() - start < 1
