"""What the database keeps of a return to an older state: which sources may repeat news, and what is doubtful."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.model.message import DeliveryState, OutboxItem

RESTORED = "restored"
"""`held_for` of a message of which nobody knows whether it was sent between the backup and the return to it: `held`
where it was planned after the return, `uncertain` where it waited in the backup."""


class Policy(StrEnum):
    """What becomes of news that a source tells again after the return."""

    HOLD = "hold"
    """It waits for a person."""
    ASSUME_SENT = "assume-sent"
    """It counts as told."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A source whose news may have been told before, as long as this is open."""

    source: str
    taken_at: datetime
    """The moment of the backup: what came later was lost."""
    restored_at: datetime
    policy: Policy
    ends_by_itself: bool
    """With the first round that shows the source as it was after the return. False, of a source that calls us: a
    person says when everything was told again."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Messages that wait for a person's word after a return."""

    state: DeliveryState
    channel: str
    source: str
    situation: str
    messages: int
    until: datetime
    """When the last of them is not worth sending any more."""


class RestoreStore(Protocol):
    """Meant for few and rare calls, but for `doubt`."""

    async def doubt(self, source: str) -> Doubt | None:
        """None: what the source tells is news."""
        ...

    async def doubts(self) -> list[Doubt]:
        """The open ones, by source."""
        ...

    async def open(self, doubts: Sequence[Doubt]) -> None:
        """Takes the place of earlier ones of the same sources; the earlier of two `taken_at` stays while it is open."""
        ...

    async def close(self, source: str, *, at: datetime) -> bool:
        """From now on its news is news. False: it was not open."""
        ...

    async def hold_back(self, ids: Collection[str]) -> None:
        """These, which are held, are so because of the return."""
        ...

    async def unsettle(self, *, besides: Collection[str], reason: str, at: datetime) -> dict[DeliveryState, int]:
        """Everything that waits, is held or is under way becomes `uncertain`, but for the queues in `besides`, and by
        itself goes no other way. By the state that they had: how many."""
        ...

    async def bar_ways(self, *, reason: str) -> int:
        """What was accepted, or is uncertain, and has another way left, does not take it by itself. How many."""
        ...

    async def forget_passing(self, *, day: str, numbers: int) -> dict[str, int]:
        """Forgets what must not live again: sessions, invitations and codes that may have been used or ended since;
        who held which job. Raises the numbers of `day` by so many, that none is given twice. By table: how many."""
        ...

    async def living(self, *, now: datetime, since: datetime) -> list[str]:
        """Processes that hold a job now, or have given a sign of life since then."""
        ...

    async def old_vaults(self) -> list[str]:
        """Channels whose rotating credentials were not renewed since the return: what the backup had may be dead."""
        ...

    async def doubtful(self) -> list[Doubtful]: ...
    async def items(self, *, after: str, limit: int) -> list[OutboxItem]:
        """In the order of their ids, above `after`."""
        ...

    async def release(
        self, ids: Collection[str] | None, *, states: Collection[DeliveryState], source: str, channel: str, at: datetime
    ) -> int:
        """These, or with None all, in these states, of this source and this queue (empty: any), wait to be sent; but
        not those whose time is over. How many."""
        ...

    async def drop(
        self,
        ids: Collection[str] | None,
        *,
        states: Collection[DeliveryState],
        source: str,
        channel: str,
        reason: str,
        at: datetime,
    ) -> int:
        """The same are not sent: what is held is `suppressed`, what is uncertain stays so and is listed no more."""
        ...
