"""Which message a receipt speaks of when it does not say our id: the recent ones, by what an SMSC gives back.

An SMSC that returns `user_message_reference` (SMPP 3.4, 5.3.2.17) tells with it and the citizen's number which of our
messages it means. That matters twice: where receipts carry no message id, and where the response to a submit never came
and so nobody ever told us the id that the receipt carries. Memory only, and so only until the next start.
"""

import zlib
from collections import OrderedDict

_MOST = 20_000
_SAME_DIGITS = 9
"""Last digits that a number has in common with itself in its other forms: 84912345678, 0912345678."""


def user_message_reference(item_id: str) -> int:
    """16 bits of our id, the same for each part of a message."""
    return zlib.crc32(item_id.encode()) & 0xFFFF


class Recollection:
    """At most 20,000 messages; the oldest is forgotten first."""

    def __init__(self) -> None:
        # A plain dictionary takes ever longer to find its oldest entry once entries are taken from its front.
        self._sent: OrderedDict[str, str] = OrderedDict()
        """Our id by reference and number; empty where two messages have the same."""
        self._known: set[str] = set()
        """Messages whose ids the SMSC has told us."""

    def sent(self, item_id: str, number: str) -> None:
        """A message is about to leave for `number`."""
        key = _key(user_message_reference(item_id), number)
        before = self._sent.pop(key, item_id)
        self._sent[key] = item_id if before == item_id else ""
        if len(self._sent) > _MOST:
            self._known.discard(self._sent.popitem(last=False)[1])

    def known(self, item_id: str) -> None:
        """Every part of it was answered with an id."""
        if len(self._known) > 2 * _MOST:
            # Left behind by what was forgotten meanwhile; without it a receipt is only matched in one way more.
            self._known.clear()
        self._known.add(item_id)

    def item_of(self, reference: int, number: str, *, named: bool) -> str:
        """The message meant by a receipt for `number`; empty where none can be told for sure.

        `named`: the receipt has a message id as well, which goes first where that id may be known to us.
        """
        item_id = self._sent.get(_key(reference, number), "")
        return "" if named and item_id in self._known else item_id


def _key(reference: int, number: str) -> str:
    # A string and no pair: 20,000 pairs are so much more for the garbage collector to go through, at every message.
    return f"{reference}>{number[-_SAME_DIGITS:]}"
