"""What the database keeps of people who want no message unless they write first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model.person import Address


@dataclass(frozen=True, slots=True)
class Unwanted:
    """An address on the do-not-send list."""

    address: Address
    since: datetime
    by: str
    """Who put it there."""
    reason: str


class DoNotSendStore(Protocol):
    """Addresses that get no message unless they write first."""

    async def add(self, entries: Sequence[Unwanted]) -> int:
        """Returns how many were not on the list before; those keep their first entry."""
        ...

    async def remove(self, addresses: Collection[Address]) -> int:
        """Returns how many were on the list."""
        ...

    async def listed(self, *, limit: int) -> list[Unwanted]:
        """The latest first."""
        ...

    async def count(self) -> int: ...
