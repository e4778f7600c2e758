"""What is special to SMPP in the fate of a number: parts of long texts, and bad luck that a text has only once."""

from collections import Counter

from adapters.channels.sms_smpp.codec import ShortMessage
from adapters.channels.sms_smpp.concatenation import Part
from adapters.fates import Fate, fate_of

_THROTTLES = 2


class Fates:
    """Remembers which texts to which numbers have had their bad luck already.

    In a long message the first part alone is throttled, dropped or swallowed; what then comes of the message goes as
    for any other number, and the receipt of every part says the same.
    """

    def __init__(self) -> None:
        self._met: Counter[tuple[str, bytes]] = Counter()

    def of(self, message: ShortMessage, part: Part | None, octets: bytes) -> Fate:
        """`octets` are the part's without its header, so that a repetition under a new reference is known."""
        fate = fate_of(message.destination.digits)
        if fate not in (Fate.THROTTLED, Fate.DROPPED, Fate.SWALLOWED):
            return fate
        if part and part.number > 1:
            return Fate.ARRIVES
        if fate is Fate.SWALLOWED:
            return fate
        text = (message.destination.digits, octets)
        self._met[text] += 1
        return fate if self._met[text] <= (_THROTTLES if fate is Fate.THROTTLED else 1) else Fate.ARRIVES
