"""What no line of a log may hold, whoever wrote it: secrets, phone numbers, line breaks, and other people's values."""

import re
import unicodedata
from collections.abc import Collection
from logging import LogRecord
from pathlib import Path

BLOT = "•••"

_OURS = re.compile(r"mcs?_[A-Za-z0-9_]{16,}")
"""Keys of the API (`mc_live_…`) and secrets that sign callbacks (`mcs_…`), which nobody tells us beforehand."""
_PHONE = re.compile(
    r"(?:(?<![0-9A-Za-z])|(?<=%2B)|(?<=%2b)|(?<=%20))"
    r"(?:\+?84[ .()-]{0,3}(?:0[ .)-]{0,2})?|0)"
    r"[235789](?:[ .-]?\d){8,9}"
    r"(?![0-9A-Za-z])"
)
"""A Vietnamese number, mobile or landline, as people, programs and providers write it: `0912 345 678`, `+84912345678`,
`84-912-345-678`. Ids and codes are told apart by the letters and digits that go on before or behind."""
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""What ends a line, moves a terminal's cursor, turns the direction of reading, or cannot be written at all."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_OWN = ("bot", "adapters", "storage", "__main__")
"""First names of the loggers whose words are ours: they hold no values of citizens. Anybody else's may."""
_WORDS = re.compile(r"[A-Z]?[a-z]+(?: [a-z]+){0,7}")
"""How a library's sentence begins, until something that may be a name, a number or a quotation."""
_HOLE = re.compile(r"%(?:\((?P<name>\w+)\))?[#0\- +]{0,5}(?:\d{1,4}|\*)?(?:\.(?:\d{1,4}|\*))?(?P<kind>[a-zA-Z%])")


def clean(text: str, secrets: Collection[str]) -> str:
    """`text` on one line, without secrets and phone numbers."""
    for secret in secrets:
        text = text.replace(secret, BLOT)
    text = _OURS.sub(BLOT, text)
    if _PHONE.search(text):
        text = _PHONE.sub(BLOT, text)
    return _UNSEEN.sub(_shown, unicodedata.normalize("NFC", text))


def _shown(sign: re.Match[str]) -> str:
    point = ord(sign[0])
    return _SHORT.get(sign[0]) or (f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}")


def is_ours(record: LogRecord) -> bool:
    return record.name.partition(".")[0] in _OWN


def foreign(record: LogRecord) -> str:
    """What a library says, without what it says it of: its own words, numbers, the kinds of all other values, and the
    place in its code, by which the rest is found.

    asyncio prints the values of a task that failed, aiohttp the address of whoever called, others the whole request.
    """
    said = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    words = _filled(said, record.args) if record.args else _beginning(said)
    return f"{words} [{Path(record.pathname).name}:{record.lineno}]"


def _beginning(said: str) -> str:
    begun = _WORDS.match(said)
    words = begun[0] if begun else ""
    if len(words) == len(said):
        return words
    # Cut inside of a word, what is left of it says nothing.
    whole = words if said[len(words)] in " ,.:;!?\n" else words.rpartition(" ")[0]
    return f"{whole} …".lstrip()


def _filled(said: str, args: object) -> str:
    """The template, with the kinds of its values; numbers are told, for they are sizes and codes."""
    places = iter(args) if isinstance(args, tuple) else iter(())
    named = args if isinstance(args, dict) else {}

    def value(hole: re.Match[str]) -> str:
        if hole["kind"] == "%":
            return "%"
        found = named.get(hole["name"]) if hole["name"] else next(places, None)
        return str(found) if isinstance(found, int | float) and abs(found) < 1_000_000 else f"<{type(found).__name__}>"

    return _HOLE.sub(value, said)
