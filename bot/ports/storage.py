"""The database as a whole: units of work, conversations, leases, migrations."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from bot.model.message import InboundMessage
from bot.model.person import Address
from bot.model.service import Said, Unsent
from bot.ports.api import ApiStore
from bot.ports.broadcasts import BroadcastStore
from bot.ports.console import ConsoleStore
from bot.ports.deadlines import ApologyStore, DeadlineStore
from bot.ports.documents import DocumentStore
from bot.ports.keeping import KeepingStore
from bot.ports.mirroring import DossierStore, ReconciliationStore, SourceStore
from bot.ports.people import FollowStore, GuardStore, PeopleStore, PrivacyStore, ServiceStore, VaultStore
from bot.ports.personal import PersonalStore
from bot.ports.reports import ReportStore
from bot.ports.restoring import RestoreStore
from bot.ports.retention import RetentionStore
from bot.ports.routing import RoutingStore, SpendingStore
from bot.ports.sealing import SealingStore
from bot.ports.sending import OutboxStore
from bot.ports.shares import ShareStore
from bot.ports.staff import AuditStore, StaffStore
from bot.ports.texts import TextStore
from bot.ports.today import TodayStore
from bot.ports.unwanted import DoNotSendStore
from bot.ports.watching import WatchStore

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ConversationState:
    """What the bot remembers between two messages of one citizen."""

    language: str = ""
    """What was chosen, `vi` or `en`; empty: nothing was."""
    dialogue: str = ""
    """The question that waits for an answer, such as `confirm` or `feedback.name`; empty: none."""
    slots: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the dialogue has learnt so far."""
    options: tuple[str, ...] = ()
    """What typing 1, 2, 3 … says."""
    about: str = ""
    """The code of the dossier last spoken of."""
    proved: str = ""
    """The code of a dossier for which a right second factor was given."""
    expires_at: datetime | None = None
    """When all of it but the language is forgotten."""


class ConversationStore(Protocol):
    async def first_time(self, message: InboundMessage) -> bool:
        """Records that the message came, with its text; False if it had come before."""
        ...

    async def load(self, address: Address) -> ConversationState:
        """The state, locked until the transaction ends; a fresh one for a newcomer."""
        ...

    async def save(self, address: Address, state: ConversationState, *, at: datetime) -> None:
        """Keeps the state, and that somebody wrote at that time."""
        ...

    async def finish(self, message: InboundMessage, *, outcome: str) -> None:
        """Records what the message was understood as."""
        ...

    async def heard(self, address: Address, *, since: datetime) -> int:
        """Messages of this sender since then, the present one among them."""
        ...

    async def outcomes(self) -> dict[tuple[str, str], int]:
        """Inbound messages by (channel, outcome)."""
        ...

    async def thread(self, address: Address, *, limit: int) -> list[Said]:
        """The last lines of both sides, oldest first."""
        ...

    async def unsent(self, address: Address, *, since: datetime, limit: int) -> list[Unsent]:
        """The last of what clerks said since then that still waits, or did not leave; oldest first."""
        ...

    async def forget_texts(self, *, before: datetime) -> int:
        """Takes away what citizens wrote before then; that they wrote stays. Returns how many."""
        ...


class LeaseStore(Protocol):
    async def take(self, name: str, *, owner: str, now: datetime, until: datetime) -> int:
        """The fence under which `owner` now holds `name` until then: it was free, ended, or already ours. 0: another
        one holds it. A new holder has a higher fence than all before; a renewal keeps it."""
        ...

    async def require(self, name: str, *, fence: int) -> None:
        """Raises `FencedError` where somebody has taken `name` over since `fence` was given. Until the end of the
        transaction nobody can, so that what is written here was written by the holder."""
        ...

    async def renew(self, name: str, *, owner: str, fence: int, until: datetime) -> bool:
        """Holds it until then. False: somebody has taken it over since `fence` was given."""
        ...

    async def holders(self, names: Collection[str], *, now: datetime) -> dict[str, str]:
        """Who holds each of them now; without those that nobody holds."""
        ...

    async def held(self, *, now: datetime) -> dict[str, str]:
        """Everything that somebody holds now, and who."""
        ...

    async def give_back(self, name: str, *, owner: str) -> None:
        """Free for others from now on; nothing where somebody else has it."""
        ...


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
    def shares(self) -> ShareStore: ...
    @property
    def reconciliations(self) -> ReconciliationStore: ...
    @property
    def routing(self) -> RoutingStore: ...
    @property
    def spending(self) -> SpendingStore: ...
    @property
    def do_not_send(self) -> DoNotSendStore: ...
    @property
    def people(self) -> PeopleStore: ...
    @property
    def follows(self) -> FollowStore: ...
    @property
    def guards(self) -> GuardStore: ...
    @property
    def service(self) -> ServiceStore: ...
    @property
    def privacy(self) -> PrivacyStore: ...
    @property
    def vaults(self) -> VaultStore: ...
    @property
    def texts(self) -> TextStore: ...
    @property
    def deadlines(self) -> DeadlineStore: ...
    @property
    def apologies(self) -> ApologyStore: ...
    @property
    def broadcasts(self) -> BroadcastStore: ...
    @property
    def sealing(self) -> SealingStore: ...
    @property
    def keeping(self) -> KeepingStore: ...
    @property
    def documents(self) -> DocumentStore: ...
    @property
    def watch(self) -> WatchStore: ...
    @property
    def today(self) -> TodayStore: ...
    @property
    def staff(self) -> StaffStore: ...
    @property
    def audit(self) -> AuditStore: ...
    @property
    def console(self) -> ConsoleStore: ...
    @property
    def reports(self) -> ReportStore: ...
    @property
    def api(self) -> ApiStore: ...
    @property
    def restores(self) -> RestoreStore: ...
    @property
    def retention(self) -> RetentionStore: ...
    @property
    def personal(self) -> PersonalStore: ...


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

    async def far_clock(self) -> datetime | None:
        """What time it is on the database's machine; None where that is this one. Raises `StorageError`."""
        ...

    async def pending_migrations(self) -> list[str]: ...
