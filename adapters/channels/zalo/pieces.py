"""Cuts a text that is too long for one Zalo message."""

LONGEST = 2000
"""Characters of NFC in a consultation message."""


def pieces(text: str, longest: int = LONGEST) -> list[str]:
    """The text in order, cut at line ends, else at spaces, else anywhere; without the white space at the cuts."""
    rest = text.strip()
    found = []
    while len(rest) > longest:
        end = _end(rest, longest)
        found.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*found, rest] if rest else found


def _end(text: str, longest: int) -> int:
    """A line end in the second half is best: earlier it would make a short piece."""
    line = text.rfind("\n", longest // 2, longest + 1)
    return line if line > 0 else max(text.rfind(" ", 0, longest + 1), 0) or longest
