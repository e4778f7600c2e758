"""What a method of the Bot API is given and may answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - it is the Bot API's ordinary answer, not a failure
    """An answer with `ok: false`."""

    code: int
    description: str
    parameters: Mapping[str, int] = field(default_factory=dict)


def too_many(seconds: int) -> Refusal:
    """429, as Telegram words it."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


class Hangup(Exception):  # noqa: N818 - a behaviour that was asked for
    """The connection is to be closed without an answer."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart body."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


Parameters = Mapping[str, Any]
"""Names in lower case; values as JSON types, as text where they came by form or query, or an `Upload`."""


def integer(given: Parameters, name: str, default: int) -> int:
    try:
        return int(given.get(name, default))
    except (TypeError, ValueError):
        return default


def is_true(given: Parameters, name: str) -> bool:
    return str(given.get(name, "")).lower() in ("true", "1")


def structure(given: Parameters, name: str) -> Any:
    """A structured parameter: as it is in a JSON body, as JSON text in a form."""
    value = given.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refusal(400, f"Bad Request: can't parse {name}") from None
