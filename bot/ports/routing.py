"""What the database keeps of gateways, routes and money: how they fare, what was ordered, what was spent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What happened to the messages that one gateway was handed in one minute. Everything but `delivered`,
    `undelivered` and `in_time` is counted by the minute of the answer, those three by the minute of `sent_at`."""

    gateway: str
    minute: datetime
    """Its beginning, UTC."""
    accepted: int = 0
    errors: int = 0
    """Answers that blame the provider or say nothing: it may be tried again."""
    uncertain: int = 0
    rejected: int = 0
    delivered: int = 0
    """Those among them that need no receipt are counted with their answer."""
    undelivered: int = 0
    in_time: int = 0
    """Of `delivered` and `undelivered`: those whose receipt came within `SLOW`."""


SLOW = timedelta(minutes=5)
"""A receipt later than this counts as slow."""


@dataclass(frozen=True, slots=True)
class Move:
    """A change of what a gateway or route carries, with its reason. Shares are percent of the configured weight."""

    name: str
    at: datetime
    before: int
    after: int
    reason: str
    by: str = ""
    """Who ordered it; empty: the watch."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Somebody stopped a gateway or route; what waits for it waits on."""

    name: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Spent:
    """What an agency's messages of one month came to."""

    messages: int = 0
    parts: int = 0
    cost: int = 0
    """Đồng."""
    warned_at: datetime | None = None
    """When it was said that the budget runs out."""


class RoutingStore(Protocol):
    """How gateways and routes fare, and what was ordered for them."""

    async def shares(self) -> dict[str, int]:
        """Percent of its configured weight that each gateway has now; those never moved are missing."""
        ...

    async def move(self, move: Move) -> None:
        """Sets a gateway's share and notes the move."""
        ...

    async def pauses(self) -> dict[str, Pause]:
        """Stopped gateways and routes by name."""
        ...

    async def pause(self, pause: Pause) -> bool:
        """Stops; notes it as a move to 0. False where it was stopped already."""
        ...

    async def resume(self, name: str, *, at: datetime, by: str, reason: str) -> bool:
        """Lets it work again; notes it as a move. False where it was not stopped."""
        ...

    async def moves(self, *, limit: int, name: str | None = None) -> list[Move]:
        """The latest moves, newest first."""
        ...

    async def minutes(self, *, since: datetime) -> list[Minute]:
        """Every gateway's minutes from then on, oldest first."""
        ...

    async def forget_minutes(self, *, before: datetime) -> int: ...

    async def carriers(self, addresses: Collection[str]) -> dict[str, str]:
        """Carrier by address key, for those that a provider once named."""
        ...


class SpendingStore(Protocol):
    async def of_month(self, month: str) -> dict[str, Spent]:
        """By agency; `month` is `2026-11`, in Vietnam's time."""
        ...

    async def warned(self, agency: str, month: str, *, at: datetime) -> bool:
        """Notes that a warning is being given; False where it was given before."""
        ...
