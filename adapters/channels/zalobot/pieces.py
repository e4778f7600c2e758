"""Cuts a text that is too long for one message of the Bot Platform."""

LONGEST = 2000
"""Characters in a message. Counted in UTF-16 units, in which Zalo places its text styles: an emoji is two."""


def pieces(text: str, longest: int = LONGEST) -> list[str]:
    """The text in order, cut at line ends, else at spaces, else anywhere; never an empty piece. White space where it
    is cut is left out."""
    rest, found = text.strip(), []
    while rest:
        end = _end(rest, longest)
        found.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return found


def _end(text: str, longest: int) -> int:
    fitting = _fitting(text, longest)
    if fitting == len(text) or text[fitting].isspace():
        return fitting
    line, space = text.rfind("\n", 0, fitting), text.rfind(" ", 0, fitting)
    # A line end near the start would make a very short piece; a space further on is better.
    return line if line > fitting // 2 else max(line, space, 0) or fitting


def _fitting(text: str, longest: int) -> int:
    """How many characters from the start take up at most `longest` UTF-16 units."""
    units = 0
    for number, character in enumerate(text):
        units += 2 if ord(character) > 0xFFFF else 1
        if units > longest:
            return number
    return len(text)
