"""The course of a dossier: which of two states is the newer one, what of the older one stays, when it is due."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.calendar import Calendar
from bot.model.clock import VIETNAM, to_millis
from bot.model.dossier import FINISHED, Dossier, ProgressReport, Status, Step, Wait

FAR = timedelta(days=2)
"""A time so far ahead of ours is a mistyped year. Less is a clock that is wrong, whose order is still an order."""

MOST_STEPS = 200
"""Steps of one dossier that are kept, the newest."""


class SupplementClock(StrEnum):
    """What the time that a citizen needs for a supplement does to the deadline. Laws and software differ."""

    SOURCE = "source"
    """Nothing by us: the one-stop software itself moves the appointment."""
    EXTEND = "extend"
    """The clock stops: the appointment moves by the working time waited (as common one-stop software does)."""
    RESTART = "restart"
    """The whole term begins anew, in working days, once the papers are complete (NĐ 61/2018/NĐ-CP Đ19(4))."""
    SUBTRACT = "subtract"
    """The appointment stays; the working time waited is taken off when lateness is judged (as the national figures
    do)."""


def is_older(
    sequence: int | None,
    at: datetime | None,
    than_sequence: int | None,
    than_at: datetime | None,
    *,
    now: datetime,
    replay: bool = False,
) -> bool:
    """Whether an event comes before what is known. The source's sequence decides, else its update time; where a
    source tells neither, what arrives later is newer.

    What is known of a far future does not keep every later event out, unless that is only read once more (`replay`).
    """
    if sequence is not None and than_sequence is not None:
        return sequence < than_sequence
    if at is None or than_at is None:
        return False
    if than_at > now + FAR >= at:
        return replay
    return at < than_at


def succeed(before: Dossier | None, after: Dossier, *, now: datetime) -> Dossier:
    """`after` as the mirror keeps it: with what only the mirror knows of the dossier's course."""
    moment = min(after.updated_at or now, now)
    if before is None:
        waits = after.waits or _waits((), None, after.status, moment)
        return replace(after, waits=waits, progressed_at=first_progress(after, now=now))
    steps = after.steps or before.steps
    waits = after.waits or _waits(before.waits, before.status, after.status, moment)
    moved = before.status is not after.status or before.steps != steps or before.status_text != after.status_text
    return replace(
        after,
        steps=steps,
        waits=waits,
        pauses=_pauses(before, after, moment),
        promised_at=before.promised_at if _same_appointment(before, after) else None,
        updated_at=after.updated_at or before.updated_at,
        sequence=before.sequence if after.sequence is None else after.sequence,
        progressed_at=moment if moved else before.progressed_at,
    )


def first_progress(dossier: Dossier, *, now: datetime) -> datetime:
    """When a dossier that we see for the first time last moved, as far as its record tells."""
    return min(dossier.updated_at or dossier.received_at or now, now)


def advance(before: Dossier, report: ProgressReport, *, now: datetime) -> Dossier:
    """`before` after a report of progress. One that comes late adds its step to the course and moves nothing."""
    steps = _with_step(before.steps, report.step)
    if is_older(report.sequence, report.at, before.sequence, before.updated_at, now=now):
        return replace(before, steps=steps)
    status = before.status if report.status is None else report.status
    moment = min(report.at or now, now)
    moved = status is not before.status or steps != before.steps
    return replace(
        before,
        status=status,
        status_text=report.status_text or before.status_text,
        steps=steps,
        waits=_waits(before.waits, before.status, status, moment),
        updated_at=report.at or before.updated_at,
        sequence=before.sequence if report.sequence is None else report.sequence,
        progressed_at=moment if moved else before.progressed_at,
    )


def due_at(dossier: Dossier, clock: SupplementClock, calendar: Calendar) -> datetime | None:
    """The deadline under the source's rule for supplements and pauses, in working time of the agency; None where none
    runs: no appointment, or the clock stands (where the rule says that it does).

    What our apology promised holds where it is later.
    """
    due = dossier.appointment_at
    if due is not None and clock is not SupplementClock.SOURCE:
        if _stands(dossier, clock):
            return None
        if clock is SupplementClock.EXTEND and (span := waited(dossier, calendar)):
            due = calendar.add_hours(due, span)
        elif clock is SupplementClock.RESTART and (complete := _complete_at(dossier)):
            due = max(due, _anew(dossier, due, complete, calendar))
    promised = dossier.promised_at
    return due if due is None or promised is None else max(due, promised)


def is_late(dossier: Dossier, clock: SupplementClock, calendar: Calendar, *, now: datetime) -> bool:
    """Whether the office is over its time: at the end of the work, or now while it lasts."""
    due = due_at(dossier, clock, calendar)
    if due is None:
        return False
    end = dossier.finished_at or now
    if clock is SupplementClock.SUBTRACT and (span := waited(dossier, calendar, until=end)):
        due = calendar.add_hours(due, span)
    return end > due


def waited(dossier: Dossier, calendar: Calendar, *, until: datetime | None = None) -> timedelta:
    """The working time that supplements and pauses took together, what overlaps once; what lasts still counts up to
    `until`, or not at all."""
    total, counted = timedelta(), None
    for wait in _all_waits(dossier):
        begin = wait.asked_at if counted is None else max(wait.asked_at, counted)
        end = wait.answered_at or until
        if end is not None and end > begin:
            total, counted = total + calendar.worked(begin, end), end
    return total


def _stands(dossier: Dossier, clock: SupplementClock) -> bool:
    """Whether no deadline runs now. Under `subtract` an appointment stays while papers are awaited."""
    if dossier.paused_at is not None and dossier.status not in FINISHED:
        return True
    waits = bool(dossier.waits) and dossier.waits[-1].answered_at is None and dossier.status is Status.SUPPLEMENT
    return waits and clock is not SupplementClock.SUBTRACT


def _complete_at(dossier: Dossier) -> datetime | None:
    """When the papers became complete the last time; None where nothing was awaited, or it still is."""
    ends = [wait.answered_at for wait in _all_waits(dossier)]
    answered = [end for end in ends if end is not None]
    return max(answered) if answered and len(answered) == len(ends) else None


def _anew(dossier: Dossier, appointment: datetime, complete: datetime, calendar: Calendar) -> datetime:
    """The whole term from `complete` on; one that ends on the day of receipt counts in hours."""
    received = dossier.received_at
    if received is None:
        return appointment
    last = calendar.next_working_day(appointment.astimezone(VIETNAM).date())
    days = calendar.working_days(calendar.day_of_receipt(received), last)
    if days:
        return calendar.due(complete, days)
    return calendar.add_hours(
        calendar.counted_from(complete), calendar.worked(calendar.counted_from(received), appointment)
    )


def _all_waits(dossier: Dossier) -> list[Wait]:
    waits = [*dossier.waits, *dossier.pauses]
    if dossier.paused_at is not None:
        waits.append(Wait(dossier.paused_at))
    return sorted(waits, key=lambda wait: wait.asked_at)


def _pauses(before: Dossier, after: Dossier, moment: datetime) -> tuple[Wait, ...]:
    """As the mirror saw them end. While one lasts, another beginning is a correction."""
    if before.paused_at is None or after.paused_at is not None or moment <= before.paused_at:
        return before.pauses
    return (*before.pauses, Wait(before.paused_at, moment))


def _same_appointment(before: Dossier, after: Dossier) -> bool:
    """To the millisecond, as the mirror keeps it."""
    if before.appointment_at is None or after.appointment_at is None:
        return before.appointment_at is after.appointment_at
    return to_millis(before.appointment_at) == to_millis(after.appointment_at)


def _waits(waits: tuple[Wait, ...], before: Status | None, after: Status, moment: datetime) -> tuple[Wait, ...]:
    """As the mirror sees them where the source tells none: the status comes, and goes."""
    if before is after:
        return waits
    if after is Status.SUPPLEMENT:
        return (*waits, Wait(moment))
    if before is Status.SUPPLEMENT and waits and waits[-1].answered_at is None:
        return (*waits[:-1], Wait(waits[-1].asked_at, moment))
    return waits


def _with_step(steps: tuple[Step, ...], step: Step | None) -> tuple[Step, ...]:
    if step is None or step in steps:
        return steps
    return tuple(sorted((*steps, step), key=_beginning)[-MOST_STEPS:])


def _beginning(step: Step) -> float:
    return step.started_at.timestamp() if step.started_at else 0.0
