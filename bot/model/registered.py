"""Registered SMS templates: whether a text is the one that the carriers know, and what its values are.

Vietnamese carriers let brandname messages through only where they fit a template registered beforehand (eSMS 146,
FPT 2518, VNPT TEMPLATEID).
"""

import re

_HOLE = re.compile(r"\{([0-9]{1,2})\}")


class Pattern:
    """A registered text with `{1}`, `{2}` … where values stand; each value is at least one character."""

    def __init__(self, text: str) -> None:
        """Raises `ValueError` where two holes touch, are numbered twice or the text has none but braces."""
        pieces = _HOLE.split(text)
        self._literals, self.numbers = pieces[::2], tuple(int(number) for number in pieces[1::2])
        if any("{" in literal or "}" in literal for literal in self._literals):
            raise ValueError("a value's place is written {1}, {2} …; other braces are not allowed")
        if len(set(self.numbers)) != len(self.numbers):
            raise ValueError("a value's number stands twice")
        if not all(self._literals[1:-1]):
            raise ValueError("two values stand side by side without a text between them")

    def values(self, text: str) -> dict[int, str] | None:
        """The values by their number, or None where `text` does not fit.

        Each text between two values is found at its first place, so the time is linear in the text.
        """
        first, *rest = self._literals
        if not rest:
            return {} if text == first else None
        if not text.startswith(first):
            return None
        at, found = len(first), []
        for place, literal in enumerate(rest):
            last = place == len(rest) - 1
            end = len(text) - len(literal) if last else text.find(literal, at + 1)
            if end < at + 1 or not text.startswith(literal, end):
                return None
            found.append(text[at:end])
            at = end + len(literal)
        return dict(zip(self.numbers, found, strict=True))
