"""The database as a whole: units of work, conversations, leases, migrations."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from bot.model.message import InboundMessage
from bot.model.person import Address
from bot.ports.mirroring import DossierStore, ReconciliationStore, SourceStore
from bot.ports.routing import RoutingStore, SpendingStore
from bot.ports.sending import DoNotSendStore, OutboxStore

T = TypeVar("T")


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

    async def heard(self, address: Address, *, since: datetime) -> int:
        """Messages of this sender since then, the present one among them."""
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
    @property
    def reconciliations(self) -> ReconciliationStore: ...
    @property
    def routing(self) -> RoutingStore: ...
    @property
    def spending(self) -> SpendingStore: ...
    @property
    def do_not_send(self) -> DoNotSendStore: ...


class Storage(Protocol):
    """The database. `work` gets a transaction and must do nothing but talk to it: no network, no waiting.

    On SQLite the works of several callers may share one commit; each still succeeds or fails alone.
    """

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Runs `work` in a transaction; returns when it is durable. An exception undoes this work alone.

        After a deadlock `work` is run again from its beginning: it must not gather into outer variables.
        """
        ...

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Runs `work` on one consistent view, beside the writers; it must not write."""
        ...

    def woken(self, channel: str) -> asyncio.Event:
        """Set when something was enqueued for the channel, or for a queue that `feeds` it. A hint: the table is the
        truth."""
        ...

    def feeds(self, queue: str, channels: Collection[str]) -> None:
        """From now on, what is enqueued in `queue` wakes these channels."""
        ...

    async def migrate(self) -> list[str]:
        """Applies the migrations that are missing, one runner at a time; their names."""
        ...

    async def pending_migrations(self) -> list[str]: ...
