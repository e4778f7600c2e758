"""What is asked of a provider, and the ends that a call can have: an answer, nothing left us, perhaps it did."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from bot.model.message import ChannelDown, Outcome, Uncertain

_LONGEST_PAUSE = 3_600.0


@dataclass(frozen=True, slots=True)
class Request:
    """A call to a provider. Nothing of it is ever logged."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @classmethod
    def of_json(cls, url: str, value: Any, headers: Mapping[str, str] | None = None) -> "Request":
        """A POST of `value` as JSON in UTF-8."""
        body = json.dumps(value, ensure_ascii=False).encode()
        return cls("POST", url, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, body)

    @classmethod
    def of_form(cls, url: str, values: Mapping[str, str], headers: Mapping[str, str] | None = None) -> "Request":
        """A POST of `values` as a form in UTF-8."""
        body = urlencode(values).encode()
        return cls("POST", url, {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}, body)

    @classmethod
    def of_file(cls, url: str, field_name: str, content: bytes, *, name: str, media_type: str) -> "Request":
        """A POST of one file as a multipart form (RFC 7578)."""
        boundary = token_hex(16)
        quoted = "".join("_" if sign in '"\\' or not sign.isprintable() else sign for sign in name)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field_name}"; filename="{quoted}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n"
        )
        body = b"".join((head.encode(), content, f"\r\n--{boundary}--\r\n".encode()))
        return cls("POST", url, {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """The JSON object in the body; empty where there is none. Never raises."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def retry_after(self, now: datetime) -> float | None:
        """Seconds of a Retry-After header (RFC 9110, 10.2.3: seconds or a date), at most an hour."""
        value = self.headers.get("retry-after", "").strip()
        if value.isdecimal() and len(value) < 10:
            return min(float(value), _LONGEST_PAUSE)
        try:
            until = parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError):
            return None
        aware = until if until.tzinfo else until.replace(tzinfo=UTC)
        return min(max((aware - now).total_seconds(), 0.0), _LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing left us. The reason never holds an address."""

    reason: str


@dataclass(frozen=True, slots=True)
class DoorClosed(NotSent):
    """No way leads to the provider: no connection can be made or trusted, or somebody on the way turns it back."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The request may have been read, and no answer came that can be."""

    reason: str
    status: int = 0
    """That of an answer which was too long to be read; 0 where none came."""


Reached = Answer | NotSent | Unanswered


def outcome_of_failure(failure: NotSent | Unanswered) -> Outcome:
    """For providers to whom one message is as good as the next: where nothing left us their door is closed."""
    return ChannelDown(failure.reason) if isinstance(failure, NotSent) else Uncertain(failure.reason)
