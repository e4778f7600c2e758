"""Sources: a one-stop software, seen as batches of its present records."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model.dossier import Dossier


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A row that could not be understood, and exactly where it stands. Carries no personal value."""

    source: str
    place: str
    """The file's name, or the address it came from."""
    row: int
    """As the reader of the file counts: 1 is the header. 0 where there are no rows."""
    column: str
    """The column's name as written in the file; empty for the row as a whole."""
    reason: str
    """In Vietnamese, for the clerk who will mend it."""
    code: str = ""
    """The dossier's code, where that much could be read."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A piece of what a source has, small enough for one transaction (about 1,000 dossiers at most)."""

    dossiers: tuple[Dossier, ...]
    cursor: str
    """Where to go on after this batch; given back to `batches` after a restart."""
    quarantined: tuple[Quarantined, ...] = ()


class DossierSource(Protocol):
    """A one-stop software, seen as batches of its present records."""

    def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Everything after `cursor` (None: from the beginning), then ends; asked again after the pause.

        Raises `SourceError` where the source as a whole cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """An open source."""

    name: str
    source: DossierSource
    pause: float
    """Seconds between two times of asking."""
    go_live: datetime | None = None
    """Dossiers received earlier are mirrored in silence; None: the moment of the first reading."""
