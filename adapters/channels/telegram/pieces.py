"""Cuts a text that is too long for one Telegram message."""

from adapters.channels.telegram.markup import LONGEST_CODE, codes_in

LONGEST = 4096
"""Characters in a message once its markup is read. Counted in UTF-16 units, as the Bot API counts: an emoji is two."""


def pieces(text: str, longest: int = LONGEST) -> list[str]:
    """The text in order, cut at line ends, else at spaces, else anywhere but in a dossier code; never an empty piece.

    White space where it is cut is left out: Telegram strips it from messages, and refuses empty ones.
    """
    rest = text.strip()
    found = []
    while rest:
        end = _end(rest, longest)
        found.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return found


def _end(text: str, longest: int) -> int:
    fitting = _fitting(text, longest)
    if fitting == len(text) or text[fitting].isspace():
        return fitting
    line = text.rfind("\n", 0, fitting)
    # A line end near the start would make a very short piece; a space further on is better.
    return line if line > fitting // 2 else max(text.rfind(" ", 0, fitting), line, 0) or _beside_a_code(text, fitting)


def _beside_a_code(text: str, cut: int) -> int:
    """The cut, or the beginning of the code that it would go through: half a code is another code."""
    for start, end in codes_in(text[: cut + LONGEST_CODE]):
        if 0 < start < cut < end:
            return start
    return cut


def _fitting(text: str, longest: int) -> int:
    """How many characters from the start take up at most `longest` UTF-16 units."""
    if 2 * len(text) <= longest:
        return len(text)
    units = text.encode("utf-16-le", "surrogatepass")[: 2 * longest]
    if len(units) >= 2 and 0xD8 <= units[-1] <= 0xDB:
        units = units[:-2]
    return len(units.decode("utf-16-le", "surrogatepass"))
