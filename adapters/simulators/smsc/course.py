"""How a submit goes: decided by its number's fate, then bent by the faults that were ordered."""

from typing import NamedTuple

from adapters.channels.sms_smpp import spec
from adapters.fates import Fate
from adapters.simulators.smsc.faults import Fault, Kind


class Course(NamedTuple):
    """From the submit to its receipts."""

    status: int | None = spec.OK
    """Of the response; None for no response."""
    taken: bool = True
    state: str = "DELIVRD"
    """The `stat:` in which it ends."""
    settles: bool = True
    """False: it stays on its way for ever."""
    slow: bool = False
    hasty: bool = False
    """Settled before the response leaves."""
    receipts: int = 1
    latency: float = 0.0
    """Seconds that the response takes longer than usual."""
    offset: int = 0
    """Added to the response's sequence number."""
    garbage: Fault | None = None
    drop: bool = False
    """The link falls now."""
    doom: Fault | None = None
    """The link falls soon, and until then its submits all go this way."""


COURSES = {
    Fate.ARRIVES: Course(),
    Fate.REFUSED: Course(status=spec.INVALID_DESTINATION, taken=False),
    Fate.UNDELIVERABLE: Course(state="UNDELIV"),
    Fate.SILENT: Course(settles=False),
    Fate.SLOW: Course(slow=True),
    Fate.HASTY: Course(hasty=True),
    Fate.THROTTLED: Course(status=spec.THROTTLED, taken=False),
    Fate.DROPPED: Course(status=None, drop=True),
    Fate.SWALLOWED: Course(status=None, taken=False),
    Fate.EXPIRES: Course(state="EXPIRED"),
}

_REFUSALS = {
    Kind.THROTTLE: spec.THROTTLED,
    Kind.QUEUE_FULL: spec.QUEUE_FULL,
    Kind.SYSTEM_ERROR: spec.SYSTEM_ERROR,
}


def bent(course: Course, fault: Fault) -> Course:
    """The course of a submit that the fault meets."""
    match fault.kind:
        case Kind.DROP:
            return course._replace(status=None, doom=fault)
        case Kind.DROP_UNTAKEN:
            return course._replace(status=None, doom=fault, taken=False)
        case Kind.SILENCE:
            return course._replace(status=None, taken=course.taken and fault.taken)
        case Kind.SLOW | Kind.LATE_RESPONSE:
            return course._replace(latency=course.latency + fault.delay)
        case Kind.THROTTLE | Kind.QUEUE_FULL | Kind.SYSTEM_ERROR:
            return course._replace(status=_REFUSALS[fault.kind], taken=False)
        case Kind.WRONG_SEQUENCE:
            return course._replace(offset=fault.offset)
        case Kind.DUPLICATE_RECEIPT:
            return course._replace(receipts=course.receipts * 2)
        case Kind.LOST_RECEIPT:
            return course._replace(receipts=0)
        case Kind.RECEIPT_FIRST:
            return course._replace(hasty=True)
        case Kind.GARBAGE:
            return course._replace(garbage=fault)
        case Kind.HELD_RECEIPT | Kind.HALF_OPEN | Kind.DOWN:
            return course
