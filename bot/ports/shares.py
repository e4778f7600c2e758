"""What each living sender may use of what they have in common: an account's pace, a month's budget."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Share:
    """One process's part of one account. All the shares of a process are renewed together."""

    account: str
    """A channel's name; empty: the process is there; `budget:…`: đồng of a payer's month."""
    owner: str
    """The process."""
    joined_at: datetime
    """Who joined first has the remainder. No two of an account are the same."""
    until: datetime
    """When the process counts as dead, unless it has renewed."""
    granted: float
    """Parts a second, or đồng, that nobody else may use."""


class ShareStore(Protocol):
    async def locked(self) -> list[Share]:
        """All shares, of the dead too. Until the end of the transaction nobody else can read them here or write."""
        ...

    async def all(self) -> list[Share]:
        """All shares, to be shown."""
        ...

    async def renew(self, owner: str, *, until: datetime) -> None:
        """Moves the end of all the shares of `owner`."""
        ...

    async def put(self, shares: Sequence[Share]) -> None:
        """Writes shares, in place of those of the same account and owner."""
        ...

    async def in_hand(self, owners: Collection[str]) -> dict[str, int]:
        """Parts of the messages that these have claimed and not settled, by agency."""
        ...

    async def drop(self, owners: Collection[str]) -> None:
        """Removes all the shares of these."""
        ...
