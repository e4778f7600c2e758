"""What the service needs from the outside: channels, sources, and a database, as Protocols."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from bot.model.dossier import Change, Dossier, Status
from bot.model.message import DeliveryState, InboundMessage, OutboxItem, Outcome, Receipt, Situation
from bot.model.person import Address

T = TypeVar("T")

# ── channels ────────────────────────────────────────────────────────────────────────────────────

Deliver = Callable[[Sequence[Receipt | InboundMessage]], Awaitable[None]]
"""Takes what a channel heard. Returns when it is durable; raises when it is not, and then the channel must
not acknowledge it to the provider."""


class Sender(Protocol):
    """Hands messages to one provider. Never raises for what a provider may answer."""

    async def send(self, item: OutboxItem) -> Outcome: ...


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


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """What a call meant: events to deliver first, then the answer to give."""

    events: tuple[Receipt | InboundMessage, ...] = ()
    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


class Webhook(Protocol):
    """Bytes in, meaning out; pure. Refuses (status 401 or 403, no events) what is not signed."""

    def parse(self, request: WebhookRequest) -> WebhookResult: ...


class Feed(Protocol):
    """For a channel whose citizens read from our own web server: messages as they are sent."""

    def watch(self, address: Address) -> AsyncIterator[OutboxItem]:
        """Messages to `address` from now on, without end; cancelled when the reader leaves."""
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
    honours_reference: bool = False
    """Sending the same id twice reaches the citizen once, so an uncertain send may be repeated."""
    buttons: bool = False
    plain: bool = False
    """Texts go out without Vietnamese accents, within SMS parts."""


@dataclass(frozen=True, slots=True)
class Channel:
    """An open channel. Closing is the business of the context manager that opened it."""

    name: str
    sender: Sender
    limits: Limits
    listener: Listener | None = None
    webhook: Webhook | None = None
    feed: Feed | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that must never reach a log."""


# ── sources ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A row that could not be understood, and exactly where it stands. Carries no personal value."""

    source: str
    place: str
    """The file's name, or the address it came from."""
    row: int
    """As the reader of the file counts: 1 is the header. 0 where there are no rows."""
    column: str
    """The column's name as written in the file; empty for the row as a whole."""
    reason: str
    """In Vietnamese, for the clerk who will mend it."""
    code: str = ""
    """The dossier's code, where that much could be read."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A piece of what a source has, small enough for one transaction (about 1,000 dossiers at most)."""

    dossiers: tuple[Dossier, ...]
    cursor: str
    """Where to go on after this batch; given back to `batches` after a restart."""
    quarantined: tuple[Quarantined, ...] = ()


class DossierSource(Protocol):
    """A one-stop software, seen as batches of its present records."""

    def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Everything after `cursor` (None: from the beginning), then ends; asked again after the pause.

        Raises `SourceError` where the source as a whole cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """An open source."""

    name: str
    source: DossierSource
    pause: float
    """Seconds between two times of asking."""
    go_live: datetime | None = None
    """Dossiers received earlier are mirrored in silence; None: the moment of the first reading."""


# ── storage ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is remembered of a source."""

    cursor: str | None
    go_live: datetime
    synced_at: datetime | None
    """When its last batch was applied."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the mirror needs to know of a dossier to see whether it has changed."""

    fingerprint: str
    last_number: int


class SourceStore(Protocol):
    async def get(self, name: str) -> SourceState | None: ...
    async def save(self, name: str, state: SourceState) -> None: ...
    async def states(self) -> dict[str, SourceState]: ...
    async def quarantine(self, rows: Sequence[Quarantined], *, at: datetime) -> None:
        """Keeps them; the same place, row and column again replaces the earlier one."""
        ...

    async def quarantined(self, *, limit: int) -> list[Quarantined]:
        """Newest first."""
        ...

    async def count_quarantined(self) -> int: ...
    async def note_unknown_statuses(self, source: str, words: Mapping[str, int], *, at: datetime) -> None:
        """Adds up how often each unmapped status word was seen."""
        ...

    async def unknown_statuses(self) -> list[tuple[str, str, int]]:
        """(source, word, times seen), most seen first."""
        ...


class DossierStore(Protocol):
    async def known(self, source: str, codes: Collection[str]) -> dict[str, Known]:
        """By code; codes that are not in the mirror are absent. One statement, locks the rows."""
        ...

    async def get_many(self, source: str, codes: Collection[str]) -> dict[str, Dossier]:
        """By code, one statement."""
        ...

    async def find(self, code: str) -> list[Dossier]:
        """Every source's dossier with exactly this code."""
        ...

    async def save(self, dossiers: Sequence[tuple[Dossier, int]], *, at: datetime) -> None:
        """Replaces or adds each dossier, with the number of its newest change."""
        ...

    async def add_changes(self, changes: Sequence[Change]) -> None: ...
    async def changes_of(self, source: str, code: str) -> list[Change]:
        """Oldest first."""
        ...

    async def count(self) -> tuple[int, int]:
        """(dossiers, changes)"""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts of a dossier at this moment, to see whether a message about it is still true."""

    status: Status
    appointment_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """An item in our hands until the lease ends. `standing` is None where it speaks of no mirrored dossier."""

    item: OutboxItem
    standing: Standing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a claimed item."""

    item_id: str
    owner: str
    """Who claimed it; a settlement by anybody else changes nothing."""
    state: DeliveryState
    at: datetime
    reason: str = ""
    next_at: datetime | None = None
    """For `queued`: when to try again."""
    references: tuple[str, ...] = ()
    """The provider's ids, one a part, in order."""
    attempted: bool = True
    """False where nothing was handed to the provider: the attempt is not counted."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A receipt and the item that it belongs to."""

    receipt: Receipt
    item_id: str
    state: DeliveryState
    """The item's present state."""
    parts: Mapping[str, DeliveryState]
    """Every known part of the item by the provider's reference, with its present state."""
    expected: int
    """How many parts the item has."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An item moved by a receipt."""

    item_id: str
    state: DeliveryState
    reason: str
    at: datetime


class OutboxStore(Protocol):
    async def enqueue(self, items: Sequence[OutboxItem]) -> int:
        """Adds the items and, per origin, how many were planned; wakes the channels after the commit.

        An item whose `dedupe_key` was planned before is left out, and not counted. Returns the number added.
        """
        ...

    async def supersede(self, items: Sequence[OutboxItem], *, keep: Collection[Situation] = (), at: datetime) -> int:
        """Marks `superseded` what still waits for the same dossier and address as one of `items`,
        came from another origin and is about none of the situations in `keep`. Returns how many."""
        ...

    async def claim(
        self, channel: str, *, owner: str, now: datetime, lease_until: datetime, limit: int
    ) -> list[Claimed]:
        """Takes up to `limit` due items, best lane first, oldest first within it. Skips what others hold."""
        ...

    async def settle(self, settlements: Sequence[Settlement]) -> list[Receipt]:
        """Records what became of claimed items (state `sending`, or `uncertain` after the lease ended).

        Returns parked receipts that belong to the references just recorded; they are no longer parked.
        """
        ...

    async def lapse(self, *, now: datetime, requeue: Collection[str]) -> int:
        """Items whose lease has ended become `uncertain`, or `queued` on the channels named in `requeue`."""
        ...

    async def expire(self, *, now: datetime) -> int:
        """Items that waited past their `expires_at` become `expired`."""
        ...

    async def next_due(self, channel: str) -> datetime | None:
        """When the earliest waiting item may be sent."""
        ...

    async def match(self, receipts: Sequence[Receipt]) -> list[Matched]:
        """Finds each receipt's item, by our id first, then by the provider's reference. Locks the rows."""
        ...

    async def park(self, receipts: Sequence[Receipt]) -> None:
        """Keeps receipts that match nothing yet; a later `settle` may claim them."""
        ...

    async def record(self, matched: Sequence[Matched], moved: Sequence[Moved]) -> None:
        """Writes the parts' states from the receipts, and the items' new states."""
        ...

    async def history(self, address: Address, *, after: str, limit: int) -> list[OutboxItem]:
        """What was sent to `address` (accepted or delivered) with an id above `after`, oldest first."""
        ...

    async def get(self, item_id: str) -> OutboxItem | None: ...
    async def counts(self) -> dict[tuple[str, DeliveryState], int]:
        """Messages by (channel, state)."""
        ...

    async def situations(self) -> dict[tuple[str, str, DeliveryState], int]:
        """Messages by (channel, situation, state)."""
        ...

    async def planned(self) -> int:
        """How many messages were ever planned, counted where they were planned and not in the outbox."""
        ...

    async def imbalances(self, *, limit: int) -> list[tuple[str, int, int]]:
        """(origin, planned, found in the outbox) wherever the two differ."""
        ...

    async def parked(self) -> int: ...
    async def listed(self, state: DeliveryState, *, limit: int) -> list[OutboxItem]:
        """Items in `state`, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class ConversationState:
    """What the bot remembers between two messages of one citizen."""

    pending: str = ""
    """A repaired code that waits for a yes."""
    language: str = "vi"
    expires_at: datetime | None = None
    """When `pending` is forgotten."""


class ConversationStore(Protocol):
    async def first_time(self, message: InboundMessage) -> bool:
        """Records that the message came; False if it had come before."""
        ...

    async def load(self, address: Address) -> ConversationState:
        """The state, locked until the transaction ends; a fresh one for a newcomer."""
        ...

    async def save(self, address: Address, state: ConversationState, *, at: datetime) -> None: ...
    async def finish(self, message: InboundMessage, *, outcome: str, found: bool) -> None:
        """Records what the message was understood as, and whether a look-up found something to show."""
        ...

    async def misses(self, address: Address, *, since: datetime) -> int:
        """Look-ups of this sender that found nothing, since then."""
        ...

    async def outcomes(self) -> dict[tuple[str, str], int]:
        """Inbound messages by (channel, outcome)."""
        ...


class LeaseStore(Protocol):
    async def take(self, name: str, *, owner: str, now: datetime, until: datetime) -> bool:
        """True if `owner` now holds `name` until then: it was free, ended, or already ours."""
        ...

    async def give_back(self, name: str, *, owner: str) -> None: ...


class Transaction(Protocol):
    """One unit of work. All of it becomes durable together, or nothing."""

    @property
    def sources(self) -> SourceStore: ...
    @property
    def dossiers(self) -> DossierStore: ...
    @property
    def outbox(self) -> OutboxStore: ...
    @property
    def conversations(self) -> ConversationStore: ...
    @property
    def leases(self) -> LeaseStore: ...


class Storage(Protocol):
    """The database. `work` gets a transaction and must do nothing but talk to it: no network, no waiting.

    On SQLite the works of several callers may share one commit; each still succeeds or fails alone.
    """

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Runs `work` in a transaction; returns when it is durable. An exception undoes this work alone."""
        ...

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Runs `work` on one consistent view, beside the writers; it must not write."""
        ...

    def woken(self, channel: str) -> asyncio.Event:
        """Set when something was enqueued for the channel. A hint: the table is the truth."""
        ...

    async def migrate(self) -> list[str]:
        """Applies the migrations that are missing, one runner at a time; their names."""
        ...

    async def pending_migrations(self) -> list[str]: ...
