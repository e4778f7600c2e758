"""The course of a dossier: order, what stays of the older state, the deadline after supplements."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.comparing import Sifted, incoming, settle
from bot.model.calendar import Calendar
from bot.model.clock import VIETNAM
from bot.model.course import (
    MOST_STEPS,
    SupplementClock,
    advance,
    due_at,
    is_late,
    is_older,
    succeed,
    waited,
)
from bot.model.dossier import ProgressReport, Status, Step, Wait
from bot.model.erasure import NOBODY
from bot.ports import Batch
from tests.support.making import START, code, dossier

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAIN = Calendar()
# START is Sunday, 22/11/2026, 08:00 in Vietnam; the appointment is on Friday at the same hour.
APPOINTMENT = START + 5 * DAY
ASKED, ANSWERED = START + DAY, START + 3 * DAY


def vietnam(day: int, hour: int, minute: int = 0) -> datetime:
    """A day of November 2026; the 31st is 1 December."""
    return datetime(2026, 11, 1, hour, minute, tzinfo=VIETNAM) + (day - 1) * DAY


@pytest.mark.parametrize(
    ("event", "known", "older"),
    [
        ((4, None), (5, None), True),
        ((5, None), (5, None), False),
        ((6, START), (5, START + DAY), False),
        ((None, START), (None, START + DAY), True),
        ((None, START + DAY), (None, START), False),
        ((None, START), (9, None), False),
        ((None, None), (None, START), False),
    ],
)
def test_the_sequence_decides_then_the_update_time_then_the_arrival(event, known, older) -> None:  # type: ignore[no-untyped-def]
    assert is_older(*event, *known, now=START + 2 * DAY) is older


def test_a_clock_that_is_wrong_still_has_an_order() -> None:
    now = START - timedelta(hours=5)

    assert is_older(None, START, None, START + timedelta(hours=1), now=now)
    assert not is_older(None, START + timedelta(hours=1), None, START, now=now)


def test_a_mistyped_year_keeps_nothing_out_but_what_is_read_once_more() -> None:
    year_2062 = START + timedelta(days=13_000)

    assert not is_older(None, START, None, year_2062, now=START)
    assert is_older(None, START, None, year_2062, now=START, replay=True)
    assert is_older(None, year_2062 - DAY, None, year_2062, now=START)


def test_what_the_source_does_not_tell_again_stays() -> None:
    step = Step(agency="H32.15", task="Thẩm định", started_at=START)
    before = dossier(steps=(step,), updated_at=START + DAY, sequence=3, progressed_at=START)

    after = succeed(before, dossier(place="Quầy 2"), now=START + 2 * DAY)

    assert (after.steps, after.updated_at, after.sequence, after.place) == ((step,), START + DAY, 3, "Quầy 2")
    assert after.progressed_at == START


def test_a_new_status_is_progress_and_a_new_name_is_not() -> None:
    before = dossier(progressed_at=START)

    renamed = succeed(before, dossier(applicant="Nguyễn Thị Anh"), now=START + DAY)
    moved = succeed(before, dossier(status=Status.PROCESSING), now=START + DAY)

    assert (renamed.progressed_at, moved.progressed_at) == (START, START + DAY)


def test_progress_is_never_of_the_future() -> None:
    ahead = dossier(status=Status.PROCESSING, updated_at=START + DAY)

    assert succeed(dossier(progressed_at=START), ahead, now=START).progressed_at == START
    assert succeed(None, ahead, now=START).progressed_at == START


def test_a_supplement_is_seen_to_come_and_go() -> None:
    asked = succeed(dossier(), dossier(status=Status.SUPPLEMENT, updated_at=ASKED), now=ANSWERED)
    answered = succeed(asked, dossier(status=Status.PROCESSING, updated_at=ANSWERED), now=ANSWERED)
    again = succeed(answered, dossier(status=Status.SUPPLEMENT, updated_at=ANSWERED + DAY), now=ANSWERED + DAY)

    assert asked.waits == (Wait(ASKED),)
    assert answered.waits == (Wait(ASKED, ANSWERED),)
    assert again.waits == (Wait(ASKED, ANSWERED), Wait(ANSWERED + DAY))


def test_the_waits_that_the_source_tells_are_believed() -> None:
    told = (Wait(START, START + 2 * DAY),)

    assert succeed(dossier(status=Status.SUPPLEMENT), dossier(waits=told), now=ANSWERED).waits == told


def test_a_report_moves_the_status_and_adds_its_step() -> None:
    step = Step(agency="H32.15", holder="Phòng Tư pháp", started_at=ASKED)
    report = ProgressReport(source="office", code=code(1), status=Status.PROCESSING, step=step, at=ASKED)

    after = advance(dossier(updated_at=START), report, now=ANSWERED)

    assert (after.status, after.steps, after.updated_at, after.progressed_at) == (
        Status.PROCESSING, (step,), ASKED, ASKED,
    )  # fmt: skip
    assert advance(after, report, now=ANSWERED) == after


def test_a_late_report_adds_its_step_and_moves_nothing() -> None:
    newer, older = Step(task="Ký", started_at=ANSWERED), Step(task="Thẩm định", started_at=ASKED)
    before = dossier(status=Status.DONE, steps=(newer,), updated_at=ANSWERED)
    late = ProgressReport(source="office", code=code(1), status=Status.PROCESSING, step=older, at=ASKED)

    after = advance(before, late, now=ANSWERED + DAY)

    assert (after.status, after.updated_at, after.steps) == (Status.DONE, ANSWERED, (older, newer))


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=MOST_STEPS + 50, unique=True))
def test_reports_in_any_order_give_the_same_course(minutes: list[int]) -> None:
    reports = [
        ProgressReport(
            source="office", code=code(1), status=Status(1 + minute % 10), at=START + timedelta(minutes=minute),
            step=Step(task=str(minute), started_at=START + timedelta(minutes=minute)),
        )
        for minute in minutes
    ]  # fmt: skip
    standing = dossier(status=Status.UNKNOWN)
    for report in reports:
        standing = advance(standing, report, now=START + 30 * DAY)
    in_order = dossier(status=Status.UNKNOWN)
    for report in sorted(reports, key=lambda each: each.at or START):
        in_order = advance(in_order, report, now=START + 30 * DAY)

    assert (standing.status, standing.steps, standing.updated_at) == (
        in_order.status, in_order.steps, in_order.updated_at,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("clock", "due"),
    [
        (SupplementClock.SOURCE, APPOINTMENT),
        # Monday 08:00 to Wednesday 08:00 over 24/11, a day off: eight hours, as many as Friday has left and one more.
        (SupplementClock.EXTEND, vietnam(30, 8)),
        # Received on a Sunday, so counted from Monday: three working days until Friday, anew from Wednesday.
        (SupplementClock.RESTART, vietnam(30, 17)),
        (SupplementClock.SUBTRACT, APPOINTMENT),
    ],
)
def test_each_rule_has_its_own_deadline(clock, due) -> None:  # type: ignore[no-untyped-def]
    assert due_at(dossier(waits=(Wait(ASKED, ANSWERED),), status=Status.PROCESSING), clock, PLAIN) == due


@pytest.mark.parametrize("clock", SupplementClock)
def test_while_the_citizen_gathers_papers_only_the_source_knows_a_deadline(clock: SupplementClock) -> None:
    waiting = dossier(waits=(Wait(ASKED),), status=Status.SUPPLEMENT)

    stands = clock in (SupplementClock.EXTEND, SupplementClock.RESTART)
    assert due_at(waiting, clock, PLAIN) == (None if stands else APPOINTMENT)
    assert due_at(dossier(appointment_at=None), clock, PLAIN) is None


@pytest.mark.parametrize("clock", SupplementClock)
def test_where_nothing_was_awaited_the_appointment_itself_is_the_deadline(clock: SupplementClock) -> None:
    plain = dossier()

    assert due_at(plain, clock, PLAIN) is plain.appointment_at


def test_a_first_import_works_out_no_deadlines() -> None:
    asked: list[str] = []

    def calendar(agency: str) -> Calendar:
        asked.append(agency)
        return PLAIN

    plain, waiting = dossier(1, agency="H32.15"), dossier(2, agency="H32.16", status=Status.SUPPLEMENT)
    paused = dossier(3, agency="H32.17", paused_at=ASKED)
    arrived = incoming(Batch((plain, waiting, paused), "c", as_of=START), now=START)
    standing = settle(
        Sifted(new=list(arrived.values())),
        (),
        {},
        {},
        NOBODY,
        now=START,
        clock=SupplementClock.EXTEND,
        calendar=calendar,
    )

    assert asked == ["H32.16", "H32.17"]
    assert [each.due_at for each in standing.dossiers] == [APPOINTMENT, None, None]
    assert standing.dossiers[0].due_at is plain.appointment_at


@pytest.mark.parametrize("clock", SupplementClock)
def test_while_the_source_says_that_the_clock_stands_no_deadline_runs(clock: SupplementClock) -> None:
    paused = dossier(paused_at=ASKED, status=Status.PROCESSING)

    assert due_at(paused, clock, PLAIN) == (APPOINTMENT if clock is SupplementClock.SOURCE else None)
    assert is_late(paused, clock, PLAIN, now=APPOINTMENT + 9 * DAY) is (clock is SupplementClock.SOURCE)


def test_a_pause_is_seen_to_end_and_then_moves_the_deadline() -> None:
    paused = succeed(dossier(), dossier(paused_at=ASKED, updated_at=ASKED), now=ASKED)
    lasting = succeed(paused, dossier(paused_at=ASKED, updated_at=ASKED + DAY), now=ASKED + DAY)
    resumed = succeed(lasting, dossier(updated_at=ANSWERED), now=ANSWERED)
    later = succeed(resumed, dossier(place="Quầy 2", updated_at=APPOINTMENT), now=APPOINTMENT)

    assert (paused.pauses, lasting.pauses) == ((), ())
    assert resumed.pauses == later.pauses == (Wait(ASKED, ANSWERED),)
    assert due_at(later, SupplementClock.EXTEND, PLAIN) == vietnam(30, 8)
    assert due_at(later, SupplementClock.SOURCE, PLAIN) == APPOINTMENT


def test_a_pause_within_a_supplement_counts_once() -> None:
    both = dossier(waits=(Wait(ASKED, ANSWERED),), pauses=(Wait(ASKED + timedelta(hours=1), ANSWERED + DAY / 24),))

    assert waited(both, PLAIN) == timedelta(hours=9)


def test_a_weekend_of_waiting_moves_nothing() -> None:
    friday_evening, sunday = vietnam(27, 17), vietnam(29, 20)
    over_a_weekend = dossier(waits=(Wait(friday_evening, sunday),), appointment_at=vietnam(30, 10))

    assert due_at(over_a_weekend, SupplementClock.EXTEND, PLAIN) == vietnam(30, 10)
    assert waited(over_a_weekend, PLAIN) == timedelta()


def test_papers_that_come_after_the_cut_off_begin_the_term_a_day_later() -> None:
    in_time = dossier(waits=(Wait(ASKED, vietnam(25, 15)),))
    too_late = dossier(waits=(Wait(ASKED, vietnam(25, 15, 1)),))

    assert due_at(in_time, SupplementClock.RESTART, PLAIN) == vietnam(30, 17)
    assert due_at(too_late, SupplementClock.RESTART, PLAIN) == vietnam(31, 17)


def test_the_term_begins_anew_after_the_last_of_several_supplements() -> None:
    twice = (Wait(ASKED, ANSWERED), Wait(vietnam(26, 8), vietnam(27, 8)))

    assert due_at(dossier(waits=twice), SupplementClock.RESTART, PLAIN) == vietnam(32, 17)
    # One that is open while the work goes on says nothing of when it ended.
    assert due_at(dossier(waits=(*twice, Wait(vietnam(27, 9)))), SupplementClock.RESTART, PLAIN) == APPOINTMENT


def test_a_term_of_hours_begins_anew_in_hours() -> None:
    same_day = dossier(
        received_at=vietnam(25, 8), appointment_at=vietnam(25, 11), waits=(Wait(vietnam(25, 9), vietnam(26, 10, 30)),)
    )

    assert due_at(same_day, SupplementClock.RESTART, PLAIN) == vietnam(26, 15, 30)
    assert due_at(replace(same_day, received_at=None), SupplementClock.RESTART, PLAIN) == vietnam(25, 11)


def test_another_office_has_other_days() -> None:
    saturdays = Calendar(saturday=((time(7, 0), time(11, 0)),))
    waiting = dossier(waits=(Wait(vietnam(27, 15), vietnam(28, 11)),), appointment_at=vietnam(30, 8))

    assert due_at(waiting, SupplementClock.EXTEND, PLAIN) == vietnam(30, 10)
    assert due_at(waiting, SupplementClock.EXTEND, saturdays) == vietnam(30, 16)


def test_what_an_apology_promised_holds_until_the_source_names_another_date() -> None:
    promised = dossier(promised_at=APPOINTMENT + 5 * DAY)
    same = succeed(promised, dossier(place="Quầy 2"), now=START)
    moved = succeed(promised, dossier(appointment_at=APPOINTMENT + DAY), now=START)

    assert due_at(same, SupplementClock.SOURCE, PLAIN) == same.appointment == APPOINTMENT + 5 * DAY
    assert due_at(moved, SupplementClock.SOURCE, PLAIN) == moved.appointment == APPOINTMENT + DAY


def test_the_time_waited_is_taken_off_where_the_rule_says_so() -> None:
    waits = (Wait(ASKED, ANSWERED),)
    in_time = dossier(waits=waits, status=Status.DONE, finished_at=vietnam(30, 8))
    late = replace(in_time, finished_at=vietnam(30, 8, 1))

    for rule in (SupplementClock.SUBTRACT, SupplementClock.EXTEND):
        assert not is_late(in_time, rule, PLAIN, now=APPOINTMENT + 9 * DAY)
        assert is_late(late, rule, PLAIN, now=APPOINTMENT + 9 * DAY)
    assert is_late(in_time, SupplementClock.SOURCE, PLAIN, now=APPOINTMENT + 9 * DAY)


def test_a_wait_that_lasts_is_taken_off_as_far_as_it_has_come() -> None:
    waiting = dossier(waits=(Wait(vietnam(26, 8)),), status=Status.SUPPLEMENT)

    assert not is_late(waiting, SupplementClock.SUBTRACT, PLAIN, now=vietnam(30, 8))
    assert is_late(replace(waiting, waits=()), SupplementClock.SUBTRACT, PLAIN, now=vietnam(30, 8))


def test_a_wait_that_ends_before_it_begins_counts_for_nothing() -> None:
    assert waited(dossier(waits=(Wait(ANSWERED, ASKED),)), PLAIN) == timedelta()
    assert waited(dossier(waits=(Wait(ASKED),)), PLAIN) == timedelta()
    assert waited(dossier(waits=(Wait(ASKED),)), PLAIN, until=ANSWERED) == timedelta(hours=8)


HOURS = st.integers(0, 24 * 40).map(lambda hours: timedelta(hours=hours))


@given(st.lists(st.tuples(HOURS, HOURS), max_size=4), HOURS)
def test_the_deadline_moves_by_the_office_hours_that_some_wait_covers(
    spans: list[tuple[timedelta, timedelta]], term: timedelta
) -> None:
    waits = tuple(Wait(START + begin, START + begin + length) for begin, length in spans)
    appointment = PLAIN.add_hours(START, term)

    due = due_at(dossier(waits=waits, appointment_at=appointment), SupplementClock.EXTEND, PLAIN)

    covered = [
        hour
        for hour in range(24 * 80)
        if any(begin <= timedelta(hours=hour) < begin + length for begin, length in spans)
    ]
    hours = sum((PLAIN.worked(START + hour * HOUR, START + (hour + 1) * HOUR) for hour in covered), timedelta())
    assert due is not None
    assert PLAIN.worked(appointment, due) == hours
    assert due == appointment or any(
        opens <= due.astimezone(VIETNAM).time() <= closes for opens, closes in PLAIN.hours_of(due.date())
    )
