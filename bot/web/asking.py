"""What a visitor asks: the fields of the form, read into the one text that the conversation answers."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.code import canonical, read_around
from bot.web.errors import RefusedError

LONGEST_TEXT = 1000
"""Characters of one message of a visitor."""

LONGEST_FACTOR = 40
"""Characters of a mã tra cứu or of last digits."""

TEXT, FACTOR = "text", "factor"
"""Names of the two fields, on the page and in errors."""

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_HIDDEN = "••••"
"""What is shown back of a second factor, however long it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One message of a visitor."""

    text: str = field(repr=False)
    """What the conversation gets: `HS H56.14-240823-0001; 4321`."""
    shown: str = field(repr=False)
    """What the visitor's own bubble shows."""
    client_id: str
    """Made by the form: sent again, it is the same message."""
    typed: str = field(default="", repr=False)
    factor: str = field(default="", repr=False)


def asked_of(fields: Mapping[str, str], *, takes_factor: bool) -> Asked:
    """Raises `RefusedError` where it cannot be used, naming the field that is at fault.

    It is judged by its form alone: what is known of a dossier changes nothing here.
    """
    typed = cleaned(fields.get(TEXT, ""))
    factor = "".join(filter(str.isalnum, cleaned(fields.get(FACTOR, "")))) if takes_factor else ""
    client_id = fields.get("id", "")
    if not typed:
        raise RefusedError(400, "empty", field=TEXT)
    if len(factor) > LONGEST_FACTOR:
        raise RefusedError(413, "factor_too_long", field=FACTOR)
    text, shown = _together(typed, factor) if factor else (typed, typed)
    if len(text) > LONGEST_TEXT:
        raise RefusedError(413, "too_long", field=TEXT)
    if not _CLIENT_ID.fullmatch(client_id):
        raise RefusedError(400, "unreadable")
    return Asked(text, shown, client_id, typed, factor)


def _together(typed: str, factor: str) -> tuple[str, str]:
    """Code and second factor as one message. The semicolon keeps digits of one from being read into the other."""
    keyword = "HS "
    # A code alone, as it is printed, needs no second reading.
    if canonical(typed) != typed:
        reading = read_around(typed)
        if not any(code.kind == "dossier" for code in reading.codes):
            raise RefusedError(400, "no_code", field=TEXT)
        keyword = "" if any(map(str.isalnum, reading.rest)) else keyword
    # What has no digit could be a word.
    named = factor if any(map(str.isdigit, factor)) else f"mã tra cứu {factor}"
    return f"{keyword}{typed}; {named}", f"{typed} · {_HIDDEN}"


def cleaned(text: str) -> str:
    """NFC, without control characters and broken surrogates, which databases refuse."""
    whole = text.replace("\r\n", "\n").encode("utf-8", "ignore").decode()
    kept = (letter for letter in whole if letter in "\n\t" or unicodedata.category(letter) != "Cc")
    return unicodedata.normalize("NFC", "".join(kept)).strip()
