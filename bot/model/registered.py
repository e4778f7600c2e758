"""Registered SMS templates: whether a text is the one that the carriers know, and what its values are.

Vietnamese carriers let brandname messages through only where they fit a template registered beforehand (eSMS 146,
FPT 2518, VNPT TEMPLATEID).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from bot.model.message import OutboxItem, Situation, family_of

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


class Registered(NamedTuple):
    """A template as one provider knows it."""

    id: str
    pattern: Pattern


class RegisteredTexts:
    """What one SMS channel's provider has registered, by situation."""

    def __init__(self, channel: str, templates: Mapping[Situation, tuple[str, str]]) -> None:
        """`templates` are (id, pattern) of the channel's settings. Raises `ValueError` for a pattern that is none."""
        self._channel = channel
        self._templates = {
            situation: Registered(given, Pattern(text)) for situation, (given, text) in templates.items()
        }

    def of(self, item: OutboxItem) -> Registered | None:
        """The one that came with the text, else that of its situation, else that of its family."""
        brought = next((form for form in item.forms if form.pattern and form.channel == self._channel), None)
        if brought:
            return Registered(brought.id, _pattern(brought.pattern))
        return self._templates.get(item.situation) or self._templates.get(family_of(item.situation))


@lru_cache(maxsize=256)
def _pattern(text: str) -> Pattern:
    """A text that was published with a pattern that is none fits nothing, and so does not leave."""
    try:
        return Pattern(text)
    except ValueError:
        return Pattern("\0")
