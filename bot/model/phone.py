"""Telephone numbers as people and spreadsheets write them, brought to E.164."""

import re
from dataclasses import dataclass
from typing import Literal

import phonenumbers

from bot.model.typed import typeset

_LONGEST_TEXT = 500
"""Characters; what is longer is a note, not a number."""
_MOST_DIGITS = 15
"""E.164 without the plus sign."""
_GAP = r"[ .()\-]"
# Possessive: digits must not be given back to make room for a letter that adjoins them.
_PIECE = re.compile(rf"(?<![^\W_])(?<![0-9][.\-])(?P<plus>\(?\+?)(?P<body>\(?[0-9](?:{_GAP}*[0-9])*+)(?![^\W_]|@)")
_SPREADSHEET_FRACTION = re.compile(r"(?<=[0-9]{9})\.0+$")
_MOBILE = re.compile(r"0[35789][0-9]{8}")
_WHOLE_MOBILE = re.compile(r"\+84[35789][0-9]{8}")
"""As we keep it ourselves."""
_LANDLINE = re.compile(r"02[0-9]{8,9}")
_OLD_MOBILE = re.compile(r"0(?P<prefix>12[0-9]|16[2-9]|186|188|199)(?P<rest>[0-9]{7})")
_RENUMBERED = {
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37", "168": "38", "169": "39",
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    "186": "56", "188": "58",
    "199": "59",
}  # fmt: skip
"""Old and new mobile prefixes, both without the 0: Viettel, Mobifone, Vinaphone, Vietnamobile, Gmobile.

Source: plan of the Ministry of Information and Communications, in force 15/9/2018 to 14/11/2018.
"""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that exists by its shape; its prefix does not tell the carrier, since numbers are portable."""

    e164: str
    """With the plus sign: `+84912345678`."""
    kind: Literal["mobile", "landline", "foreign"]
    """`mobile` and `landline` are Vietnamese; only `mobile` can be sent an SMS."""


def parse_phone(text: str) -> Phone | None:
    """The number in a field of a form or a spreadsheet: the first mobile one, else the first one; else None.

    Reads 0…, 84…, +84…, 0084…, any spacing, a lost leading zero, the mobile prefixes of before 2018 and what
    spreadsheets leave behind (`912345678.0`, `'0912…`). Digits that do not fit exactly make no number.
    """
    if _WHOLE_MOBILE.fullmatch(text):
        return Phone(text, "mobile")
    if _MOBILE.fullmatch(text):
        return Phone(f"+84{text[1:]}", "mobile")
    if len(text) > _LONGEST_TEXT:
        return None
    phones = [phone for piece in _PIECE.finditer(typeset(text)) for phone in _numbers(piece)]
    return next((phone for phone in phones if phone.kind == "mobile"), phones[0] if phones else None)


def _numbers(piece: re.Match[str]) -> list[Phone]:
    """The numbers in a run of digits and gaps, also one that a spreadsheet took for a fraction."""
    body, plus = piece["body"], "+" in piece["plus"]
    return _divided(body, plus=plus) or _divided(_SPREADSHEET_FRACTION.sub("", body), plus=plus)


def _divided(body: str, *, plus: bool) -> list[Phone]:
    """The numbers that the groups of digits make without a remainder: mostly one, sometimes two."""
    groups = re.findall("[0-9]+", body)
    found: list[Phone] = []
    while groups:
        count, phone = _longest(groups, plus=plus)
        if phone is None:
            return []
        found.append(phone)
        groups, plus = groups[count:], False
    return found


def _longest(groups: list[str], *, plus: bool) -> tuple[int, Phone | None]:
    for count in range(len(groups), 0, -1):
        digits = "".join(groups[:count])
        if len(digits) <= _MOST_DIGITS + 2 and (phone := _phone(digits, plus=plus)):
            return count, phone
    return 0, None


def _phone(digits: str, *, plus: bool) -> Phone | None:
    if plus and digits[0] != "0":
        return _international(digits)
    if digits.startswith("00"):
        return _international(digits[2:])
    if digits.startswith("84") and len(digits) >= 11:
        return _international(digits)
    return _national(digits) if digits.startswith("0") else _national(f"0{digits}")


def _international(digits: str) -> Phone | None:
    if digits.startswith("84"):
        return _national(f"0{digits[2:].removeprefix('0')}")
    return Phone(f"+{digits}", "foreign") if _exists(digits) else None


def _national(digits: str) -> Phone | None:
    """A Vietnamese number in the form that is dialled at home, with its 0."""
    if _MOBILE.fullmatch(digits):
        return Phone(f"+84{digits[1:]}", "mobile")
    if old := _OLD_MOBILE.fullmatch(digits):
        return Phone(f"+84{_RENUMBERED[old['prefix']]}{old['rest']}", "mobile")
    if _LANDLINE.fullmatch(digits) and _exists(f"84{digits[1:]}"):
        return Phone(f"+84{digits[1:]}", "landline")
    return None


def _exists(digits: str) -> bool:
    """The world's numbering plans, as `phonenumbers` knows them, have this number (country code first)."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False
