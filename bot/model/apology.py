"""The apology with re-appointment: its states, what it says, and how often a dossier has been re-appointed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.calendar import Calendar
from bot.model.clock import VIETNAM
from bot.model.dossier import FINISHED, Change, ChangeKind, Dossier, Status

BY_THE_WATCH = ""
"""`drafted_by` of what the watch drafts: anybody may approve it."""

_MINUTE = timedelta(minutes=1)


class ApologyState(StrEnum):
    """Where an apology is. What became of its messages is told by the outbox, under `Apology.origin`."""

    DRAFT = "draft"
    """Waits for somebody's approval."""
    APPROVED = "approved"
    """The new date is in force, and the message is planned; or `fate` says why there is none."""
    REJECTED = "rejected"
    """Somebody decided against it."""
    WITHDRAWN = "withdrawn"
    """It became needless before anybody approved: the dossier is finished, waits for papers, or has another date. It
    is a draft again should the dossier come back to the same deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apology:
    """One deadline that cannot be kept, and the date that is offered instead."""

    id: str
    """As staff say it, rising in the order of drafting: `XL-261122-0001`."""
    source: str
    code: str
    agency: str
    agency_name: str
    state: ApologyState = ApologyState.DRAFT
    reason: str
    """A word of `[apologies.reasons]`."""
    text: str = ""
    """What is said beside it, in the office's own words."""
    old_at: datetime
    """The deadline that cannot be kept. A dossier has one apology for each."""
    new_at: datetime
    limit_at: datetime
    """By when it has to have left the office."""
    form: str
    """Name of form 04, as it was called when this was drafted."""
    drafted_at: datetime
    drafted_by: str = BY_THE_WATCH
    changed_at: datetime | None = None
    changed_by: str = ""
    decided_at: datetime | None = None
    decided_by: str = ""
    """Who approved or rejected it; empty where it was withdrawn."""
    why: str = ""
    """Of a rejection or a withdrawal."""
    override: str = ""
    """Why one re-appointment more than allowed was approved."""
    fate: str = ""
    """Of an approved one: `bot.model.dossier.PLANNED`, or why nobody is told."""
    message: str = ""
    """Id of the owner's message by the first of her ways, once it is planned. There may be copies by other ways."""

    @property
    def origin(self) -> str:
        """Its name as the event that planned messages."""
        return f"apology:{self.id}"

    @property
    def revised_at(self) -> datetime:
        """When it last came to say what it says."""
        return self.changed_at or self.drafted_at

    @property
    def is_late(self) -> bool:
        """Approved after the limit: allowed, and counted."""
        return self.state is ApologyState.APPROVED and self.decided_at is not None and self.decided_at > self.limit_at

    @property
    def authors(self) -> frozenset[str]:
        """Who drafted it or changed it last. Neither may approve it, nor who changed it before them
        (`tx.apologies.authors`). The watch is nobody."""
        return frozenset(name.casefold() for name in (self.drafted_by, self.changed_by) if name)


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did with an apology, kept for good."""

    at: datetime
    what: str
    """drafted | changed | approved | rejected | withdrawn"""
    by: str
    """Empty: the watch."""
    detail: str = field(default="", repr=False)


def is_running(dossier: Dossier) -> bool:
    """Whether a deadline runs against the office: in work, no papers or pause waited for."""
    return (
        dossier.status not in FINISHED
        and dossier.status is not Status.SUPPLEMENT
        and dossier.paused_at is None
        and dossier.due_at is not None
    )


def limit_of(calendar: Calendar, old_at: datetime, days: int) -> datetime:
    """By when an apology has to have left the office: the end of the working day `days` before the deadline's."""
    return min(calendar.days_before(old_at, days), old_at)


def proposed(calendar: Calendar, old_at: datetime, days: int, *, now: datetime) -> datetime:
    """The closing hour `days` working days after the deadline; after today where the deadline is over."""
    begin = max(old_at, now).astimezone(VIETNAM).date()
    return calendar.closing(calendar.add_days(begin, days))


def reappointments(changes: Iterable[Change], apologies: Sequence[Apology]) -> int:
    """How often a dossier was re-appointed: by our apologies, and by the source itself. A date that the source only
    wrote down after us counts once; one that the citizen's papers moved does not count."""
    ours = {_minute(each.new_at) for each in apologies if each.state is ApologyState.APPROVED}
    others = sum(is_postponed(each) and _minute(each.appointment_after) not in ours for each in changes)
    return len(ours) + others


def is_postponed(change: Change) -> bool:
    """The office gave itself more time: no supplement ended here, and no work."""
    before, after = change.appointment_before, change.appointment_after
    return (
        change.kind is ChangeKind.APPOINTMENT
        and before is not None
        and after is not None
        and _minute(after) > _minute(before)
        and change.status_before is not Status.SUPPLEMENT
        and change.status_after is not Status.SUPPLEMENT
        and change.status_after not in FINISHED
    )


def _minute(moment: datetime | None) -> float:
    """Citizens read minutes: seconds make no other appointment."""
    return 0.0 if moment is None else moment.timestamp() // _MINUTE.total_seconds()
