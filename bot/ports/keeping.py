"""How long messages and changes are kept, month by month; on PostgreSQL a month is a table of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A table of a month on PostgreSQL, or of what lies outside of all months."""

    table: str
    """`outbox`, `parts` or `changes`."""
    name: str
    first: datetime | None
    until: datetime | None
    """The first moment that is no longer in it. `first` None: it holds all that is older."""
    is_rest: bool
    """It holds what is in no month."""
    rows: int
    """By the engine's estimate."""
    size: int
    """Bytes, with its indexes."""


class Oldest(NamedTuple):
    planned_at: datetime | None
    changed_at: datetime | None


class KeepingStore(Protocol):
    async def months(self) -> list[Month]:
        """None on SQLite, which has one table of each."""
        ...

    async def make(self, table: str, first: datetime, until: datetime) -> bool:
        """Makes the table of that month; False where it is there, or the engine has none. Writers wait only for a
        moment: where somebody reads or writes outside of the months for longer, it raises `StorageError`."""
        ...

    async def drop(self, month: Month) -> bool:
        """False for a month of messages that is not empty."""
        ...

    async def look_over(self) -> None:
        """Has the engine see how big the months are together."""
        ...

    async def oldest(self) -> Oldest:
        """When the oldest message was planned, and when the oldest change happened."""
        ...

    async def count_open(self, first: datetime | None, until: datetime, *, lately: datetime) -> int:
        """Messages planned then that may still change: they wait, are under way or held, nobody knows whether they were
        sent, or they were accepted after `lately` or have another way left."""
        ...

    async def count(self, first: datetime | None, until: datetime) -> int:
        """Messages planned then."""
        ...

    async def count_changes(self, *, before: datetime) -> int: ...

    async def trim(self, first: datetime | None, until: datetime, *, limit: int) -> int:
        """Forgets so many messages planned then, oldest first, with their parts, keys and whatever names them. The
        plans are reduced with them: the ledger balances after each call. Returns how many; 0: none is left."""
        ...

    async def trim_changes(self, *, before: datetime, limit: int) -> int:
        """Forgets so many changes, oldest first. Returns how many."""
        ...

    async def trimmed(self, before: datetime) -> None:
        """Notes that what is older is not whole any more: reports of those days stay as they are."""
        ...
