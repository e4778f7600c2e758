"""Pure: how logins, names, agencies and roles of the staff are written; and the words for why something is not done."""

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum
from typing import Any

from bot.model.staff import Grant, Member

_LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")
_EMAIL = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")
_AGENCY = re.compile(r"[A-Za-z0-9-]{1,20}(?:\.[A-Za-z0-9-]{1,20}){0,7}")
_LONGEST_NAME = 80


class Refusal(StrEnum):
    """Why something is not done; pages and commands have a sentence for each."""

    MISSING = "missing"
    """No such account or invitation, or not hers to manage."""
    LOGIN = "login_form"
    NAME = "name_form"
    EMAIL = "email_form"
    TAKEN = "taken"
    NO_GRANT = "no_grant"
    AGENCY = "agency_form"
    BEYOND = "beyond"
    """A role outside her own agencies."""
    OWN = "own"
    LAST = "last"
    """Too few would administer the province."""


def is_login(text: str) -> bool:
    """`lan.nguyen`: small letters and digits, `.`, `_`, `-` within; it names a person in the record."""
    return _LOGIN.fullmatch(text) is not None


def read_name(text: str) -> str:
    """A name in NFC with single spaces; empty where it is none: too long, or with what is not seen."""
    name = " ".join(unicodedata.normalize("NFC", text).split(" ")).strip()
    name = re.sub(" +", " ", name)
    # C: controls, line ends, and marks that turn the direction of what follows. Z but a space: further line ends.
    if any(unicodedata.category(each)[0] in "CZ" and each != " " for each in name):
        return ""
    return name if any(map(str.isalpha, name)) and len(name) <= _LONGEST_NAME else ""


def is_email(text: str) -> bool:
    return len(text) <= 200 and _EMAIL.fullmatch(text) is not None


def is_agency(text: str) -> bool:
    """`H32.10`; empty: the whole province."""
    return text == "" or _AGENCY.fullmatch(text) is not None


def grants_text(grants: Collection[Grant]) -> list[str]:
    """For the record: `clerk H32.10`, `administrator *`."""
    return [f"{each.role} {each.agency or '*'}" for each in sorted(grants)]


def told_of(member: Member) -> dict[str, Any]:
    return {"grants": grants_text(member.grants), "enabled": member.disabled_at is None}
