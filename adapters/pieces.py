"""Cuts a text that is too long for one message of a chat."""

from collections.abc import Callable


def pieces(text: str, longest: int, *, instead: Callable[[str, int], int] | None = None) -> list[str]:
    """The text in order, cut at line ends, else at spaces, else anywhere; never an empty piece. White space where it
    is cut is left out.

    `longest` counts UTF-16 units, as chats do (an emoji is two), and is at least 2. `instead` says, for a text and a
    cut between two of its letters, where above 0 it is better made.
    """
    rest, found = text.strip(), []
    while rest:
        end = _end(rest, longest, instead)
        found.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return found


def _end(text: str, longest: int, instead: Callable[[str, int], int] | None) -> int:
    fitting = _fitting(text, longest)
    if fitting == len(text):
        return fitting
    line = text.rfind("\n", 0, fitting + 1)
    # A line end near the start would make a very short piece; a space further on is better.
    if line > fitting // 2:
        return line
    gap = fitting if text[fitting].isspace() else max(text.rfind(" ", 0, fitting), line)
    if gap > 0:
        return gap
    return instead(text, fitting) if instead else fitting


def _fitting(text: str, longest: int) -> int:
    """How many characters from the start take up at most `longest` UTF-16 units."""
    if 2 * len(text) <= longest:
        return len(text)
    units = text[:longest].encode("utf-16-le", "surrogatepass")[: 2 * longest]
    if 0xD8 <= units[-1] <= 0xDB:
        units = units[:-2]
    return len(units.decode("utf-16-le", "surrogatepass"))
