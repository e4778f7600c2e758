"""What a provider's stand-in does with a message, whatever format it came in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from adapters.fates import Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A message that somebody asked a provider to send, already checked for its account."""

    provider: str
    phone: str
    """Digits with the country code: `84912345678`."""
    text: str = field(repr=False)
    sender: str
    request_id: str = ""
    """The customer's own id, where the API takes one."""
    callback: str = field(default="", repr=False)
    """Where receipts for this message go, where the API says so for each message."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider has it."""

    message_id: str
    """The provider's id: decimal digits, or what `Stand.new_id` makes."""
    fate: Fate


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider says no."""

    why: str
    """"number", "throttled", "duplicate", "balance", "config", "template", "temporary"."""
    message_id: str = ""
    """For "duplicate": the id that the first one got."""


Decision = Taken | Refused


class Counter(Protocol):
    """Where submissions go. Shared by all providers of one simulator."""

    async def take(self, submission: Submission) -> Decision:
        """Decides by the number's ending and by the fault that was ordered over the control API; plans the receipt.
        For DROPPED and SWALLOWED numbers it cuts the connection or never returns."""
        ...

    def state(self, provider: str, message_id: str) -> str:
        """For polling: "unknown", "waiting", "delivered", "undeliverable" or "expired"."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptDue:
    """A receipt to be sent to the customer."""

    submission: Submission
    message_id: str
    state: str
    """"delivered", "undeliverable" or "expired"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A citizen writes to a short code."""

    phone: str
    to: str
    text: str = field(repr=False)
    message_id: str
    at: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that the provider makes to the customer."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """One provider's stand-in: its routes, and how it calls back."""

    name: str
    routes: Callable[[Counter, Mapping[str, str]], list[web.RouteDef]]
    """Its real paths. The mapping has its account: the keys that `accounts.ACCOUNTS` names for this provider."""
    receipt: Callable[[ReceiptDue, str, Mapping[str, str]], Call | None] | None = None
    """The callback for a receipt, to the given address; None where the provider calls nobody."""
    written: Callable[[Written, str, Mapping[str, str]], Call | None] | None = None
    """The callback for a citizen's message."""
    understood: Callable[[bytes], str] | None = None
    """The reply to the citizen in the customer's answer to `written`, where the provider takes one there; it raises
    `ValueError` for an answer that is not in the provider's format."""


Sleep = Callable[[float], Awaitable[None]]
