"""What becomes of a message by the last four digits of its number: one table for every simulator and sandbox.

So a clerk, a developer and a test see the same misfortunes with the same numbers, whatever carries the message.
"""

from enum import Enum


class Fate(Enum):
    """How a number behaves. The value is the number's ending; any other number is `ARRIVES`."""

    ARRIVES = ""
    REFUSED = "0001"
    """The provider refuses the number for good."""
    UNDELIVERABLE = "0002"
    """Accepted; the receipt says that it could not be delivered."""
    SILENT = "0003"
    """Accepted, never a receipt."""
    SLOW = "0004"
    """Accepted; the receipt comes late."""
    HASTY = "0005"
    """The receipt comes before the provider's answer."""
    THROTTLED = "0006"
    """"Too fast" for the first two times that the same text comes, then as any other."""
    DROPPED = "0007"
    """The first time that the same text comes, the connection falls before the answer. The message was taken, and its
    receipt comes: the case in which a blind repetition reaches the citizen twice."""
    SWALLOWED = "0008"
    """Neither answer nor receipt, and not taken."""
    EXPIRES = "0009"
    """Accepted; the receipt says that it expired."""


_BY_ENDING = {fate.value: fate for fate in Fate}


def fate_of(number: str) -> Fate:
    """By the last four digits, however the number is written."""
    return _BY_ENDING.get(number[-4:], Fate.ARRIVES)
