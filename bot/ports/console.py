"""What the staff's console asks of the database: searches that stay quick, and all that is known of one dossier."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, NamedTuple, Protocol, TypeVar

from bot.model.apology import Act, Apology
from bot.model.audit import Entry
from bot.model.dossier import Change, Status
from bot.model.message import DeliveryState, OutboxItem
from bot.model.person import Address, Binding, Follow
from bot.model.service import Feedback, Survey
from bot.ports.mirroring import LateEvent
from bot.ports.unwanted import Unwanted

T = TypeVar("T")
Where = TypeVar("Where")


class DossierPlace(NamedTuple):
    """Where a page of dossiers ended: what comes next stands below it."""

    at: int
    """UTC milliseconds of what the list is ordered by."""
    code: str
    source: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T, Where]):
    """A part of a list, newest first."""

    found: Sequence[T]
    next: Where | None
    """Where the rest begins; None: that was all."""
    is_cut: bool = False
    """So much was looked through that we stopped: there may be more below `next`, though this page is not full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierWish:
    """Which dossiers. Empty values ask for nothing."""

    code: str = ""
    """A code, or its beginning."""
    phone: str = field(default="", repr=False)
    """E.164."""
    name: str = field(default="", repr=False)
    """Words of the applicant's name (`bot.model.name.name_words`), in their order; the last one whole."""
    agency: str = ""
    """With all below it."""
    procedure: str = ""
    status: Status | None = None
    is_late: bool = False
    """Its deadline is over, and it is still in work; ordered by the deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierLine:
    """A dossier in a list."""

    code: str
    source: str
    status: Status
    status_text: str
    agency: str
    agency_name: str
    procedure_name: str
    applicant: str = field(repr=False)
    phone: str = field(repr=False)
    received_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None


class Outcomes(StrEnum):
    """States of messages as staff tell them apart."""

    WAITING = "waiting"
    TAKEN = "taken"
    """The provider has it."""
    ARRIVED = "arrived"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    UNSENT = "unsent"
    """On purpose."""


OUTCOMES: Mapping[Outcomes, frozenset[DeliveryState]] = {
    Outcomes.WAITING: frozenset({DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.HELD}),
    Outcomes.TAKEN: frozenset({DeliveryState.ACCEPTED}),
    Outcomes.ARRIVED: frozenset({DeliveryState.DELIVERED}),
    Outcomes.FAILED: frozenset({DeliveryState.FAILED, DeliveryState.EXPIRED}),
    Outcomes.UNCERTAIN: frozenset({DeliveryState.UNCERTAIN}),
    Outcomes.UNSENT: frozenset({DeliveryState.SUPPRESSED, DeliveryState.SUPERSEDED, DeliveryState.CANCELLED}),
}


def outcome_of(state: DeliveryState) -> Outcomes:
    return next(outcome for outcome, states in OUTCOMES.items() if state in states)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWish:
    """Which messages. Empty values ask for nothing."""

    outcome: Outcomes | None = None
    channel: str = ""
    """The channel that had it last, or its queue."""
    situation: str = ""
    agency: str = ""
    """With all below it."""
    code: str = ""
    """Of the dossier."""
    addresses: Collection[Address] = field(default=(), repr=False)
    """Of the recipient."""
    since: datetime | None = None
    until: datetime | None = None


class Counted(NamedTuple):
    """How the newest messages stand."""

    by_outcome: Mapping[Outcomes, int]
    is_whole: bool
    """Those are all; else only the newest ones were counted."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message as its provider knows it."""

    number: int
    reference: str
    state: DeliveryState
    at: datetime
    channel: str
    way: int


@dataclass(frozen=True, slots=True)
class LeftWay:
    """A way that a message has left behind."""

    channel: str
    """Empty where none had it there."""
    address: Address


@dataclass(frozen=True, slots=True)
class MessageStory:
    """A message with all that is kept of its way."""

    item: OutboxItem
    parts: Sequence[Part]
    left: Sequence[LeftWay]
    resends: Sequence[OutboxItem]
    bypass: str
    """By which rule, or whose word, it left in quiet hours; empty: it did not."""
    is_unwanted: bool
    """Its address is on the do-not-send list."""
    newer: Sequence[OutboxItem]
    """What was planned after it about the same dossier for the same address, its own repetitions left out."""


class Asked(NamedTuple):
    """Somebody talked with the bot about a dossier, and that is what the conversation was about last."""

    address: Address
    at: datetime


@dataclass(frozen=True, slots=True)
class DossierStory:
    """Everything that happened with one dossier, each kind oldest first."""

    changes: Sequence[Change]
    late: Sequence[LateEvent]
    messages: Sequence[OutboxItem]
    parts: Mapping[str, Sequence[Part]]
    """By message."""
    apologies: Sequence[Apology]
    acts: Mapping[str, Sequence[Act]]
    """By apology."""
    feedback: Sequence[Feedback]
    surveys: Sequence[Survey]
    asked: Sequence[Asked]
    failed_at: Sequence[datetime]
    """Attempts to learn of it with a wrong second factor, or none."""
    looks: Sequence[Entry]
    """What staff looked at and did, from the record."""
    bindings: Sequence[Binding]
    follows: Sequence[Follow]
    cost: int
    """Đồng that the messages about it have cost."""


class ConsoleStore(Protocol):
    """Searches. `agencies`: only of these and all below them; none: of all. Each looks through so much and no more."""

    async def agencies(self) -> list[tuple[str, str]]:
        """Every agency that has dossiers, with its name, by code."""
        ...

    async def procedures(self, *, limit: int) -> list[tuple[str, str]]:
        """Codes of procedures that have dossiers, with their names, by code."""
        ...

    async def dossiers(
        self, wish: DossierWish, agencies: Collection[str], *, now: datetime, before: DossierPlace | None, limit: int
    ) -> Page[DossierLine, DossierPlace]: ...

    async def story(self, source: str, code: str, *, phone: str) -> DossierStory:
        """`phone`: the one on the dossier, E.164; empty for none."""
        ...

    async def messages(
        self, wish: MessageWish, agencies: Collection[str], *, before: str, limit: int
    ) -> Page[OutboxItem, str]:
        """With an id below `before` (empty: from the newest)."""
        ...

    async def counted(self, wish: MessageWish, agencies: Collection[str], *, most: int) -> Counted:
        """Of the newest `most` that are wished for, whatever their outcome."""
        ...

    async def message(self, item_id: str) -> MessageStory | None: ...

    async def unwanted(self, address: Address) -> Unwanted | None:
        """Its entry on the do-not-send list."""
        ...

    async def unnamed(self, *, limit: int) -> list[tuple[str, str, str]]:
        """(code, source, applicant) of dossiers whose name cannot be looked for yet."""
        ...

    async def name(self, named: Sequence[tuple[str, str, str, str]]) -> None:
        """(code, source, applicant, `name_words`); a dossier whose applicant has changed meanwhile stays as it is."""
        ...
