"""Sources: a one-stop software, seen as batches of its present records, whether we ask or it calls us."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.model.dossier import Dossier, ProgressReport
from bot.ports.channels import WebhookRequest


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
    reports: tuple[ProgressReport, ...] = ()
    """Progress alone; applied after the dossiers of the same batch, in order."""
    as_of: datetime | None = None
    """The moment at which everything applied so far is what the source has: on the last batch of a round, and on
    an empty one where there was nothing new. None: more is to come."""
    once: bool = False
    """A record whose sequence the mirror has already taken is a repetition, whatever it says."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch came to. The codes name what was not simply mirrored."""

    rows: int = 0
    changed: int = 0
    planned: int = 0
    quarantined: int = 0
    held: int = 0
    """Messages of `planned` that wait for a person, because the brake is on."""
    late: tuple[str, ...] = ()
    """Older than what the mirror has: kept and shown, not applied."""
    repeated: tuple[str, ...] = ()
    """Taken before, by their sequence."""
    missing: tuple[str, ...] = ()
    """Reports of progress on dossiers that are not in the mirror: not kept."""

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(
            self.rows + other.rows,
            self.changed + other.changed,
            self.planned + other.planned,
            self.quarantined + other.quarantined,
            self.held + other.held,
            self.late + other.late,
            self.repeated + other.repeated,
            self.missing + other.missing,
        )


class DossierSource(Protocol):
    """A one-stop software, seen as batches of its present records."""

    def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Everything after `cursor` (None: from the beginning), then ends; asked again after the pause.

        Each round ends with a batch that has `as_of`, an empty one where nothing is new. Raises `SourceError`
        where the source as a whole cannot be read; what was yielded before stays good.
        """
        ...


Accept = Callable[[Batch], Awaitable[Applied]]
"""Makes a pushed batch durable; raises `StorageError` where it is not, and then the caller must not be told yes.
The cursor of such a batch is not kept."""


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """What the one-stop software that called us gets."""

    status: int
    body: bytes = field(repr=False)
    """JSON."""
    headers: tuple[tuple[str, str], ...] = ()


class Push(Protocol):
    """A one-stop software that calls us."""

    largest: int
    """Bytes of a request beyond which it is not read (413)."""

    async def receive(self, request: WebhookRequest, accept: Accept) -> PushAnswer:
        """Checks who calls, reads the records, has them accepted, and answers in the caller's dialect.

        `request.path` is what follows `/onestop/v1/`. Never raises for what a caller may send; lets `StorageError`
        through.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An open source: one that is asked (`source`), or one that calls us (`push`)."""

    name: str
    source: DossierSource | None = None
    push: Push | None = None
    reread: Callable[[Collection[str]], AsyncIterator[Batch]] | None = None
    """The records of these places (`Quarantined.place`) as they are now, for a retry; places that are gone are
    passed over. None: only the whole source can be read again."""
    changed: Callable[[], Awaitable[None]] | None = None
    """Returns when there may be something new before the pause has ended; a hint. None: nothing can tell."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that must never reach a log."""
