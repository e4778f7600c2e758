"""Dossier codes and telephone numbers, read by the rules of `bot.model` and fast for the many that are regular."""

import re
from collections.abc import Callable
from functools import lru_cache
from unicodedata import normalize

from bot.model.code import canonical
from bot.model.phone import parse_phone

_SERIAL, _SUBSCRIBER = 4, 7
"""Digits at the end that no rule looks at: of a code's serial, of a mobile number."""


_LONGEST_CODE = 64
"""What is longer is no code and is not worth remembering."""


def codes(local_pattern: str) -> Callable[[str], str]:
    """A reader of code cells: the canonical code, a local one that fits `local_pattern` as it stands, else empty."""
    local = re.compile(local_pattern) if local_pattern else None

    def code(cell: str) -> str:
        tail = cell[-_SERIAL:]
        if len(cell) <= _LONGEST_CODE and tail.isascii() and tail.isdecimal() and _regular_code(cell[:-_SERIAL]):
            return cell
        found = canonical(cell)
        if found is None and local is not None:
            own = normalize("NFC", cell.strip())
            # What nobody can see or type is no part of a code, and no database keeps all of it.
            return own if own.isprintable() and local.fullmatch(own) else ""
        return found or ""

    return code


def phone(cell: str) -> str:
    """E.164; else as written."""
    if len(cell) == 10 and cell.isascii() and cell.isdecimal() and _regular_phone(cell[:-_SUBSCRIBER]):
        return f"+84{cell[1:]}"
    text = " ".join(cell.split())
    known = parse_phone(text) if text else None
    return known.e164 if known else text


@lru_cache(maxsize=16_384)
def _regular_code(head: str) -> bool:
    """Whatever digits follow `head`, the code is canonical as it stands."""
    probe = head + "1" * _SERIAL
    return canonical(probe) == probe


@lru_cache(maxsize=1_024)
def _regular_phone(head: str) -> bool:
    """Whatever digits follow `head`, it is a mobile number of today."""
    known = parse_phone(head + "1" * _SUBSCRIBER)
    return known is not None and known.kind == "mobile" and known.e164 == f"+84{head[1:]}{'1' * _SUBSCRIBER}"
