"""The course of a dossier: which of two states is the newer one, what of the older one stays, when it is due."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.dossier import Dossier, ProgressReport, Status, Step, Wait

FAR = timedelta(days=2)
"""A time so far ahead of ours is a mistyped year. Less is a clock that is wrong, whose order is still an order."""

MOST_STEPS = 200
"""Steps of one dossier that are kept, the newest."""


class SupplementClock(StrEnum):
    """What the time that a citizen needs for a supplement does to the deadline. Laws and software differ."""

    SOURCE = "source"
    """Nothing by us: the one-stop software itself moves the appointment."""
    EXTEND = "extend"
    """The clock stops: the appointment moves by the time waited (as common one-stop software does)."""
    RESTART = "restart"
    """The whole term begins anew once the papers are complete (NĐ 61/2018/NĐ-CP Đ19(4))."""
    SUBTRACT = "subtract"
    """The appointment stays; the waiting is taken off when lateness is judged (as the national figures do)."""


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


def due_at(dossier: Dossier, clock: SupplementClock) -> datetime | None:
    """The deadline under the source's rule for supplements; None where none runs: no appointment, or the clock
    stands still until the citizen's papers come (where the rule says that it does).

    Counted in elapsed time: working days and holidays are the business of the office's calendar.
    """
    appointment = dossier.appointment_at
    if appointment is None or clock in (SupplementClock.SOURCE, SupplementClock.SUBTRACT) or not dossier.waits:
        return appointment
    if dossier.waits[-1].answered_at is None and dossier.status is Status.SUPPLEMENT:
        return None
    if clock is SupplementClock.EXTEND:
        return appointment + waited(dossier.waits)
    answered = dossier.waits[-1].answered_at
    if answered is None or dossier.received_at is None:
        return appointment
    return answered + (appointment - dossier.received_at)


def is_late(dossier: Dossier, clock: SupplementClock, *, now: datetime) -> bool:
    """Whether the office is over its time: at the end of the work, or now while it lasts."""
    due = due_at(dossier, clock)
    if due is None:
        return False
    end = dossier.finished_at or now
    if clock is SupplementClock.SUBTRACT:
        end -= waited(dossier.waits, until=end)
    return end > due


def waited(waits: Sequence[Wait], *, until: datetime | None = None) -> timedelta:
    """How long the citizen's supplements took together; an open one counts up to `until`, or not at all."""
    total = timedelta()
    for wait in waits:
        end = wait.answered_at or until
        if end is not None and end > wait.asked_at:
            total += end - wait.asked_at
    return total


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
