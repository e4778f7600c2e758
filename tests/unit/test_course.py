"""The course of a dossier: order, what stays of the older state, the deadline after supplements."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from tests.support.making import START, code, dossier

DAY = timedelta(days=1)
APPOINTMENT = START + 5 * DAY
ASKED, ANSWERED = START + DAY, START + 3 * DAY


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
        (SupplementClock.EXTEND, APPOINTMENT + 2 * DAY),
        (SupplementClock.RESTART, ANSWERED + (APPOINTMENT - (START + timedelta(minutes=1)))),
        (SupplementClock.SUBTRACT, APPOINTMENT),
    ],
)
def test_each_rule_has_its_own_deadline(clock, due) -> None:  # type: ignore[no-untyped-def]
    assert due_at(dossier(waits=(Wait(ASKED, ANSWERED),), status=Status.PROCESSING), clock) == due


@pytest.mark.parametrize("clock", SupplementClock)
def test_while_the_citizen_gathers_papers_only_the_source_knows_a_deadline(clock: SupplementClock) -> None:
    waiting = dossier(waits=(Wait(ASKED),), status=Status.SUPPLEMENT)

    stands = clock in (SupplementClock.EXTEND, SupplementClock.RESTART)
    assert due_at(waiting, clock) == (None if stands else APPOINTMENT)
    assert due_at(dossier(appointment_at=None), clock) is None


def test_two_days_of_waiting_are_taken_off_where_the_rule_says_so() -> None:
    done = dossier(waits=(Wait(ASKED, ANSWERED),), status=Status.DONE, finished_at=APPOINTMENT + DAY)

    assert is_late(done, SupplementClock.SOURCE, now=APPOINTMENT + 9 * DAY)
    assert not is_late(done, SupplementClock.SUBTRACT, now=APPOINTMENT + 9 * DAY)
    assert not is_late(done, SupplementClock.EXTEND, now=APPOINTMENT + 9 * DAY)


def test_a_wait_that_ends_before_it_begins_counts_for_nothing() -> None:
    assert waited((Wait(ANSWERED, ASKED),)) == timedelta()
    assert waited((Wait(ASKED),)) == timedelta()
    assert waited((Wait(ASKED),), until=ANSWERED) == 2 * DAY
