"""The rules of an apology: its limit, the date it proposes, what counts as a re-appointment, what may be promised."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.calendars import Calendars
from bot.deadline_settings import ApologySettings, CalendarSettings
from bot.drafting import Drafting
from bot.due_lists import ROOM, days_horizon, hours_horizon, list_values
from bot.lateness import Verdict, judge, month_before, span_of
from bot.model.apology import (
    Apology,
    ApologyState,
    is_postponed,
    is_running,
    limit_of,
    proposed,
    reappointments,
)
from bot.model.calendar import Calendar
from bot.model.clock import VIETNAM
from bot.model.dossier import Change, ChangeKind, Dossier, Status
from bot.model.errors import ConfigError

OFFICE = Calendar()


def at(day: int, hour: int = 8, minute: int = 0, month: int = 3) -> datetime:
    """In March 2026; the second is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=VIETNAM)


TUESDAY = at(3)


def an_apology(**given: Any) -> Apology:
    values: dict[str, Any] = {
        "id": "XL-260302-0001",
        "source": "office",
        "code": "H32.15-260302-0001",
        "agency": "H32.15",
        "agency_name": "UBND phường Vĩnh Hải",
        "reason": "overload",
        "old_at": at(6, 16, 30),
        "new_at": at(11, 17),
        "limit_at": at(5, 17),
        "form": "Phiếu xin lỗi",
        "drafted_at": at(3),
    }
    return Apology(**values | given)


def a_change(before: datetime | None, after: datetime | None, **given: Any) -> Change:
    values: dict[str, Any] = {
        "source": "office",
        "code": "H32.15-260302-0001",
        "number": 2,
        "kind": ChangeKind.APPOINTMENT,
        "at": at(3),
        "status_before": Status.PROCESSING,
        "status_after": Status.PROCESSING,
        "appointment_before": before,
        "appointment_after": after,
    }
    return Change(**values | given)


@pytest.mark.parametrize(
    ("due", "days", "limit"),
    [
        (at(6, 16, 30), 1, at(5, 17)),
        (at(9, 8), 1, at(6, 17)),
        (at(6, 16, 30), 2, at(4, 17)),
        (at(6, 16, 30), 0, at(6, 16, 30)),
        (datetime(2026, 11, 25, 16, tzinfo=VIETNAM), 1, datetime(2026, 11, 23, 17, tzinfo=VIETNAM)),
    ],
    ids=["the day before", "over a weekend", "two days", "the deadline itself", "over the day of culture"],
)
def test_the_limit_is_counted_in_working_days(due: datetime, days: int, limit: datetime) -> None:
    assert limit_of(OFFICE, due, days) == limit


@pytest.mark.parametrize(
    ("due", "now", "new"),
    [(at(6, 16, 30), at(3), at(11, 17)), (at(2, 16), at(5), at(10, 17)), (at(7, 9), at(3), at(11, 17))],
    ids=["after the deadline", "after today where that is over", "from a day off"],
)
def test_the_new_date_is_the_closing_hour_of_a_working_day(due: datetime, now: datetime, new: datetime) -> None:
    assert proposed(OFFICE, due, 3, now=now) == new


def test_what_the_source_wrote_down_after_us_counts_once() -> None:
    ours = an_apology(state=ApologyState.APPROVED)
    draft = replace(ours, state=ApologyState.DRAFT, new_at=at(20))
    followed = a_change(at(6, 16, 30), datetime(2026, 3, 11, 10, 0, 30, tzinfo=UTC))
    own = a_change(at(11, 17), at(13, 17))

    assert reappointments([followed], [ours, draft]) == 1
    assert reappointments([followed, own], [ours]) == 2
    assert reappointments([], []) == 0


@pytest.mark.parametrize(
    "given",
    [
        {"status_before": Status.SUPPLEMENT},
        {"status_after": Status.DONE},
        {"kind": ChangeKind.STATUS},
        {"appointment_after": at(4)},
        {"appointment_after": at(5, 16, 30)},
        {"appointment_before": None},
    ],
)
def test_what_the_office_did_not_put_off_is_no_re_appointment(given: dict[str, Any]) -> None:
    change = a_change(at(5, 16, 30), at(9, 16, 30))

    assert is_postponed(change)
    assert not is_postponed(replace(change, **given))


@pytest.mark.parametrize(
    ("given", "runs"),
    [
        ({}, True),
        ({"status": Status.UNKNOWN}, True),
        ({"status": Status.DONE}, False),
        ({"status": Status.SUPPLEMENT}, False),
        ({"paused_at": at(3)}, False),
        ({"due_at": None}, False),
    ],
)
def test_a_deadline_runs_while_the_office_is_at_work(given: dict[str, Any], runs: bool) -> None:
    dossier = Dossier(source="office", code="H32.15-260302-0001", status=Status.PROCESSING, due_at=at(6))

    assert is_running(replace(dossier, **given)) is runs


def test_who_may_not_approve_is_known_whatever_the_letters() -> None:
    apology = an_apology(drafted_by="Tám", changed_by="CHÍN")

    assert apology.authors == {"tám", "chín"}
    assert an_apology().authors == frozenset()


def test_late_is_what_was_approved_after_the_limit() -> None:
    approved = an_apology(state=ApologyState.APPROVED, decided_at=at(5, 17))

    assert not approved.is_late
    assert replace(approved, decided_at=at(5, 17, 1)).is_late
    assert not replace(approved, state=ApologyState.REJECTED, decided_at=at(6)).is_late


def test_the_citizen_reads_the_reason_of_the_list_and_the_offices_own_words() -> None:
    drafting = Drafting(ApologySettings(reasons={"system": "sự cố kỹ thuật"}, default_reason="system"), CALENDARS)

    assert drafting.words(an_apology(reason="system")) == "sự cố kỹ thuật"
    assert drafting.words(an_apology(reason="system", text="mất điện")) == "sự cố kỹ thuật; mất điện"
    assert drafting.words(an_apology(reason="gone", text="mất điện")) == "mất điện"


CALENDARS = Calendars(CalendarSettings())


def test_a_date_can_be_promised_from_tomorrow_on_and_after_the_old_one() -> None:
    drafting = Drafting(ApologySettings(), CALENDARS)

    def objection(day: date, now: datetime = TUESDAY) -> str:
        apology = an_apology()
        return drafting.objection_to_date(replace(apology, new_at=drafting.closing(apology, day)), now=now)

    assert objection(date(2026, 3, 9)) == ""
    assert objection(date(2026, 3, 6)) == ""
    assert "after the old one" in objection(date(2026, 3, 5))
    assert "tomorrow" in objection(date(2026, 3, 9), now=at(9))
    assert "day off" in objection(date(2026, 3, 8))


# Which deadlines are near


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (at(4, 7), date(2026, 3, 5)),
        (at(4, 6, 59), date(2026, 3, 4)),
        (at(4, 23), date(2026, 3, 5)),
        (at(6, 7), date(2026, 3, 9)),
        (at(7, 12), date(2026, 3, 9)),
        (at(9, 6), date(2026, 3, 9)),
    ],
)
def test_the_horizon_of_days_moves_on_when_the_office_opens(now: datetime, last: date) -> None:
    until = days_horizon(OFFICE, 1, now)

    assert until.date() == last
    assert (until.hour, until.minute) == (23, 59)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (at(4, 13, 30), at(4, 16, 30)),
        (at(4, 10), at(4, 15)),
        (at(6, 15, 30), at(9, 8, 30)),
        (at(6, 22), at(9, 10)),
        (at(8, 3), at(9, 10)),
    ],
)
def test_the_horizon_of_hours_counts_the_offices_hours(now: datetime, until: datetime) -> None:
    assert hours_horizon(OFFICE, 3, now) == until


def test_a_list_has_whole_lines_and_the_full_count() -> None:
    lines = [f"H32.15-260302-{number:04} (16:30 06/03/2026)" for number in range(100)]

    values = list_values(lines, 100)

    shown = values["lines"].split("; ")
    assert values["count"] == "100"
    assert shown == lines[: len(shown)]
    assert len(shown) > 5
    assert len(values["lines"]) <= ROOM


# How punctual


@pytest.mark.parametrize(
    ("end", "due", "verdict"),
    [
        (at(5, 23), at(6, 16, 30), Verdict.EARLY),
        (at(6, 0), at(6, 16, 30), Verdict.ON_TIME),
        (at(6, 16, 30), at(6, 16, 30), Verdict.ON_TIME),
        (at(6, 16, 31), at(6, 16, 30), Verdict.LATE),
        (at(6, 23), at(6, 0), Verdict.ON_TIME),
        (at(7, 0), at(6, 0), Verdict.LATE),
    ],
)
def test_the_day_tells_early_and_the_hour_tells_late(end: datetime, due: datetime, verdict: Verdict) -> None:
    assert judge(end, due) is verdict


def test_a_month_is_that_of_vietnam() -> None:
    assert span_of("2026-12") == (at(1, 0, month=12), datetime(2027, 1, 1, tzinfo=VIETNAM))
    assert month_before(at(1, 0, month=3)) == "2026-02"
    with pytest.raises(ConfigError, match="2026-11"):
        span_of("tháng ba")
