"""What the database keeps of deadlines and apologies."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from bot.model.apology import Act, Apology, ApologyState
from bot.model.dossier import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A dossier whose deadline runs against the office."""

    code: str
    source: str
    agency: str
    agency_name: str
    procedure_name: str
    status: Status
    due_at: datetime
    holder: str = field(default="", repr=False)
    """Unit or officer that has it now, as far as the source tells."""


class Place(NamedTuple):
    """Where a page of `near` or `wanted` ended."""

    due_at: datetime
    code: str
    source: str

    @classmethod
    def of(cls, due: Due) -> "Place":
        return cls(due.due_at, due.code, due.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """How an agency's deadlines stand."""

    agency: str
    agency_name: str
    soon: int
    overdue: int
    long_overdue: int
    """Of `overdue`: for so long that nobody is told of it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How punctually an agency ended its work in a span of time."""

    agency: str
    agency_name: str
    early: int = 0
    """Before the day of the deadline."""
    on_time: int = 0
    late: int = 0
    undated: int = 0
    """Without an appointment, and so none of the three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apologised:
    """An agency's apologies for deadlines in a span of time."""

    agency: str
    agency_name: str
    drafted: int = 0
    approved: int = 0
    after_limit: int = 0
    """Of the approved: only after the limit."""
    sent: int = 0
    in_time: int = 0
    """Of the sent: until the limit."""
    reached: int = 0
    """Of the sent: delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A dossier that is late, or was when it ended."""

    code: str
    source: str
    agency: str
    agency_name: str
    procedure: str
    procedure_name: str
    status: Status
    due_at: datetime
    ended_at: datetime | None
    """None: still in work."""
    holder: str = field(default="", repr=False)
    waits: int = 0
    """Supplements asked for. More than one counts as late (Bộ chỉ số 766)."""
    has_waited: bool = False
    """For a supplement, or because the clock stood: some rules take that off."""
    apology: str = ""
    """Id of the last approved apology."""
    apology_sent_at: datetime | None = None
    apology_reached: bool = False


class DeadlineStore(Protocol):
    """Which dossiers are due, who was told of it, and how punctual agencies are.

    What ended before the mirror saw it first, or is paused, is in none of the lists of what is due.
    """

    async def began(self, *, at: datetime) -> datetime:
        """When the watch first looked; that is now, where it never did."""
        ...

    async def near(self, stage: str, *, since: datetime, until: datetime, after: Place | None, limit: int) -> list[Due]:
        """Deadlines after `since`, until `until`, of which this stage was not noted; the earliest first."""
        ...

    async def note(self, dues: Sequence[Due], stage: str, *, at: datetime) -> list[Due]:
        """Notes the stage of these deadlines. Returns those of which it was not noted before."""
        ...

    async def note_list(self, name: str, stage: str, *, day: datetime, at: datetime) -> bool:
        """Notes that a contact has a day's list; False where it was noted before."""
        ...

    async def forget_notes(self, *, before: datetime) -> int:
        """Forgets what was noted of deadlines before then. Returns how many."""
        ...

    async def listed(self, agencies: Collection[str], *, since: datetime, until: datetime, limit: int) -> list[Due]:
        """Deadlines after `since`, until `until`, of these agencies and all below them (none: of all), earliest
        first."""
        ...

    async def count(self, agencies: Collection[str], *, since: datetime, until: datetime) -> int:
        """How many `listed` would find."""
        ...

    async def pressures(self, *, now: datetime, soon: datetime, long: datetime) -> list[Pressure]:
        """Of every agency with deadlines before `soon`; the most overdue first. `long`: see `Pressure`."""
        ...

    async def postponed_again(self, *, since: datetime, most: int, limit: int) -> list[Due]:
        """Dossiers in work that their source has given another, later appointment since then, though they had been
        re-appointed `most` times before; `due_at` is that appointment."""
        ...

    async def ended(self, since: datetime, until: datetime, *, subtracting: Collection[str]) -> list[Ended]:
        """Dossiers that ended within the span, by agency. Of the sources `subtracting`, those that have waited and
        are not late for another reason are left to `waiting`."""
        ...

    async def waiting(
        self, since: datetime, until: datetime, *, subtracting: Collection[str], after: tuple[str, str], limit: int
    ) -> list[tuple[str, str]]:
        """(code, source) of what `ended` leaves, in this order, behind `after`."""
        ...

    async def overdue(self, since: datetime, until: datetime, *, now: datetime) -> list[tuple[str, str, int]]:
        """(agency, name, dossiers in work) with a deadline in the span that is over now."""
        ...

    async def late(
        self, agencies: Collection[str], since: datetime, until: datetime, *, now: datetime, limit: int
    ) -> list[Late]:
        """What ended late within the span, and what is in work with a deadline in the span that is over now; the
        earliest deadline first. Waiting is not yet taken off."""
        ...


class ApologyStore(Protocol):
    """Apologies from their draft to what became of them."""

    async def wanted(
        self, *, since: datetime, until: datetime, shortest: timedelta, after: Place | None, limit: int
    ) -> list[Due]:
        """Deadlines after `since`, until `until`, for which there is no apology, or only a withdrawn one; none of
        dossiers whose whole term is under `shortest`."""
        ...

    async def add(self, drafts: Sequence[Apology], *, reopen: Collection[ApologyState]) -> list[Apology]:
        """Keeps drafts under ids of its own. Of a deadline that has an apology already, that one becomes the draft
        if its state is one of `reopen`; else it stays as it is. Returns those that are drafts now by this call."""
        ...

    async def needless(self, *, limit: int) -> list[str]:
        """Ids of drafts whose dossier no longer runs towards the deadline they are about, the earliest first."""
        ...

    async def withdraw_needless(self, apology_ids: Collection[str], *, at: datetime) -> list[Apology]:
        """Withdraws those of them that are `needless` still, and says why."""
        ...

    async def get(self, apology_id: str) -> Apology | None:
        """Locks it until the transaction ends."""
        ...

    async def save(self, apology: Apology, act: Act) -> None:
        """Keeps it as it is now, and what was done."""
        ...

    async def of_dossier(self, source: str, code: str) -> list[Apology]:
        """In the order of their deadlines."""
        ...

    async def listed(self, states: Collection[ApologyState], agencies: Collection[str], *, limit: int) -> list[Apology]:
        """Of these agencies and all below them (none: of all), the earliest deadline first."""
        ...

    async def waiting(self, agencies: Collection[str]) -> int:
        """How many drafts of these agencies, and all below them, wait for approval."""
        ...

    async def counts(self) -> dict[ApologyState, int]: ...

    async def authors(self, apology_ids: Collection[str]) -> dict[str, frozenset[str]]:
        """Who drafted or changed each of them since it was last drafted, in small letters: they may not approve it."""
        ...

    async def acts(self, apology_id: str) -> list[Act]:
        """Oldest first."""
        ...

    async def hold_source(self, source: str) -> None:
        """Locks the source until the transaction ends; whoever read it before has to read again before writing."""
        ...

    async def promise(self, apology: Apology) -> None:
        """From now on the apology's date holds for its dossier, until the source names another."""
        ...

    async def figures(self, since: datetime, until: datetime) -> list[Apologised]:
        """Of apologies for deadlines in the span, by agency."""
        ...
