"""Messages on their way out and in, what providers answer, and the states a message can be in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from bot.model.dossier import Status
from bot.model.person import Address
from bot.model.situation import FAMILY as FAMILY
from bot.model.situation import FOR_STAFF as FOR_STAFF
from bot.model.situation import Situation as Situation
from bot.model.situation import family_of as family_of


class Lane(IntEnum):
    """Who goes first when messages wait: smaller numbers leave earlier."""

    REPLY = 0
    PUSH = 1
    BULK = 2


class DeliveryState(StrEnum):
    """Where a planned message is. Every planned message is in exactly one of these; they move forward only."""

    QUEUED = "queued"
    SENDING = "sending"
    """Claimed by a sender; nobody else may touch it until the lease ends."""
    ACCEPTED = "accepted"
    """The provider took it and no final receipt has come."""
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    """Its time ran out before it could be sent, or the network gave up on it."""
    UNCERTAIN = "uncertain"
    """It left us and no answer came: perhaps delivered. Held for a receipt or a person, never sent blindly."""
    SUPPRESSED = "suppressed"
    """Not sent on purpose: it had become untrue or could not be addressed. `reason` says why."""
    SUPERSEDED = "superseded"
    """A newer message about the same dossier took its place while it waited."""
    CANCELLED = "cancelled"
    HELD = "held"
    """Planned while the brake was on: waits for a person, who lets it go or cancels it."""


FINAL = frozenset(
    {
        DeliveryState.DELIVERED,
        DeliveryState.FAILED,
        DeliveryState.EXPIRED,
        DeliveryState.SUPPRESSED,
        DeliveryState.SUPERSEDED,
        DeliveryState.CANCELLED,
    }
)
"""Nothing moves a message out of these."""


class Asks(StrEnum):
    """What choosing an option gives us."""

    WORDS = "words"
    """Its `says`, as if the citizen had typed it."""
    PHONE = "phone"
    """The citizen's phone number, vouched for by the provider where the channel can do that (`Limits.shares_phone`)."""


@dataclass(frozen=True, slots=True)
class Option:
    """A short answer to choose from: a button, or a numbered line where a channel has none."""

    label: str
    """What stands on the button: at most 30 characters."""
    says: str
    """What choosing it says to us: at most 64 bytes (Telegram's `callback_data`)."""
    asks: Asks = Asks.WORDS


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way by which a message may reach the same person when its present way is shut."""

    channel: str
    """The queue, as in `OutboxItem.channel`."""
    address: Address
    text: str = field(repr=False)
    parts: int = 1
    route: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A text as one provider has registered it, where a published text brings its own."""

    channel: str
    id: str
    """The provider's id of the template."""
    pattern: str = ""
    """For SMS: the registered text with {1}, {2} … where values stand."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """For ZBS: the template's parameter → the name of our value."""


@dataclass(frozen=True, slots=True)
class File:
    """A document that goes with a message, by its row in the database."""

    id: str
    name: str
    """As the reader sees it: `phieu-xin-loi-H56.14-240823-0001.pdf`."""
    media_type: str
    content: bytes = field(default=b"", repr=False)
    """Empty until the message is about to be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """One message to one address. The text never shows in `repr`."""

    id: str
    """Time-ordered, 26 characters; travels to the provider as our reference."""
    dedupe_key: str
    """(dossier, event, recipient): at most one message ever has it, on whatever channel."""
    origin: str
    """The event that planned it: `change:<source>:<code>:<number>`, `inbound:<channel>:<id>`, `test:<id>`."""
    channel: str
    """Name of the channel in the configuration that sends it."""
    address: Address
    lane: Lane
    situation: Situation
    text: str = field(repr=False)
    """Exactly what will be shown to the citizen; NFC."""
    source: str = ""
    code: str = ""
    """The dossier it speaks of; both empty for a reply or a test."""
    parts: int = 1
    """How many units the provider counts (SMS parts); 1 elsewhere."""
    created_at: datetime
    next_at: datetime
    """Not to be sent earlier."""
    expires_at: datetime
    """Not to be sent later."""
    status: Status | None = None
    """The status that the text states, where it states one."""
    appointment_at: datetime | None = None
    """The appointment that the text states, where it states one."""
    state: DeliveryState = DeliveryState.QUEUED
    attempts: int = 0
    """How often it was handed to a provider."""
    reason: str = ""
    """Why it is in its state, in the provider's or our words; never personal."""
    sent_at: datetime | None = None
    """When the provider took it."""
    settled_at: datetime | None = None
    """When it reached its present state."""
    agency: str = ""
    """The agency in whose name it speaks and whose budget pays, by its code; empty for replies and tests."""
    route: str = ""
    """The route of the configuration that names its sender and gateways; empty: `channel` alone."""
    sender: str = ""
    """Name or number that the citizen sees as the sender; empty: the route's or the gateway's own."""
    gateway: str = ""
    """The channel that had it last; empty before the first claim."""
    carrier: str = ""
    """The citizen's carrier, one of `bot.model.carrier.CARRIERS`, as the provider named it; empty where it did not."""
    cost: int | None = None
    """Đồng, once a provider has taken it; None where no price is configured."""
    options: tuple[Option, ...] = ()
    """Answers to choose from. Where a channel has no buttons the text lists them already."""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the text was made of, by the names that templates use: for providers that fill in a registered template."""
    alternatives: tuple[Alternative, ...] = ()
    """The ways that are left, best first. It is one message: it leaves by one of them."""
    heard_at: datetime | None = None
    """When the citizen last wrote from `address`, as known when it was claimed; None: never, or not claimed."""
    way: int = 0
    """How many ways it has left behind. Receipts of those change nothing any more once the present one was used."""
    fallback_at: datetime | None = None
    """When it takes the next of its ways, unless it has succeeded by then (`ReachSettings.ways`); None: it does not."""
    seen_at: datetime | None = None
    """When the citizen opened it, where a provider tells."""
    files: tuple[File, ...] = ()
    """Offered where the channel carries files (`Limits.files`); elsewhere the text stands alone."""
    forms: tuple[Form, ...] = ()
    """Registered templates that came with the text; they go before the channel's own settings."""
    bypass: str = ""
    """Why it leaves in quiet hours all the same: the name of the rule or of the person; empty: it does not."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it. `references` are the provider's own ids, one a part; empty where it gives none."""

    references: tuple[str, ...] = ()
    carrier: str = ""
    """The citizen's carrier, where the answer names it."""
    reason: str = ""
    """What is to be remembered beside the state: that the provider had taken it before."""
    final: bool = False
    """No receipt will come for this one, on whatever channel: as far as anybody will know, it has arrived."""
    cost: int | None = None
    """Đồng, where only the channel knows what this one costs; None: the configured price of the channel."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Nothing was sent; it may be tried again, after `after` seconds where the provider says so."""

    reason: str
    after: float | None = None
    counts: bool = True
    """False where the pace of the channel is the trouble and not this message: it does not climb the ladder."""
    elsewhere: bool = False
    """Waiting is only the second best: if the message has another way, it goes that way now."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """This text or this address will never work. `blocked`: the citizen shut the door on this channel."""

    reason: str
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Uncertain:
    """It left us and no answer came. `references` are the provider's ids for the parts that were answered."""

    reason: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelDown:
    """Our key or their service is at fault, not the message: nothing was sent, the channel pauses."""

    reason: str


Outcome = Accepted | Retry | Rejected | Uncertain | ChannelDown


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a provider says later about a message. Matched by `item_id` if it carries our id, else by `reference`."""

    channel: str
    reference: str = ""
    """The provider's id of the message or part."""
    item_id: str = ""
    """Our id, where the provider echoes it."""
    state: DeliveryState
    """`delivered`, `failed`, `expired`, or `accepted` for a receipt that is not final."""
    reason: str = ""
    """The provider's words: `stat:UNDELIV err:011`."""
    at: datetime
    carrier: str = ""
    """The citizen's carrier, where the provider names it: one of `bot.model.carrier.CARRIERS`."""
    whole: bool = False
    """It speaks of the whole message, however many parts that has; else of the part that `reference` names."""
    seen: bool = False
    """The citizen has opened it; then `state` is `delivered`."""


class Heard(StrEnum):
    """What a citizen did."""

    TEXT = "text"
    """Wrote something, or chose an option that says it."""
    START = "start"
    """Opened the bot by its Start button or a link; `text` is what the link carries, often a dossier code."""
    CONTACT = "contact"
    """Shared the own phone number, and the provider vouches for it: `phone`."""
    CLAIMED = "claimed"
    """Typed a phone number into a form of the provider, which nobody has checked: `phone`."""
    FOLLOWED = "followed"
    """Follows the official account."""
    LEFT = "left"
    """Stopped following, or blocked the bot: nothing may be sent there until the citizen writes again."""
    MOVED = "moved"
    """The chat has another address from now on, which is `text`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """Something a citizen wrote or did. Unique by (channel, message_id)."""

    channel: str
    message_id: str
    sender: Address
    text: str = field(repr=False)
    at: datetime
    to: str = ""
    """The number that was written to, as the provider names it; empty elsewhere than in SMS."""
    kind: Heard = Heard.TEXT
    phone: str = field(default="", repr=False)
    """E.164, with `CONTACT` and `CLAIMED`."""
    network: str = field(default="", repr=False)
    """The network it came from, where the citizen comes to our own web server: an address, of IPv6 a prefix."""
    language: str = ""
    """`vi` or `en` where the channel knows what the citizen reads; empty: unknown."""
