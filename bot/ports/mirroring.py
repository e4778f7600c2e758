"""What the database keeps of sources and dossiers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, Self

from bot.model.dossier import Change, Dossier, Status
from bot.ports.sources import Quarantined


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is remembered of a source."""

    cursor: str | None
    go_live: datetime
    synced_at: datetime | None
    """When its last batch was applied."""
    fresh_at: datetime | None = None
    """The mirror shows what the source had at this moment; None until a round has ended."""
    braked_at: datetime | None = None
    """Since when its messages wait for a person; None: they go."""
    window_at: datetime | None = None
    """When the brake began to count."""
    window_planned: int = 0
    """Messages planned since then."""
    dossiers: int = 0
    """How many of its dossiers are mirrored."""
    revision: int = 0
    """Counts the writes, so that two who read the same state cannot both write."""
    quarantined: bool = False
    """Something of it that has a code is quarantined. Only read, never saved here."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A source that cannot be read."""

    since: datetime
    last_at: datetime
    times: int
    reason: str
    """For the operator; holds no personal value and no secret."""


class Known(NamedTuple):
    """What the mirror needs to know of a dossier to see whether it has changed."""

    fingerprint: str
    """Of the source's record as it came last."""
    last_number: int
    """Of its newest change; 0 for one that was mirrored in silence and has not changed."""
    sequence: int | None = None
    updated_at: int | None = None
    """UTC milliseconds."""


class Mirrored(NamedTuple):
    """A dossier as it is to be kept. The values that cost time to work out are worked out once."""

    dossier: Dossier
    told: tuple[object, ...]
    """`dossier.told`."""
    fingerprint: str
    """Of the source's record as it came, before anything was added to it."""
    last_number: int
    progressed_at: datetime | None = None
    due_at: datetime | None = None

    @classmethod
    def of(cls, dossier: Dossier, last_number: int) -> Self:
        """`dossier` just as the source sent it."""
        return cls(
            dossier, dossier.told, dossier.fingerprint, last_number, dossier.progressed_at, dossier.appointment_at
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LateEvent:
    """Something that a source told after it had told something newer: shown, never applied."""

    source: str
    code: str
    fingerprint: str
    seen_at: datetime
    sequence: int | None = None
    updated_at: datetime | None = None
    status: Status | None = None
    status_text: str = ""
    appointment_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stale:
    """A dossier whose progress was not updated for long."""

    code: str
    source: str
    agency: str
    agency_name: str
    status: Status
    status_text: str
    progressed_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What a comparison of a whole source with the mirror came to."""

    source: str
    began_at: datetime
    ended_at: datetime
    compared: int
    """Records that the source has."""
    missing_here: int
    missing_there: int
    """Dossiers not yet finished that the source no longer has."""
    differing: int
    unread: int
    """New or changed since the mirror was last fresh: not wrong, only not read yet."""
    quarantined: int
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The first codes of `missing_here`, `missing_there` and `differing`."""

    @property
    def agrees(self) -> bool:
        return not (self.missing_here or self.missing_there or self.differing)


class SourceStore(Protocol):
    async def get(self, name: str) -> SourceState | None: ...
    async def save(self, name: str, state: SourceState) -> bool:
        """Keeps `state` if the kept one is of the revision before it, or there is none and it is the first.

        False, and nothing kept, where somebody else was faster. Locks the source until the transaction ends.
        """
        ...

    async def states(self) -> dict[str, SourceState]: ...
    async def fail(self, name: str, reason: str, *, at: datetime) -> None:
        """Notes that the source could not be read; the first moment of a row of failures stays."""
        ...

    async def recover(self, name: str) -> None:
        """Forgets the failure."""
        ...

    async def failures(self) -> dict[str, Failure]: ...
    async def quarantine(self, rows: Sequence[Quarantined], *, at: datetime) -> None:
        """Keeps them; the same place, row and column again replaces the earlier one."""
        ...

    async def quarantined(self, *, limit: int, source: str | None = None) -> list[Quarantined]:
        """Newest first."""
        ...

    async def quarantine_page(
        self, source: str, *, after: tuple[str, int, str] = ("", -1, ""), limit: int
    ) -> list[Quarantined]:
        """In the order in which they stand: place, row, column; behind the one that was seen."""
        ...

    async def quarantined_places(self, source: str) -> list[str]:
        """Where something of this source could not be read."""
        ...

    async def count_quarantined(self, source: str | None = None) -> int: ...
    async def readmit(self, source: str, codes: Collection[str]) -> int:
        """Forgets what was quarantined of these dossiers: they can be read now. Returns how many."""
        ...

    async def clear_quarantine(self, source: str, places: Collection[str], *, before: datetime) -> int:
        """Forgets what was quarantined at these places before that moment. Returns how many."""
        ...

    async def note_unknown_statuses(self, source: str, words: Mapping[str, int], *, at: datetime) -> None:
        """Adds up how often each unmapped status word was seen."""
        ...

    async def unknown_statuses(self) -> list[tuple[str, str, int]]:
        """(source, word, times seen), most seen first."""
        ...


class DossierStore(Protocol):
    async def compare(self, source: str, fingerprints: Mapping[str, str]) -> tuple[int, dict[str, Known]]:
        """How many of these codes are in the mirror, and those of them whose fingerprint is another one."""
        ...

    async def known(self, source: str, codes: Collection[str]) -> dict[str, Known]:
        """By code; codes that are not in the mirror are absent. One statement."""
        ...

    async def get_many(self, source: str, codes: Collection[str]) -> dict[str, Dossier]:
        """By code, one statement."""
        ...

    async def find(self, code: str) -> list[Dossier]:
        """Every source's dossier with exactly this code."""
        ...

    async def of_phone(self, phone: str, *, limit: int) -> list[Dossier]:
        """Those with this phone (E.164), newest first; behind them those in which nothing is left to be done or
        collected."""
        ...

    async def add(self, dossiers: Sequence[Mirrored], *, at: datetime) -> None:
        """Adds dossiers that are not there; a mistake where one is."""
        ...

    async def save(self, dossiers: Sequence[Mirrored], *, at: datetime) -> None:
        """Replaces or adds each dossier; `first_seen_at` stays."""
        ...

    async def add_changes(self, changes: Sequence[Change]) -> None: ...
    async def changes_of(self, source: str, code: str) -> list[Change]:
        """Oldest first."""
        ...

    async def add_late(self, events: Sequence[LateEvent]) -> None:
        """Keeps them; the same event again is kept once."""
        ...

    async def late_of(self, source: str, code: str) -> list[LateEvent]:
        """In the order in which they came."""
        ...

    async def stale(self, *, before: datetime, agency: str | None, limit: int) -> list[Stale]:
        """Dossiers in work whose progress was last updated before then, longest first."""
        ...

    async def stale_by_agency(self, *, before: datetime) -> list[tuple[str, str, int]]:
        """(agency, name, how many of its dossiers are stale), most first."""
        ...

    async def count(self) -> tuple[int, int]:
        """(dossiers, changes)"""
        ...


class ReconciliationStore(Protocol):
    async def begin(self, source: str) -> None:
        """Forgets what an earlier comparison of this source had seen."""
        ...

    async def see(self, source: str, verdicts: Mapping[str, str]) -> None:
        """Remembers that the source has these codes and how each compares; a later verdict replaces an earlier."""
        ...

    async def tally(self, source: str) -> dict[str, int]:
        """How many codes have each verdict."""
        ...

    async def codes(self, source: str, verdict: str, *, limit: int) -> list[str]: ...

    async def missing_there(self, source: str, *, limit: int) -> tuple[int, list[str]]:
        """Dossiers in work that were not seen: how many, and the first codes."""
        ...

    async def keep(self, report: Reconciliation) -> None:
        """Keeps the report and forgets what was seen."""
        ...

    async def latest(self) -> dict[str, Reconciliation]:
        """The newest report of each source."""
        ...
