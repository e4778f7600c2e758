"""What an answer of Zalo's means for the message that was being sent. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never

from adapters.channels.zalo.errors import Class, meaning_of
from adapters.channels.zalo.hours import until_midnight, until_morning, until_next_minute
from adapters.http import Answer
from bot.model.message import ChannelDown, Outcome, Rejected, Retry, Uncertain

_SERVICE_AGAIN = 900.0
"""Seconds after which template messages are tried again while somebody must act."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in Zalo's own form. `code` 0: done."""

    code: int
    content: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What stands under `data`."""

    def text(self, name: str) -> str:
        """A value that is an id or the like; empty where it is nothing of the kind."""
        value = self.content.get(name)
        return value if isinstance(value, str) and value.isprintable() and len(value) <= 100 else ""

    def word(self, name: str) -> str:
        """The same for what may be long: the token of an upload."""
        value = self.content.get(name)
        return value if isinstance(value, str) and value.isprintable() and len(value) <= 4000 else ""


def reply_in(answer: Answer, now: datetime) -> Reply | Outcome:
    """Zalo's word, or what HTTP tells where there is none.

    Zalo answers errors with HTTP 200. What somebody else answers with 4xx was not carried out (RFC 9110 section 15);
    5xx, and a page with status 200, may come after the message was taken.
    """
    if answer.status == 429:
        return Retry("HTTP 429", answer.retry_after(now) or until_next_minute(now), counts=False)
    if answer.status == 503:
        return Retry("HTTP 503", answer.retry_after(now))
    if answer.status < 300 or 400 <= answer.status < 500:
        told = answer.json()
        code = _number(told.get("error"))
        if code is not None:
            content = told.get("data")
            return Reply(code, content if isinstance(content, dict) else {})
    if answer.status == 408:
        return Retry("HTTP 408")
    if 300 <= answer.status < 500:
        return ChannelDown(
            f"không phải Zalo trả lời, xin xem lại địa chỉ và proxy / HTTP {answer.status} from somebody else"
        )
    return Uncertain(f"HTTP {answer.status} that is not understood")


def outcome_of(code: int, *, now: datetime, expires_at: datetime) -> Outcome:
    """What another `error` than 0 means. Nothing was sent."""
    kind, words = meaning_of(code)
    reason = f"Zalo {code}: {words}"
    match kind:
        case Class.TOKEN | Class.ACCOUNT:
            return ChannelDown(reason)
        case Class.THROTTLED:
            return Retry(reason, until_next_minute(now), counts=False)
        case Class.TRANSIENT:
            return Retry(reason, elsewhere=code == -211)
        case Class.NIGHT:
            return _later(reason, until_morning(now), now=now, expires_at=expires_at)
        case Class.DAY:
            return Retry(reason, until_midnight(now), counts=False, elsewhere=True)
        case Class.SERVICE:
            return Retry(reason, _SERVICE_AGAIN, counts=False, elsewhere=True)
        case Class.REFUSED:
            return Rejected(reason, blocked=True)
        case Class.SILENT | Class.PERSON | Class.CONTENT:
            return Rejected(reason)
        case _:
            assert_never(kind)


def _later(reason: str, after: float, *, now: datetime, expires_at: datetime) -> Retry:
    """Who may be told in the morning is not woken by another way at night; what is too late then goes that way."""
    is_too_late = (expires_at - now).total_seconds() <= after
    return Retry(reason, after, counts=False, elsewhere=is_too_late)


def _number(value: object) -> int | None:
    """`error` is a number; some gateways make it a text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return int(text) if text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 8 else None
