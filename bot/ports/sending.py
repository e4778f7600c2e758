"""What the database keeps of messages on their way out: the queue, the receipts, the ledger."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.model.dossier import Status
from bot.model.message import DeliveryState, Lane, OutboxItem, Receipt, Situation
from bot.model.person import Address
from bot.ports.holding import HoldStore


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
    carrier: str = ""
    """The carrier that a receipt once named for this address; empty where none did."""
    is_unwanted: bool = False
    """The address is on the do-not-send list."""
    repeats: bool = False
    """It may have been sent already, by this very gateway, which does no harm by repeating it: another way would."""
    dossier_cost: int = 0
    """Đồng that the messages about its dossier have cost so far."""
    stopped: bool = False
    """It belongs to a broadcast that somebody has paused or cancelled."""
    called_off: bool = False
    """That broadcast was cancelled."""


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
    stays: bool = False
    """For `queued`: only the gateway that had it may have it again, because only there a repetition does no harm.
    The item waits from now on in that gateway's own queue."""
    held_for: str = ""
    """For `held`: what it waits for, `BUDGET` or `QUIET`; for `accepted`: `SEEN` where nothing less is a success."""
    carrier: str = ""
    """The citizen's carrier, where the answer named it."""
    cost: int | None = None
    """For `accepted`, `delivered` and `uncertain`: what it costs in đồng; None where no price is configured."""
    moves_on: bool = False
    """For `queued`: it takes the first of its alternatives; an item that has none fails, for the same reason. One that
    may have been sent already becomes `uncertain`."""
    way: int | None = None
    """The way on which it was claimed (`OutboxItem.way`): where the item has left that way meanwhile, only references
    and cost are noted. None: its present one."""
    fallback_at: datetime | None = None
    """For `accepted`, `uncertain` and `queued`: when it takes its next way, if it has one left and nothing comes in
    between; None: not by itself, and for `queued` as before."""
    bypass: str = ""
    """Why it left although the hours were quiet; empty: they were not."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A receipt and the item that it belongs to."""

    receipt: Receipt
    item_id: str
    state: DeliveryState
    """The item's present state."""
    parts: Mapping[str, DeliveryState]
    """Every part that is known of the item on the receipt's way, by the provider's reference, with its present
    state."""
    expected: int
    """How many parts the provider made of it, as far as is known; else how many we counted."""
    address: str = field(default="", repr=False)
    """Key of the item's address."""
    gateway: str = ""
    """The channel that had it on the receipt's way."""
    sent_at: datetime | None = None
    """When it was taken there."""
    way: int = 0
    """The way to which the receipt belongs."""
    is_left: bool = False
    """The item has left that way."""
    is_unused: bool = False
    """And nothing was handed over on the present one."""
    waits_for_seen: bool = False
    """To be delivered there is not enough."""
    agency: str = ""
    has_ways: bool = False
    """The item has another way left."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What receipts say of an item's end on one of its ways."""

    item_id: str
    state: DeliveryState
    reason: str
    at: datetime
    way: int = 0
    moves_on: bool = False
    """It takes its next way; only if it has none is it in `state` from now on."""
    is_past: bool = False
    """It ended so on a way that it has left: that is counted there, and the item stays as it is."""


@dataclass(frozen=True, slots=True)
class Rerouted:
    """A waiting item that took another way."""

    before: Address
    address: Address
    channel: str
    """The queue where it waits now."""
    route: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """An accepted item that has not succeeded in time."""

    item: OutboxItem
    standing: Standing | None
    newer: tuple[Situation, ...] = ()
    """What was planned after it about the same dossier for the same person, oldest first."""


class OutboxStore(HoldStore, Protocol):
    async def enqueue(self, items: Sequence[OutboxItem]) -> int:
        """Adds the items and, per origin, how many were planned; wakes the channels after the commit. An item whose
        `dedupe_key` was planned before is left out, and not counted. Returns the number added."""
        ...

    async def supersede(self, items: Sequence[OutboxItem], *, keep: Collection[Situation] = (), at: datetime) -> int:
        """Marks `superseded` what still waits, or is held, for the same dossier and address as one of `items`,
        came from another origin and is about none of the situations in `keep`. Returns how many."""
        ...

    async def due(self, queues: Collection[str], *, now: datetime) -> list[tuple[str, Lane]]:
        """Which of these queues have something to send now, each with its best lane; best lane first, then the queue
        whose message waits longest."""
        ...

    async def claim(
        self,
        queue: str,
        *,
        gateway: str = "",
        owner: str,
        now: datetime,
        lease_until: datetime,
        limit: int,
        lanes: int = 3,
    ) -> list[Claimed]:
        """Takes up to `limit` due items for `gateway` (empty: the queue's own channel), best lane first, oldest first
        within it, of the first so many `lanes`. Skips what others hold, and what goes to an address to which a message
        is under way; replies are never skipped."""
        ...

    async def settle(self, settlements: Sequence[Settlement]) -> list[Receipt]:
        """Records what became of claimed items (state `sending`, or `uncertain` after the lease ended), counts it in
        the gateway's minute, the agency's month and the dossier's costs, and remembers a carrier that the answer named.

        What should end unsent, and was accepted on an earlier way, is `accepted` again, with the reason.

        Returns parked receipts that belong to the references just recorded; they are no longer parked.
        """
        ...

    async def lapse(self, *, now: datetime, requeue: Collection[str]) -> int:
        """Items whose lease has ended become `uncertain`; with a gateway named in `requeue` they become `queued`, and
        wait in that gateway's own queue."""
        ...

    async def expire(self, *, now: datetime) -> int:
        """Items that waited or were held past their `expires_at` become `expired`."""
        ...

    async def hold(self, source: str, *, since: datetime, reason: str, at: datetime) -> int:
        """What waits about dossiers of this source and was planned since then is `held`. Returns how many."""
        ...

    async def let_go(self, source: str, *, at: datetime) -> int:
        """What is held about this source's dossiers waits to be sent again. Returns how many."""
        ...

    async def discard(self, source: str, *, reason: str, at: datetime) -> int:
        """What is held about this source's dossiers becomes `cancelled`. Returns how many."""
        ...

    async def held(self) -> dict[str, dict[str, int]]:
        """Held messages by source and situation."""
        ...

    async def release_budget(self, agencies: Collection[str], *, at: datetime) -> int:
        """What is held for these agencies' budget waits to be sent again. Returns how many."""
        ...

    async def held_for_budget(self) -> dict[str, int]:
        """Messages held for their agency's budget, by agency."""
        ...

    async def orphans(self, known: Collection[str], *, scheme: str) -> list[str]:
        """Queues other than `known` in which messages to this scheme of addresses wait, or are held."""
        ...

    async def requeue(self, queue: str, into: str, *, at: datetime) -> int:
        """What waits or is held in one queue waits in another from now on. Returns how many.

        What waited there only to be repeated becomes `uncertain`: another gateway would send it a second time.
        """
        ...

    async def reroute(self, queue: str, *, reason: str, at: datetime, limit: int) -> list[Rerouted]:
        """Up to `limit` of what waits in `queue` and has an alternative takes it; fewer than `limit` where that was
        all."""
        ...

    async def overdue(self, *, now: datetime, limit: int) -> list[Overdue]:
        """Up to `limit` accepted items whose `fallback_at` has come, the longest waiting first. Locks them, and skips
        what others have locked."""
        ...

    async def fall_back(self, items: Collection[str], *, reason: str, at: datetime) -> int:
        """Accepted items take the next of their ways, and wait there. Returns how many did."""
        ...

    async def stay(self, reasons: Mapping[str, str], *, at: datetime) -> int:
        """These accepted items (id → why) take no other way. Returns how many."""
        ...

    async def call_off(self, address: Address, *, reason: str, at: datetime) -> int:
        """What waits for this address, or is held, and speaks of a dossier becomes `cancelled`. Returns how many."""
        ...

    async def next_due(self, queues: Collection[str]) -> datetime | None:
        """When the earliest item that waits in one of these queues may be sent."""
        ...

    async def arrive(self, receipts: Sequence[Receipt]) -> list[Receipt]:
        """`match` and `record` in one, for receipts that say of the only part of a message, on its first way, that it
        has arrived; gives back all others, in order."""
        ...

    async def match(self, receipts: Sequence[Receipt]) -> list[Matched]:
        """Finds each receipt's item, by our id first, then by the provider's reference; and its way, by the reference
        first, then by the channel. Locks the rows."""
        ...

    async def park(self, receipts: Sequence[Receipt]) -> None:
        """Keeps receipts that match nothing yet; a later `settle` may claim them."""
        ...

    async def forget_parked(self, *, before: datetime) -> int:
        """Drops those that nothing has claimed since; how many."""
        ...

    async def record(self, matched: Sequence[Matched], moved: Sequence[Moved]) -> None:
        """Writes the parts' states from the receipts, and the items' new states or ways; counts `delivered`, `failed`
        and `expired` in the gateway's minute of `sent_at`, and remembers carriers that the receipts name and that an
        item was seen."""
        ...

    async def history(self, address: Address, *, after: str, limit: int) -> list[OutboxItem]:
        """What was sent to `address` (accepted or delivered) with an id above `after`, oldest first."""
        ...

    async def fed(self, keys: Collection[str], *, after: str, since: datetime) -> list[OutboxItem]:
        """What was sent since then to the addresses with these keys, with an id above `after`, oldest first."""

    async def get(self, item_id: str) -> OutboxItem | None: ...
    async def of_origins(self, origins: Collection[str]) -> list[OutboxItem]:
        """What these events planned, oldest first."""
        ...

    async def counts(self) -> dict[tuple[str, DeliveryState], int]:
        """Messages by (channel, state)."""
        ...

    async def waiting(self) -> dict[str, int]:
        """Messages that wait in each queue, those of a later time among them."""
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
