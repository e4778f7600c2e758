"""Vietnam's mobile carriers: whose number it probably is, by its prefix.

Numbers are portable ("chuyển mạng giữ nguyên số"), so a prefix only hints; what a provider says in a receipt counts.
Source of the prefixes: the carriers' public tables, 2020-2026.
"""

from typing import Final

CARRIERS: Final = ("viettel", "vinaphone", "mobifone", "vietnamobile", "gmobile", "itel", "wintel")
"""The words that the configuration uses."""

_PREFIXES = {
    "viettel": ("86", "96", "97", "98", "32", "33", "34", "35", "36", "37", "38", "39"),
    "vinaphone": ("88", "91", "94", "81", "82", "83", "84", "85"),
    "mobifone": ("89", "90", "93", "70", "76", "77", "78", "79"),
    "vietnamobile": ("92", "52", "56", "58"),
    "gmobile": ("99", "59"),
    "itel": ("87",),
    "wintel": ("55",),
}
_BY_PREFIX = {prefix: carrier for carrier, prefixes in _PREFIXES.items() for prefix in prefixes}

_NAMES = {
    "vina": "vinaphone", "vnpt": "vinaphone", "gpc": "vinaphone", "mobi": "mobifone", "vms": "mobifone",
    "vnm": "vietnamobile", "htc": "vietnamobile", "gtel": "gmobile", "beeline": "gmobile", "indochina": "itel",
    "reddi": "wintel", "vtl": "viettel", "vte": "viettel",
}  # fmt: skip
"""Other words that providers use."""


def hinted(e164: str) -> str:
    """The carrier that the prefix of `+84…` was given to; empty for any other number."""
    return _BY_PREFIX.get(e164[3:5], "") if e164.startswith("+84") else ""


def carrier_named(word: str) -> str:
    """The carrier that a provider calls so (`Viettel`, `VNPT`, `mobi`); empty for a word that names none."""
    key = "".join(word.split()).lower()
    if key in CARRIERS:
        return key
    return _NAMES.get(key, "")
