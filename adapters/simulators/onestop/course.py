"""The course of one dossier through the office, planned when it is received."""

from dataclasses import dataclass
from enum import Enum, auto
from random import Random

from adapters.simulators.onestop import wording
from adapters.simulators.onestop.hours import DAY, HOUR, LAST_SAME_DAY
from adapters.simulators.onestop.procedures import Procedure
from adapters.simulators.onestop.stages import ANY_PARTNER, PARTNERS
from bot.model.dossier import Handing, Status

_SHORTEST_SHARED = HOUR // 2
"""Seconds of work that another agency needs at least."""
_LATEST_REQUEST = 3 * DAY
"""A supplement is asked for within three working days (NĐ 61/2018/NĐ-CP article 19)."""


class End(Enum):
    """How a dossier ends, seen from the appointment that was given first (or after a supplement)."""

    EARLY = auto()
    """More than a working hour before it."""
    ON_TIME = auto()
    """In the last hour before it."""
    LATE = auto()
    """After it; the office gives a new appointment before the old one passes."""
    FORGOTTEN = auto()
    """After it, and nobody said a word."""
    REFUSED = auto()
    WITHDRAWN = auto()
    STOPPED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    end: End
    filed: Handing = Handing.COUNTER
    """Online, through the portal: registered first, accepted by the desk some hours later."""
    returned: Handing = Handing.COUNTER
    supplements: int = 0
    """How often something is lacking."""
    duty: bool = False
    sooner: bool = False
    """The appointment is moved to an earlier day."""
    pause: bool = False
    """The clock stands for a while."""
    interlinked: bool = False
    """Other agencies work on it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From `at` on (seconds of work), the dossier stands so. What is None stays as it was."""

    at: int
    status: Status
    received: bool = False
    """`at` is the date of receipt."""
    due: int | None = None
    """The last working day (its number) of the appointment, which is 17:00 of it."""
    supplement: str = ""
    reason: str = ""
    partner: str = ""
    """The other agency that holds it from now on; empty: the one that received it."""
    paused: bool = False
    """The clock stands."""


def plan(procedure: Procedure, fate: Fate, at: int, random: Random) -> list[Step]:
    """All steps in order of time."""
    steps = _own(procedure, fate, at, random)
    return _shared(steps, procedure) if fate.interlinked else steps


def _own(procedure: Procedure, fate: Fate, at: int, random: Random) -> list[Step]:
    """The steps of the agency that receives it."""
    online = fate.filed is Handing.ONLINE
    steps = [Step(at=at, status=Status.REGISTERED, received=True)] if online else []
    if online:
        at += random.randrange(HOUR // 2, 4 * HOUR)
    if fate.end is End.REFUSED:
        return [*steps, Step(at=at, status=Status.REFUSED, reason=random.choice(wording.REFUSALS))]
    due = due_day(procedure.days, at)
    steps.append(Step(at=at, status=Status.RECEIVED, received=True, due=due))
    steps.append(_start(at, due, random))
    if fate.pause:
        steps += _pause(steps[-1].at, due)
    if fate.duty:
        steps += _duty(max(at, steps[-1].at), due, random)
    for _ in range(fate.supplements):
        steps += _supplement(procedure, steps[-1].at, due, random)
        at, due = steps[-1].at, steps[-1].due or due
    at = max(at, steps[-1].at)
    if fate.sooner and at // DAY < due - 1:
        due -= 1
        at += HOUR
        steps.append(Step(at=at, status=Status.PROCESSING, due=due))
    return steps + _ending(procedure, fate.end, at, due, random)


def _shared(steps: list[Step], procedure: Procedure) -> list[Step]:
    """The first time of processing is shared out: own agency, each partner in turn, and back with the next step."""
    start = next((number for number, step in enumerate(steps) if step.status is Status.PROCESSING), len(steps))
    if start + 1 >= len(steps):
        return steps
    partners = PARTNERS.get(procedure.sector, ANY_PARTNER)
    stretch = (steps[start + 1].at - steps[start].at) // (len(partners) + 1)
    if stretch < _SHORTEST_SHARED:
        return steps
    handed = [
        Step(at=steps[start].at + number * stretch, status=Status.PROCESSING, partner=partner)
        for number, partner in enumerate(partners, 1)
    ]
    return [*steps[: start + 1], *handed, *steps[start + 1 :]]


def due_day(days: int, at: int) -> int:
    """The working day on whose evening the result is promised; the day of receipt is not counted."""
    day, clock = divmod(at, DAY)
    return day + (days or int(clock >= LAST_SAME_DAY))


def _start(at: int, due: int, random: Random) -> Step:
    return Step(at=at + int(_left(at, due) * random.uniform(0.03, 0.12)), status=Status.PROCESSING)


def _pause(at: int, due: int) -> list[Step]:
    """Short enough that the appointment stays."""
    left = _left(at, due)
    return [
        Step(at=at + left // 20, status=Status.PROCESSING, paused=True, reason=wording.PAUSE),
        Step(at=at + left // 8, status=Status.PROCESSING),
    ]


def _duty(at: int, due: int, random: Random) -> list[Step]:
    asked = at + int(_left(at, due) * random.uniform(0.15, 0.3))
    return [
        Step(at=asked, status=Status.PAYMENT, reason=wording.DUTY),
        Step(at=asked + int(_left(asked, due) * random.uniform(0.05, 0.3)), status=Status.PROCESSING),
    ]


def _supplement(procedure: Procedure, at: int, due: int, random: Random) -> list[Step]:
    """The clock starts anew when the papers are complete (NĐ 61/2018/NĐ-CP article 19)."""
    content, reason = random.choice(wording.SUPPLEMENTS[procedure.sector])
    asked = at + int(min(_LATEST_REQUEST, _left(at, due) * 0.5) * random.uniform(0.3, 0.9))
    brought = asked + random.randrange(2 * HOUR, 2 * DAY)
    return [
        Step(at=asked, status=Status.SUPPLEMENT, supplement=content, reason=reason),
        Step(at=brought, status=Status.PROCESSING, due=due_day(procedure.days, brought)),
    ]


def _ending(procedure: Procedure, end: End, at: int, due: int, random: Random) -> list[Step]:
    left, promised = _left(at, due), (due + 1) * DAY
    match end:
        case End.EARLY:
            return _result(at + int((left - HOUR) * random.uniform(0.3, 0.98)), random)
        case End.ON_TIME:
            return _result(promised - random.randrange(60, min(HOUR, left // 2)), random)
        case End.FORGOTTEN:
            return _result(promised + random.randrange(2 * HOUR, DAY + DAY // 2), random)
        case End.LATE:
            return _late(procedure, at, due, random)
        case End.WITHDRAWN:
            out = Step(at=at + int(left * random.uniform(0.2, 0.6)), status=Status.WITHDRAWN, reason=wording.WITHDRAWAL)
            return [out]
        case End.STOPPED:
            reason = random.choice(wording.STOPS)
            return [Step(at=at + int(left * random.uniform(0.4, 0.9)), status=Status.STOPPED, reason=reason)]
        case End.REFUSED:
            return []


def _late(procedure: Procedure, at: int, due: int, random: Random) -> list[Step]:
    """A new appointment with its reason, in the last day before the old one; the result between the two."""
    told = (due + 1) * DAY - int(min(DAY, _left(at, due) * 0.7) * random.uniform(0.4, 1.0))
    again = due + 1 + random.randrange(1 + procedure.days // 3)
    reason = random.choice(wording.DELAYS.get(procedure.sector, ()) + wording.ANY_DELAY)
    moved = Step(at=told, status=Status.PROCESSING, due=again, reason=reason)
    finished = (due + 1) * DAY + int((again - due) * DAY * random.uniform(0.2, 0.9))
    return [moved, *_result(finished, random)]


def _result(at: int, random: Random) -> list[Step]:
    collected = at + random.randrange(HOUR // 2, DAY + DAY // 2)
    return [Step(at=at, status=Status.DONE), Step(at=collected, status=Status.RETURNED)]


def _left(at: int, due: int) -> int:
    """Seconds of work from `at` to the appointment."""
    return (due + 1) * DAY - at
