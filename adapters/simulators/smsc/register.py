"""What the centre has taken, and where each message stands: the memory that query_sm reads."""

import struct
import time
from collections import OrderedDict
from dataclasses import dataclass

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import Queried, Query, ShortMessage
from adapters.channels.sms_smpp.concatenation import Part
from adapters.simulators.smsc.course import Course

STATE_CODES = {
    "ENROUTE": spec.ENROUTE,
    "DELIVRD": spec.DELIVERED,
    "EXPIRED": spec.EXPIRED,
    "UNDELIV": spec.UNDELIVERABLE,
}
ERRORS = {"ENROUTE": 0, "DELIVRD": 0, "EXPIRED": 27, "UNDELIV": 11}
"""Network error codes as GSM has them: 27 absent subscriber, 11 teleservice not provisioned."""
_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class Submitted:
    """A part that came in, and how it goes."""

    account: str
    message: ShortMessage
    part: Part | None
    text: str
    number: int
    """The centre's own number for it, of which the ids are made."""
    message_id: str
    """As the response says it; empty where it was not taken."""
    course: Course
    at: float


@dataclass(slots=True)
class _Standing:
    account: str
    source: str
    state: str = "ENROUTE"
    settled_at: float = 0.0


class Register:
    """The latest messages by the id of their response."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Standing] = OrderedDict()

    def enter(self, taken: Submitted) -> None:
        self._known[taken.message_id] = _Standing(taken.account, taken.message.source.digits)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def settle(self, taken: Submitted) -> None:
        if standing := self._known.get(taken.message_id):
            standing.state, standing.settled_at = taken.course.state, time.time()

    def answer(self, account: str, query: Query) -> Queried | None:
        """Where a message stands; None for one that this account never sent from this source (SMPP 3.4, 4.8.1)."""
        standing = self._known.get(query.message_id)
        asked_by = (account, query.source.digits or (standing.source if standing else ""))
        if standing is None or (standing.account, standing.source) != asked_by:
            return None
        final = absolute(standing.settled_at) if standing.settled_at else ""
        return Queried(query.message_id, final, STATE_CODES[standing.state], ERRORS[standing.state])


def absolute(moment: float) -> str:
    """`YYMMDDhhmmsstnnp`, in UTC (SMPP 3.4, 7.1.1)."""
    return time.strftime("%y%m%d%H%M%S", time.gmtime(moment)) + f"{int(moment * 10) % 10}00+"


def network_error(state: str) -> bytes:
    """The value of network_error_code: a GSM network, and its code."""
    return struct.pack(">BH", 3, ERRORS[state])
