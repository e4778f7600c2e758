"""What the database keeps of sources and dossiers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model.dossier import Change, Dossier
from bot.ports.sources import Quarantined


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is remembered of a source."""

    cursor: str | None
    go_live: datetime
    synced_at: datetime | None
    """When its last batch was applied."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the mirror needs to know of a dossier to see whether it has changed."""

    fingerprint: str
    last_number: int


class SourceStore(Protocol):
    async def get(self, name: str) -> SourceState | None: ...
    async def save(self, name: str, state: SourceState) -> None: ...
    async def states(self) -> dict[str, SourceState]: ...
    async def quarantine(self, rows: Sequence[Quarantined], *, at: datetime) -> None:
        """Keeps them; the same place, row and column again replaces the earlier one."""
        ...

    async def quarantined(self, *, limit: int) -> list[Quarantined]:
        """Newest first."""
        ...

    async def count_quarantined(self) -> int: ...
    async def note_unknown_statuses(self, source: str, words: Mapping[str, int], *, at: datetime) -> None:
        """Adds up how often each unmapped status word was seen."""
        ...

    async def unknown_statuses(self) -> list[tuple[str, str, int]]:
        """(source, word, times seen), most seen first."""
        ...


class DossierStore(Protocol):
    async def known(self, source: str, codes: Collection[str]) -> dict[str, Known]:
        """By code; codes that are not in the mirror are absent. One statement, locks the rows."""
        ...

    async def get_many(self, source: str, codes: Collection[str]) -> dict[str, Dossier]:
        """By code, one statement."""
        ...

    async def find(self, code: str) -> list[Dossier]:
        """Every source's dossier with exactly this code."""
        ...

    async def save(self, dossiers: Sequence[tuple[Dossier, int]], *, at: datetime) -> None:
        """Replaces or adds each dossier, with the number of its newest change."""
        ...

    async def add_changes(self, changes: Sequence[Change]) -> None: ...
    async def changes_of(self, source: str, code: str) -> list[Change]:
        """Oldest first."""
        ...

    async def count(self) -> tuple[int, int]:
        """(dossiers, changes)"""
        ...
