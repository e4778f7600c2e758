"""Names of the values that texts are made of, and what Zalo takes as a parameter of a registered template.

Source of kinds and lengths: ZBS template rules (docs/zalo.md).
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from bot.model.sms import nfc

CITIZEN_VALUES = (
    "code", "procedure", "status", "status_label", "agency", "appointment", "old_appointment", "supplement",
    "supplement_until", "reason", "place", "hours", "tracking", "fee", "step_agency", "form", "count", "lines", "text",
    "channel",
)  # fmt: skip
"""What a text to a citizen may be filled with: the names in `OutboxItem.values`."""

STAFF_VALUES = (
    "code", "procedure", "agency", "appointment", "new_appointment", "holder", "reason", "days_late", "hours_left",
    "count", "lines", "name", "detail", "tracking", "place",
)  # fmt: skip
"""The same for texts to staff (`FOR_STAFF`)."""


class Kind(StrEnum):
    """Of a template's parameter, as it was registered."""

    NAME = "name"
    CODE = "code"
    STATUS = "status"
    DATE = "date"
    AMOUNT = "amount"
    ADDRESS = "address"
    URL = "url"
    CUSTOM = "custom"


LONGEST: Mapping[Kind, int] = {
    Kind.NAME: 30,
    Kind.CODE: 30,
    Kind.STATUS: 30,
    Kind.DATE: 20,
    Kind.AMOUNT: 20,
    Kind.ADDRESS: 200,
    Kind.URL: 200,
    Kind.CUSTOM: 30,
}
"""Characters of NFC that Zalo takes."""

_MAY_BE_SHORTENED = frozenset({"procedure", "agency", "step_agency", "place"})
"""Names, known from their beginning. A code, a date, or what is asked for is whole or is not sent."""

_CLOCK, _DAY = "[0-9]{2}:[0-9]{2}(:[0-9]{2})?", "[0-9]{2}/[0-9]{2}/[0-9]{4}"
_SHAPES = {
    Kind.DATE: re.compile(rf"{_CLOCK}|({_CLOCK} )?{_DAY}|[0-9]{{2}}/[0-9]{{4}}"),
    Kind.AMOUNT: re.compile(r"[0-9][0-9.,]*"),
    Kind.URL: re.compile(r"https?://\S+"),
}
_USUAL = {
    "code": Kind.CODE,
    "tracking": Kind.CODE,
    "status": Kind.STATUS,
    "status_label": Kind.STATUS,
    "appointment": Kind.DATE,
    "old_appointment": Kind.DATE,
    "supplement_until": Kind.DATE,
    "place": Kind.ADDRESS,
    "count": Kind.AMOUNT,
}


class Unfit(NamedTuple):
    """Zalo would refuse this value, and why."""

    reason: str


class Source(NamedTuple):
    """What fills a parameter."""

    value: str
    """The name of our value."""
    kind: Kind


def source_of(written: str) -> Source:
    """`place:name` is the value `place` in a parameter registered as a name; without a kind, as is usual for the value.

    Raises `ValueError` for a value or a kind that there is none of.
    """
    value, _, kind = written.partition(":")
    if value not in CITIZEN_VALUES:
        raise ValueError(f"không có giá trị “{value}” / there is no such value; there are {', '.join(CITIZEN_VALUES)}")
    if kind and kind not in set(Kind):
        raise ValueError(f"không có loại “{kind}” / there is no such kind; there are {', '.join(Kind)}")
    return Source(value, Kind(kind) if kind else _USUAL.get(value, Kind.CUSTOM))


def fitting(source: Source, value: str) -> str | Unfit:
    """The value as it is sent: one line of NFC, names shortened to what fits."""
    value, longest = nfc(" ".join(value.split())), LONGEST[source.kind]
    if not value:
        return Unfit(f"there is no {source.value}")
    if len(value) > longest:
        if source.value not in _MAY_BE_SHORTENED or source.kind in _SHAPES:
            return Unfit(f"{source.value} has {len(value)} characters, more than {longest}")
        return value[: longest - 1].rstrip(" ,;.-") + "…"
    shape = _SHAPES.get(source.kind)
    if shape and not shape.fullmatch(value):
        return Unfit(f"{source.value} is no {source.kind}")
    return value
