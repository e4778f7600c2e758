"""A text as Telegram's HTML: nothing in it can become markup, and a tap on a dossier code copies it."""

import re
from html import escape

from bot.model.code import canonical

LONGEST_CODE = 52
_PRINTED = re.compile(
    r"(?<![\w.\-/=@])"
    r"(?:[A-Z][0-9]{2}(?:\.[0-9]{1,3})*|[0-9]{3}(?:\.[0-9]{2}){1,2}\.[A-Z][0-9]{2})-[0-9]{6,8}-[0-9]{4,7}"
    r"(?![\w\-/@])"
)
"""A code as we print it; not as a part of a link, in which it would end the link."""


def codes_in(text: str) -> list[tuple[int, int]]:
    """Where dossier codes stand in a text of ours: from, to."""
    return [match.span() for match in _PRINTED.finditer(text) if canonical(match[0]) == match[0]]


def html_of(text: str) -> str:
    """For `parse_mode` HTML. Telegram counts a message's length without what is added here."""
    parts, done = [], 0
    for start, end in codes_in(text):
        parts += [escape(text[done:start], quote=False), "<code>", text[start:end], "</code>"]
        done = end
    parts.append(escape(text[done:], quote=False))
    return "".join(parts)
