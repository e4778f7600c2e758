"""The record of what people did and looked at: a chain in which no link can be changed unseen."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from bot.model.clock import to_millis

GENESIS = "0" * 64
"""What stands before the first link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act. Holds no phone, no name of a citizen and no text of a message; what is hashed stays readable."""

    at: datetime
    by: str
    """Login, name of an API key (`api:…`), or, from the command line, what was said there; empty: nobody known."""
    way: str = "console"
    """console | api | chat | command"""
    what: str
    """`dossier.looked`, `apology.approved`, `broadcast.paused`, `staff.invited` … : thing and past tense."""
    subject: str = ""
    """Of what: a dossier's code, an apology's number, a login."""
    agency: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    """What was so before the change; JSON values."""
    after: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    """1, 2, 3 … without gaps; given when it is kept."""
    digest: str = ""
    """See `digest_of`; given when it is kept."""


def digest_of(entry: Entry, *, number: int, previous: str) -> str:
    """The link: SHA-256 over the one before it and everything that the entry says, as canonical JSON."""
    before, after = written(entry.before), written(entry.after)
    said = (to_millis(entry.at), entry.by, entry.way, entry.what, entry.subject, entry.agency, before, after)
    return link(previous, number, *said)


def link(previous: str, number: int, *said: str | int) -> str:
    """The same of what the entry says as it is kept: time in milliseconds, by, way, what, subject, agency, before and
    after as `written`."""
    return sha256(f"{previous}\n{_plainly([number, *said])}".encode()).hexdigest()


def written(values: Mapping[str, Any]) -> str:
    """As it is kept: keys in order, no spaces; empty for nothing."""
    return _in_order(values) if values else ""


_plainly = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_in_order = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
