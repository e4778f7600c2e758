"""Everything that is kept of one person, table by table, and who has looked at it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from bot.model.audit import Entry
from bot.model.person import Address


@dataclass(frozen=True, slots=True)
class Whose:
    """A person, as an erasure knows her."""

    phone: str = field(repr=False)
    """E.164."""
    addresses: Collection[Address] = field(repr=False)
    """`PrivacyStore.addresses_of` the phone."""


class Personal(NamedTuple):
    """A page of one table."""

    rows: Sequence[Mapping[str, Any]]
    """By column. Of a row that is somebody else's and only mentions her, the other's words are left out."""
    read: int
    """Rows to pass over for the next page; 0: there is none."""


class PersonalStore(Protocol):
    """Reads alone, and reads as much as an erasure would take."""

    @property
    def tables(self) -> Sequence[str]: ...
    async def page(self, table: str, whose: Whose, *, skip: int, limit: int) -> Personal: ...
    async def seen(
        self, whose: Whose, *, since: datetime | None = None, until: datetime | None = None, limit: int
    ) -> list[Entry]:
        """What the record has of her dossiers, messages, feedback and apologies, newest first."""
        ...
