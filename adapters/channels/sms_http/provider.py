"""What an SMS provider's HTTP API is made of. Each provider is one small file under `providers` that fills this in.

A provider turns a message into a request and an answer into a `Reading`, and that is nearly all: connections,
time-outs, and splitting failures into "nothing left us" and "perhaps it did" are done in `adapters.http`; tokens,
callbacks' addresses and secrets, and polling once, in the files beside this one.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar, Generic, TypeVar

from adapters.channels.sms_http.settings import HttpSettings
from adapters.http import Answer, Request
from bot.model.message import DeliveryState, InboundMessage
from bot.ports import WebhookRequest, WebhookResult

S = TypeVar("S", bound=HttpSettings)


class Verdict(Enum):
    """The classes of answers; `verdicts.outcome_of` says which outcome each becomes."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """They have this very message already: it counts as sent."""
    CONFIG = "config"
    """Our key, account or sender name: every message would meet the same. The channel pauses, with an alarm."""
    BALANCE = "balance"
    """No money: as `CONFIG`."""
    PERMANENT = "permanent"
    """This number or this text will never work."""
    BLOCKED = "blocked"
    """The citizen, or a do-not-send list, shut the door."""
    TEMPLATE = "template"
    """The text is not the one that is registered: this message fails, and somebody must look at the templates."""
    THROTTLED = "throttled"
    """Too fast; says nothing about the message."""
    TEMPORARY = "temporary"
    """Nothing was sent; it may be tried again."""
    TOKEN = "token"  # noqa: S105 a class of answers
    """The access token is no longer good: it is renewed and the request made once more."""
    UNKNOWN = "unknown"
    """An answer that is not understood after a request that may have worked: perhaps it was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message as providers need it."""

    id: str
    """Our id, 26 characters of Crockford's base 32: the provider's request id where it takes one."""
    phone: str
    """E.164 with its plus sign: `+84912345678`."""
    text: str = field(repr=False)
    """NFC; exactly what the citizen shall read."""
    accented: bool
    """The text needs UCS-2."""
    parts: int
    sender: str
    """Brandname or number to show; never empty."""
    template: str
    """The registered template's id for this kind of message; empty where there is none."""
    values: Mapping[int, str] = field(repr=False)
    """What stands in the registered template's places, by their number; empty where there is no template."""
    situation: str
    lane: int
    """0 reply, 1 push, 2 bulk."""

    @property
    def national(self) -> str:
        """`0912345678` for a Vietnamese number; others as `digits`."""
        return f"0{self.phone[3:]}" if self.phone.startswith("+84") else self.phone[1:]

    @property
    def digits(self) -> str:
        """`84912345678`."""
        return self.phone[1:]


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer, understood."""

    verdict: Verdict
    code: str = ""
    """The provider's own code and, where it is not personal, its words: `101 bad key`. Goes into logs and reasons."""
    references: tuple[str, ...] = ()
    """The provider's ids of the message."""
    carrier: str = ""
    """One of `bot.model.carrier.CARRIERS`, where the answer names the citizen's carrier."""
    after: float | None = None
    """Seconds the provider asks us to wait."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a provider says about one message when it is asked (polling)."""

    reference: str
    state: DeliveryState
    """`delivered`, `failed`, `expired`; `accepted` while it is not final."""
    reason: str = ""
    carrier: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    value: str = field(repr=False)
    seconds: float
    """How long it is good for."""


class Provider(ABC, Generic[S]):
    """One provider. Subclasses are made once for each channel with its settings; methods are pure and never raise for
    what a provider may answer or a stranger may call with."""

    settings_class: ClassVar[type[HttpSettings]]
    receipts: ClassVar[bool] = False
    """Receipts come, by callback or polling."""
    honours_reference: ClassVar[bool] = False
    """Our id sent twice reaches the citizen once."""
    repeat_after: ClassVar[float] = 0.0
    """Seconds before which the same text for the same number must not be offered again."""
    polls: ClassVar[bool] = False
    """Receipts can be asked for with `status_request`."""
    signed: ClassVar[bool] = False
    """Callbacks carry a signature that `hear` checks. Where they do not, the secret path and the address list guard."""

    def __init__(self, channel: str, settings: S) -> None:
        self.channel = channel
        self.settings = settings

    @abstractmethod
    def request(self, message: Outgoing, token: str) -> Request:
        """The request that sends `message`; `token` is empty for providers without one."""

    @abstractmethod
    def read(self, answer: Answer, message: Outgoing) -> Reading:
        """What the answer to `request` means; any HTTP status, any body."""

    def token_request(self) -> Request | None:
        """The request for an access token; None where the provider has none."""
        return None

    def read_token(self, answer: Answer) -> Token | Reading:
        """The token, or why there is none (`CONFIG`, `TEMPORARY`, …)."""
        return Reading(Verdict.CONFIG)

    def hear(self, request: WebhookRequest, tail: str, *, at: datetime) -> WebhookResult:
        """A callback that came to our secret path from an address that is allowed. `tail` is what follows the
        secret: "" or "dlr" for receipts, "mo" for citizens' messages. `at` is now."""
        return WebhookResult(status=404)

    replies_in_answer: ClassVar[bool] = False
    """The answer to a citizen's message may carry the reply: `answer_to` writes it."""

    def answer_to(self, message: InboundMessage, reply: str) -> bytes:
        """The answer to the callback that brought `message`, in the provider's own format; `reply` is empty where the
        reply goes another way or there is none."""
        return b""

    def status_request(self, references: Sequence[str]) -> Request | None:
        """The question what became of these messages (at most `most_asked` of them)."""
        return None

    def read_status(self, answer: Answer, references: Sequence[str]) -> list[Status]:
        """The answer to it; what it does not mention is missing."""
        return []

    most_asked: ClassVar[int] = 1
    """References in one status request."""

    def secrets(self) -> tuple[str, ...]:
        """Values that must never reach a log."""
        return ()
