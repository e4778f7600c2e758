"""What the database keeps of broadcasts: whom they are for, who decided what, and how far they have come."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from bot.model.broadcast import Act, Audience, Broadcast, BroadcastState, Recipient, Result, Tally


class Meant(NamedTuple):
    """A dossier that an audience means."""

    source: str
    code: str
    agency: str
    phone: str
    """As the source wrote it."""
    received_at: datetime | None


class BroadcastStore(Protocol):
    """Broadcasts, their recipients, their acts."""

    async def add(self, broadcast: Broadcast) -> Broadcast:
        """With the next number of its day; whatever stood in `id` does not count."""
        ...

    async def get(self, broadcast_id: str) -> Broadcast | None:
        """Locked until the transaction ends."""
        ...

    async def save(self, broadcast: Broadcast, act: Act | None = None) -> None: ...
    async def listed(
        self, agencies: Collection[str], *, before: str, limit: int, states: Collection[BroadcastState] = ()
    ) -> list[Broadcast]:
        """Newest first, with a number below `before` (empty: from the newest), of these agencies and all below (none:
        of all), in these states (none: in any)."""
        ...

    async def in_states(self, states: Collection[BroadcastState]) -> list[Broadcast]:
        """All of them, oldest first."""
        ...

    async def note(self, broadcast_id: str, act: Act) -> None: ...
    async def sent_with(self, digest: str) -> str:
        """The number of a broadcast that was submitted with this list, unless it was rejected, or cancelled before it
        began; empty: there is none."""
        ...

    async def one_by_one(self) -> None:
        """Until the transaction ends nobody else gets past this: for what is decided over several broadcasts."""
        ...

    async def acts(self, broadcast_id: str) -> list[Act]:
        """Oldest first."""
        ...

    # Its recipients

    async def add_rows(self, broadcast_id: str, rows: Sequence[Recipient]) -> int:
        """Keeps those whose phone and number are new to it. Returns how many."""
        ...

    async def drop_rows(self, broadcast_id: str, *, limit: int) -> int:
        """Takes some away; fewer than `limit` where those were the last."""
        ...

    async def rows(self, broadcast_id: str, *, after: int, limit: int) -> list[Recipient]:
        """By number, above `after`; also those who are left out."""
        ...

    async def leave_out(self, broadcast_id: str, reasons: Mapping[int, str], *, late: bool) -> None:
        """Number → a word of `LeftOut`; empty: she is not left out any more. `late`: found when it was her turn."""
        ...

    async def left_out(self, broadcast_id: str, *, late: bool) -> dict[str, int]:
        """Why → how many, of those found so when it was their turn, or before."""
        ...

    async def meant(self, audience: Audience, *, now: datetime, after: tuple[str, str], limit: int) -> list[Meant]:
        """The dossiers of an audience whose (code, source) comes after `after`, in that order. Those without a phone
        are among them. Who can be reached by which channel is not looked at."""
        ...

    async def still_meant(
        self, audience: Audience, dossiers: Collection[tuple[str, str]], *, now: datetime
    ) -> set[tuple[str, str]]:
        """Which of these (source, code) the audience means at this moment."""
        ...

    async def unwanted(self, addresses: Collection[str]) -> set[str]:
        """Which of these, by key, are on the do-not-send list."""
        ...

    # Its messages

    async def tallies(self, broadcast_id: str) -> list[Tally]: ...
    async def waiting(self, broadcast_id: str) -> int:
        """Messages that are planned and not yet with a provider, those among them that are held."""
        ...

    async def stop(self, broadcast_id: str, *, reason: str, at: datetime) -> int:
        """What waits to be sent is held (`held_for` = `STOPPED`). Returns how many. What was claimed before is on its
        way; what comes back from there is stopped when it is claimed again (`Claimed.stopped`)."""
        ...

    async def let_go(self, broadcast_id: str, *, at: datetime) -> int:
        """What was stopped waits to be sent again. Returns how many."""
        ...

    async def cancel(self, broadcast_id: str, *, reason: str, at: datetime) -> int:
        """What waits or is held, for whatever reason, is cancelled. Returns how many."""
        ...

    async def results(self, broadcast_id: str, *, after: int, limit: int) -> list[Result]:
        """By number, above `after`."""
        ...


STOPPED = "broadcast"
"""`held_for` of a message whose broadcast is paused."""
