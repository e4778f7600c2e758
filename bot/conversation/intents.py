"""Pure: what a citizen wants, read from what was typed."""

from dataclasses import dataclass, field

from bot.model.code import Found as ReadCode

STRONG = frozenset({"stop", "start", "help", "cancel", "clerk", "back"})
"""What is done even in the middle of a question that takes any text."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What was understood. Names are the keys of the features' tables."""

    name: str
    """`lookup`, `mine`, `follow`, `unfollow`, `next`, `who`, `days`, `bring`, `history`, `language`, `help`, `stop`,
    `start`, `wrong_number`, `feedback`, `complaint`, `scam`, `genuine`, `clerk`, `back`, `bind`, `unbind`, `erase`,
    `invite`, `accept`, `revoke`, `rate`, `channel` (by which way to be told), `topics` (of what to be told), `phone` (a
    bare phone number), `yes`, `no`, `number` (a bare short number), `cancel`, `thanks`, `unknown`."""
    text: str = field(repr=False)
    """The whole text as it was typed."""
    codes: tuple[ReadCode, ...] = ()
    """Codes found in it, of dossiers and procedures, in order."""
    rest: str = field(default="", repr=False)
    """What is left without keyword and codes: a second factor, the text of a proposal, a language."""
    word: str = ""
    """The text in small letters without accents and signs, to compare with what people answer; at most 40 characters
    were looked at."""
