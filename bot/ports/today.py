"""What the database answers for the page of the day: what is due, what is held, what failed, who is told by hand."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.model.apology import Apology, ApologyState
from bot.model.message import DeliveryState, OutboxItem
from bot.ports.deadlines import Due, Place
from bot.ports.watching import Unreached


class ByHand(StrEnum):
    """How a citizen was told whom no message reached."""

    CALL = "call"
    LETTER = "letter"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldByHand:
    """That somebody of the staff has told a dossier's owner."""

    source: str
    code: str
    way: ByHand
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Unheard:
    """A dossier whose owner no message reached."""

    message: Unreached
    """The latest that came by no way."""
    told: ToldByHand | None
    """Since that message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldGroup:
    """Messages that are held for the same thing."""

    held_for: str
    """As in `Settlement.held_for`; empty: a person."""
    agency: str
    source: str
    situation: str
    until: datetime
    """Of those that wait for the end of quiet hours: the earliest."""
    messages: int


@dataclass(frozen=True, slots=True)
class FailedFor:
    """How many messages ended in a state for one reason."""

    state: DeliveryState
    channel: str
    """That had them last, in whose words the reason is."""
    reason: str
    messages: int


@dataclass(frozen=True, slots=True)
class DuesOf:
    """How an agency's own deadlines stand."""

    agency: str
    soon: int
    """Before `soon`."""
    next_day: int
    """Before `next_day`, and not before `soon`."""
    overdue: int


class TodayStore(Protocol):
    """Bounded answers: nothing here reads more than it is asked for, whatever the tables hold.

    Everywhere, `agencies` are meant with all below them; none: all.
    """

    async def dues(self, *, since: datetime, now: datetime, soon: datetime, next_day: datetime) -> list[DuesOf]:
        """Of every agency that has deadlines after `since`, until `next_day`."""
        ...

    async def due(
        self, agencies: Collection[str], *, since: datetime, until: datetime, after: Place | None, limit: int
    ) -> list[Due]:
        """Deadlines that run, after `since`, until `until`, behind `after`, the earliest first."""
        ...

    async def held(self) -> list[HeldGroup]:
        """Everything that is held, by what it waits for, agency, source and situation."""
        ...

    async def quiet(
        self, agencies: Collection[str], *, situation: str = "", after: str = "", limit: int
    ) -> list[OutboxItem]:
        """What waits for the end of quiet hours, of a situation (empty: all), in the order of its ids, above
        `after`."""
        ...

    async def quiet_among(self, ids: Collection[str], agencies: Collection[str]) -> list[OutboxItem]:
        """Those of these messages that wait for the end of quiet hours and belong to these agencies."""
        ...

    async def failed(self, agencies: Collection[str], *, since: datetime, most: int) -> list[FailedFor]:
        """Failed and expired messages that were planned since then, the newest `most` of them, by reason."""
        ...

    async def unheard(
        self, agencies: Collection[str], *, since: datetime, before: str = "", limit: int
    ) -> list[Unheard]:
        """As `WatchStore.unreached`, of these agencies; of several messages to one address about a dossier, the
        newest."""
        ...

    async def told_by_hand(self, told: Sequence[ToldByHand]) -> int:
        """Notes it in place of what was noted of the same dossiers before. Returns how many."""
        ...

    async def apologies(
        self,
        state: ApologyState,
        agencies: Collection[str],
        *,
        beyond: tuple[datetime, str] | None = None,
        limit: int,
    ) -> list[Apology]:
        """Drafts: the earliest deadline first; others: the latest first; beyond (old deadline, id) of the last page."""
        ...
