"""When nobody's phone should ring, and what leaves all the same."""

from datetime import date, datetime, time
from typing import Any

import pytest

from bot.model.clock import VIETNAM
from bot.model.message import FOR_STAFF, Lane, Situation
from bot.model.person import Address
from bot.quiet import URGENT, QuietHours, Verdict, end_of
from bot.situation_settings import Hours, QuietSettings
from tests.support.making import message

QUIET = QuietHours(QuietSettings())
NIGHT = Hours(begin=time(22, 0), end=time(6, 0))


def at(clock: str, day: int = 22) -> datetime:
    return datetime.combine(date(2026, 11, day), time.fromisoformat(clock), VIETNAM)


def verdict(clock: str, **changes: Any) -> Verdict:
    return QUIET.verdict(message(**changes), at(clock))


@pytest.mark.parametrize(
    ("lane", "clock", "until"),
    [
        (Lane.PUSH, "21:59:59", None),
        (Lane.PUSH, "22:00", at("06:00", 23)),
        (Lane.PUSH, "23:59:59", at("06:00", 23)),
        (Lane.PUSH, "00:00", at("06:00")),
        (Lane.PUSH, "05:59:59", at("06:00")),
        (Lane.PUSH, "06:00", None),
        (Lane.BULK, "20:59", None),
        (Lane.BULK, "21:00", at("07:00", 23)),
        (Lane.BULK, "06:30", at("07:00")),
        (Lane.BULK, "07:00", None),
        (Lane.REPLY, "03:00", None),
    ],
)
def test_each_class_has_its_hours(lane: Lane, clock: str, until: datetime | None) -> None:
    assert verdict(clock, lane=lane) == Verdict(until=until)


def test_what_is_urgent_by_law_leaves_and_says_by_which_rule() -> None:
    assert verdict("23:00", situation=Situation.APOLOGY) == Verdict(bypass=URGENT)
    assert verdict("12:00", situation=Situation.APOLOGY) == Verdict()


def test_a_broadcast_is_never_urgent_by_law() -> None:
    assert verdict("23:00", situation=Situation.APOLOGY, lane=Lane.BULK).until == at("07:00", 23)


def test_what_a_person_let_go_leaves_for_the_reason_given() -> None:
    assert verdict("23:00", bypass="vỡ đê, dân cần biết ngay").bypass == "vỡ đê, dân cần biết ngay"
    assert verdict("12:00", bypass="vỡ đê, dân cần biết ngay") == Verdict()


@pytest.mark.parametrize("situation", [*FOR_STAFF, Situation.CODE, Situation.TEST, Situation.ANSWER])
def test_whom_somebody_waits_for_is_never_held(situation: Situation) -> None:
    assert verdict("02:00", situation=situation) == Verdict()


def test_a_way_that_rings_nowhere_is_never_held() -> None:
    assert verdict("02:00", address=Address("webchat", "abc")) == Verdict()


def test_hours_that_end_where_they_begin_are_none() -> None:
    never = QuietHours(QuietSettings(personal=Hours(begin=time(0, 0), end=time(0, 0))))

    assert never.verdict(message(), at("00:00")) == Verdict()


@pytest.mark.parametrize("clock", ["22:00", "23:59", "00:00", "05:59"])
def test_the_end_lies_ahead_and_is_no_further_than_a_day(clock: str) -> None:
    now = at(clock)

    end = end_of(NIGHT, now)

    assert now < end
    assert (end - now).total_seconds() <= 8 * 3600
    assert end.astimezone(VIETNAM).time() == time(6, 0)


def test_hours_within_one_day_hold_as_well() -> None:
    noon = Hours(begin=time(11, 30), end=time(13, 30))

    assert [noon.holds(time.fromisoformat(clock)) for clock in ("11:29", "11:30", "13:29", "13:30")] == [
        False,
        True,
        True,
        False,
    ]
    assert end_of(noon, at("12:00")) == at("13:30")
