"""What becomes of a message, by the last four digits of the number it goes to."""

from collections import Counter
from enum import Enum

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import ShortMessage
from adapters.channels.sms_smpp.concatenation import Part


class Fate(Enum):
    """How a number behaves. In a long message the first part alone is throttled, dropped or swallowed; what then
    comes of the message goes as for any other number, and the receipt of every part says the same."""

    ARRIVES = ""
    REFUSED = "0001"
    """ESME_RINVDSTADR."""
    UNDELIVERABLE = "0002"
    SILENT = "0003"
    """Accepted, never a receipt."""
    SLOW = "0004"
    HASTY = "0005"
    """The receipt leaves before the response to the submit."""
    THROTTLED = "0006"
    """ESME_RTHROTTLED for the first two times the same text comes, then as any other."""
    DROPPED = "0007"
    """The first time the same text comes, the link falls before the response. The message was taken, and its
    receipt waits for the next bind: the case in which a blind repetition reaches the citizen twice."""
    SWALLOWED = "0008"
    """Neither response nor receipt, and not taken."""
    EXPIRES = "0009"


_BY_ENDING = {fate.value: fate for fate in Fate}
_THROTTLES = 2
_WORDS = {Fate.UNDELIVERABLE: "UNDELIV", Fate.EXPIRES: "EXPIRED"}
STATE_CODES = {"DELIVRD": 2, "EXPIRED": 3, "UNDELIV": 5}
ERRORS = {"DELIVRD": 0, "EXPIRED": 27, "UNDELIV": 11}
"""Network error codes as GSM has them: 27 absent subscriber, 11 teleservice not provisioned."""


class Fates:
    """Remembers which texts to which numbers have had their bad luck already."""

    def __init__(self) -> None:
        self._met: Counter[tuple[str, bytes]] = Counter()

    def of(self, message: ShortMessage, part: Part | None, octets: bytes) -> Fate:
        """`octets` are the part's without its header, so that a repetition under a new reference is known."""
        fate = _BY_ENDING.get(message.destination.digits[-4:], Fate.ARRIVES)
        if fate not in (Fate.THROTTLED, Fate.DROPPED, Fate.SWALLOWED):
            return fate
        if part and part.number > 1:
            return Fate.ARRIVES
        if fate is Fate.SWALLOWED:
            return fate
        text = (message.destination.digits, octets)
        self._met[text] += 1
        return fate if self._met[text] <= (_THROTTLES if fate is Fate.THROTTLED else 1) else Fate.ARRIVES


def final_state(fate: Fate) -> str:
    """The `stat:` of the receipt."""
    return _WORDS.get(fate, "DELIVRD")


def refusal(fate: Fate) -> int:
    """The status of the response; 0 where the message is taken."""
    return {Fate.REFUSED: spec.INVALID_DESTINATION, Fate.THROTTLED: spec.THROTTLED}.get(fate, spec.OK)
