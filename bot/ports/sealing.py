"""What is sealed in the database, and under which keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

LOOK_UP = "look-up"
"""Among the keys that values are counted by: the one of what rows are found by. Others are names of data keys; the
empty one is of what stands in the clear."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A page of a table."""

    values: Mapping[tuple[str, str], int]
    """Column and key → values that are not empty."""
    after: Sequence[Any] | None
    """Where the next page begins; None: this was the last."""


class SealingStore(Protocol):
    """One page of a table in each transaction, beside a running service."""

    tables: Sequence[str]
    """Those with something sealed in them; none where the database is not sealed."""

    async def seal(self, table: str, *, at: datetime, limit: int) -> int | None:
        """Seals what is in the clear, or under an older data key, in the next `limit` rows; how many were looked at, or
        None where the table is done. Goes on where it was left."""
        ...

    async def count(self, table: str, after: Sequence[Any] | None, *, limit: int) -> Counted: ...

    async def settled_at(self) -> datetime | None:
        """From when on no process seals under an older data key than the newest; None: none has begun to use that."""
        ...

    async def begin_again(self) -> None:
        """Whatever `seal` has done, it looks through all tables once more."""
        ...

    async def forget(self, name: str) -> None:
        """The data key `name` is used nowhere any more, and processes without it may open the database."""
        ...
