"""Channels: how messages leave, how answers and receipts come in, and what a channel can do."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.model.message import InboundMessage, OutboxItem, Outcome, Receipt
from bot.model.person import Address
from bot.ports.accounts import Account

Deliver = Callable[[Sequence[Receipt | InboundMessage]], Awaitable[None]]
"""Takes what a channel heard. Returns when it is durable; raises when it is not, and then the channel must
not acknowledge it to the provider."""


class Sender(Protocol):
    """Hands messages to one provider. Never raises for what a provider may answer."""

    async def send(self, item: OutboxItem) -> Outcome: ...


class QuickSender(Sender, Protocol):
    """A sender that can do without a task for each message: at thousands a second, tasks are most of the work."""

    def begin(self, item: OutboxItem, answered: Callable[[Outcome], None]) -> bool:
        """Sends what needs not be waited for before it leaves. True: it is under way, and `answered` gets the outcome
        later, once, from the event loop. False: nothing was done, and `send` is the way."""
        ...


class Listener(Protocol):
    """For a channel that must be kept connected or asked. Runs until cancelled and reconnects by itself."""

    async def listen(self, deliver: Deliver) -> None: ...


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A provider's call as it came in. Header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    remote: str = ""
    """Network address of the caller, as our own proxies tell it."""


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """What a call meant: events to deliver first, then the answer to give."""

    events: tuple[Receipt | InboundMessage, ...] = ()
    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    answer: Callable[[], Awaitable[bytes]] | None = None
    """Makes the body once the events are durable, in place of `body`; for providers whose answer carries the
    reply to the citizen. Ends by itself within a few seconds."""


class Webhook(Protocol):
    """Bytes in, meaning out; pure, and never raises. Refuses (status 401 or 403, no events) what is not signed.

    Called for `/webhooks/{channel}` and everything below it: `WebhookRequest.path` is the whole path.
    """

    def parse(self, request: WebhookRequest) -> WebhookResult: ...


class Feed(Protocol):
    """For a channel whose citizens read from our own web server: messages as they are sent."""

    def watch(self, address: Address) -> AsyncIterator[OutboxItem]:
        """Messages to `address` from now on, without end; cancelled when the reader leaves."""
        ...

    def watched_keys(self) -> Collection[str]:
        """The keys of the addresses that somebody watches here."""
        ...

    def hand(self, item: OutboxItem) -> None:
        """To whoever watches its address here: another process has sent it."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel can do."""

    longest: int
    """Most characters in one message; SMS counts parts instead and has 0 here."""
    rate: float
    """Parts a second that may leave; 0 for no limit."""
    window: int
    """Messages that may be under way at once."""
    receipts: bool = False
    """A receipt follows each accepted message."""
    arrives_when_accepted: bool = True
    """What the provider took is where the citizen sees it. False for SMS: only a receipt could tell, and without one
    the message stays accepted."""
    honours_reference: bool = False
    """Sending the same id twice reaches the citizen once, so an uncertain send may be repeated."""
    buttons: bool = False
    shares_phone: bool = False
    """A citizen can hand over the own number with one tap, and the provider vouches for it."""
    plain: bool = False
    """Texts go out without Vietnamese accents, within SMS parts."""
    reserved: float = 0.0
    """Share of rate and window that only replies may use, from 0 to 1."""
    files: bool = False
    """Documents can go with a message (`OutboxItem.files`)."""
    alone: bool = False
    """Only one process at a time may send: what the adapter knows of the provider's limits it knows by itself."""
    repeat_after: float = 0.0
    """Seconds before which the same text must not be offered for the same number again, where the provider takes
    that for a mistake of ours."""


@dataclass(frozen=True, slots=True)
class Channel:
    """An open channel. Closing is the business of the context manager that opened it."""

    name: str
    sender: Sender
    limits: Limits
    quick: QuickSender | None = None
    """The same sender, where it is quick."""
    listener: Listener | None = None
    heard_once: bool = False
    """The listener asks the provider, which bears one who asks, or knows nothing of who sends: one process at a time
    runs it. Otherwise it lives by what its sender knows or by the same connection, and runs wherever messages are
    sent."""
    aside: Listener | None = None
    """Hears what only its sender comes to know; runs wherever messages are sent, beside a listener that is heard
    once."""
    webhook: Webhook | None = None
    feed: Feed | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that must never reach a log."""
    account: Account | None = None
    """What its provider says of our account there; None: it says nothing."""
