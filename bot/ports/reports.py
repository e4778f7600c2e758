"""What the database keeps for reports: figures by day, so that a month or a quarter is a sum over a small table."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol

from bot.model.dossier import Status
from bot.model.report import Counts, DayFigures, DossierKey, Heard, LateEnd, MessageKey, MessageSum, Standing


class Day(NamedTuple):
    """How fresh a day's figures are."""

    day: date
    computed_at: datetime | None
    """None: never."""
    wanted_at: datetime | None
    """Something on it has changed since then."""

    @property
    def is_wanted(self) -> bool:
        return self.computed_at is None or (self.wanted_at is not None and self.wanted_at > self.computed_at)


@dataclass(frozen=True, slots=True)
class DossierDay:
    """What is counted of dossiers on a day, and what has to be judged one by one."""

    counts: Mapping[DossierKey, Counts]
    agencies: Mapping[str, str]
    procedures: Mapping[str, str]
    late: Sequence[LateEnd]
    waited: Sequence[tuple[str, str]]
    """(code, source) of those that ended after a waiting which their source's rule takes off: not in `counts`."""


class Told(NamedTuple):
    """Feedback by its times."""

    agency: str
    at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateDossier:
    """A dossier that ended late, or is in work and over its deadline."""

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
    apology: str = ""
    """Id of the last approved apology."""
    apology_sent_at: datetime | None = None
    apology_reached: bool = False


OpenDossiers = tuple[dict[tuple[date, str, str], int], list[Standing]]
"""What is overdue, by (day of the deadline, agency, procedure); and how agencies stand."""


class LatePlace(NamedTuple):
    """Where a page of late dossiers ended."""

    moment: datetime
    """The end of the work; of what is in work, the deadline."""
    code: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleDossier:
    """A dossier in work whose progress nobody has written down for long."""

    code: str
    source: str
    agency: str
    agency_name: str
    procedure_name: str
    status: Status
    status_text: str = ""
    progressed_at: datetime
    due_at: datetime | None


class ReportStore(Protocol):
    """Figures of days, kept; and what they are counted from.

    Agencies are meant with all below them; none: all.
    """

    # What a day is counted from

    async def dossier_day(self, since: datetime, until: datetime, *, subtracting: Collection[str]) -> DossierDay:
        """Of dossiers received, ended, asked for papers, apologised to and asked how satisfied they are in the span."""
        ...

    async def message_day(self, since: datetime, until: datetime) -> dict[MessageKey, MessageSum]:
        """Of messages planned in the span, as they stand now."""
        ...

    async def heard_day(self, since: datetime, until: datetime) -> dict[tuple[str, str], int]: ...

    async def feedback_day(self, since: datetime, until: datetime) -> list[Told]: ...

    async def touched(self, since: datetime, until: datetime) -> set[date]:
        """Days whose figures the changes of that time may have moved."""
        ...

    async def first_day(self) -> date | None:
        """The earliest of which there is anything to count."""
        ...

    # What is kept

    async def days(self, first: date, last: date) -> dict[date, Day]:
        """Those of which anything is known."""
        ...

    async def want(self, days: Collection[date], *, at: datetime) -> None:
        """From then on these are to be counted anew."""
        ...

    async def put(self, day: date, figures: DayFigures, *, at: datetime) -> int:
        """Keeps what was counted at that time, and the month's sums with it. Returns how many rows have changed."""
        ...

    async def kept(self, day: date) -> DayFigures:
        """What is kept of a day; without names."""
        ...

    async def seen(self) -> datetime | None:
        """Up to when changes were looked at by `touched`."""
        ...

    async def note_seen(self, at: datetime) -> None: ...

    async def standing_now(self, *, now: datetime, stale_before: datetime) -> OpenDossiers:
        """Counts open dossiers and what is overdue; stale is what has not moved since `stale_before`."""
        ...

    async def put_standing(self, found: OpenDossiers, *, at: datetime) -> None:
        """Keeps it in place of what was kept."""
        ...

    async def standing_at(self) -> datetime | None:
        """When that was done last."""
        ...

    # Reports

    async def by_agency(self, periods: Sequence[str], agencies: Collection[str]) -> dict[tuple[str, str], Counts]:
        """By (month, agency); months are written `2026-11`."""
        ...

    async def by_procedure(self, periods: Sequence[str], agencies: Collection[str]) -> dict[str, Counts]: ...

    async def overdue(self, first: date, last: date, agencies: Collection[str]) -> dict[tuple[date, str, str], int]:
        """In work, with a deadline on these days that is over: by (day, agency, procedure)."""
        ...

    async def messages(
        self, periods: Sequence[str], agencies: Collection[str]
    ) -> dict[tuple[str, MessageKey], MessageSum]:
        """By month; the keys' agencies are left out (empty)."""
        ...

    async def heard(self, periods: Sequence[str]) -> Heard: ...

    async def standing(self, agencies: Collection[str]) -> list[Standing]: ...

    async def names(self) -> tuple[dict[str, str], dict[str, str]]:
        """Of agencies and of procedures, by code."""
        ...

    async def late(
        self, agencies: Collection[str], since: datetime, until: datetime, *, after: LatePlace | None, limit: int
    ) -> list[LateDossier]:
        """What ended late in the span, in the order of its end."""
        ...

    async def overdue_dossiers(
        self,
        agencies: Collection[str],
        since: datetime,
        until: datetime,
        *,
        now: datetime,
        after: LatePlace | None,
        limit: int,
    ) -> list[LateDossier]:
        """What is in work and over its deadline, where that lay in the span; the longest first."""
        ...

    async def stale(
        self, agencies: Collection[str], *, before: datetime, after: LatePlace | None, limit: int
    ) -> list[StaleDossier]:
        """What has not moved since then, the longest first. Of `after` the moment is that of the last progress."""
        ...
