"""Cuts a text that is too long for one Telegram message, but no dossier code in it."""

from adapters import pieces as shared
from adapters.channels.telegram.markup import LONGEST_CODE, codes_in

LONGEST = 4096
"""Characters in a message once its markup is read. Counted in UTF-16 units, as the Bot API counts: an emoji is two."""


def pieces(text: str, longest: int = LONGEST) -> list[str]:
    """The text in order, cut at line ends, else at spaces, else anywhere but in a dossier code; never an empty piece.

    White space where it is cut is left out: Telegram strips it from messages, and refuses empty ones.
    """
    return shared.pieces(text, longest, instead=_beside_a_code)


def _beside_a_code(text: str, cut: int) -> int:
    """The cut, or the beginning of the code that it would go through: half a code is another code."""
    for start, end in codes_in(text[: cut + LONGEST_CODE]):
        if 0 < start < cut < end:
            return start
    return cut
