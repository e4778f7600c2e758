"""What reports count: dossiers by day, agency and procedure; messages by channel, kind and state; who was late."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import NamedTuple, Self

from bot.model.clock import VIETNAM
from bot.model.message import FOR_STAFF, Situation, family_of

LOOK_UPS = frozenset({"lookup", "mine", "next", "who", "days", "bring", "history"})
"""Outcomes of a citizen's message that were a look-up, and answered."""

SENT = frozenset({"accepted", "delivered", "uncertain"})
"""States of a message that has left us."""

_TO_NOBODY = frozenset({*FOR_STAFF, Situation.TEST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of an agency and a procedure, on a day or in any span of days. All of them add up."""

    received: int = 0
    """By the day of receipt, as the source names it."""
    counter: int = 0
    """Of the received: at the counter. Where the source does not tell the way, it is none of the three."""
    online: int = 0
    post: int = 0
    early: int = 0
    """Ended before the day of the deadline (bot.lateness.judge)."""
    on_time: int = 0
    late: int = 0
    undated: int = 0
    """Ended without an appointment: neither early nor late."""
    supplements: int = 0
    """By the day on which the mirror saw the request."""
    supplements_again: int = 0
    """Of them: the second of a dossier, or a further one."""
    apologies: int = 0
    """Approved, by the day of the deadline that was not kept."""
    apologies_after_limit: int = 0
    """Of them: approved after the limit."""
    apologies_sent: int = 0
    apologies_in_time: int = 0
    """Of the sent: until the limit."""
    apologies_reached: int = 0
    """Of the sent: delivered."""
    asked: int = 0
    """How satisfied they are, by the day of the question."""
    very_satisfied: int = 0
    satisfied: int = 0
    not_satisfied: int = 0
    feedback: int = 0
    """Received on that day."""
    feedback_answered: int = 0
    feedback_in_time: int = 0
    """Of the answered: within `[reports] feedback_days`."""
    overdue: int = 0
    """In work, with a deadline on that day that is over now. Only in a report: no day keeps it."""

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in COUNTED})

    def minus(self, other: "Counts") -> "Counts":
        return Counts(**{name: getattr(self, name) - getattr(other, name) for name in COUNTED})

    @property
    def judged(self) -> int:
        """Ended, and had a deadline: what the percentages are of."""
        return self.early + self.on_time + self.late

    @property
    def resolved(self) -> int:
        return self.judged + self.undated

    @property
    def apologies_late(self) -> int:
        """Sent after the limit."""
        return self.apologies_sent - self.apologies_in_time

    @property
    def apologies_due(self) -> int:
        """What the law asks for: approved ones, and what is late without one (as bot.lateness.Figures.owed)."""
        return self.apologies + self.late + self.overdue

    @property
    def answers(self) -> int:
        """Of those who were asked."""
        return self.very_satisfied + self.satisfied + self.not_satisfied

    def late_percent(self) -> float:
        return 100 * self.late / self.judged if self.judged else 0.0


COUNTED: tuple[str, ...] = tuple(each.name for each in fields(Counts))
KEPT: tuple[str, ...] = COUNTED[:-1]
"""What a day keeps."""
NOTHING = Counts()


def summed(counts: Iterable[Counts]) -> Counts:
    totals = dict.fromkeys(COUNTED, 0)
    for each in counts:
        for name in COUNTED:
            totals[name] += getattr(each, name)
    return Counts(**totals)


class MessageKey(NamedTuple):
    """What messages are counted by."""

    agency: str
    scheme: str
    """The way to the citizen: `sms`, `zalo`, `telegram`, …"""
    channel: str
    """The gateway that had it last, by its name in the configuration; else its queue."""
    situation: str
    state: str

    @property
    def kind(self) -> str:
        """The founding report's kind (`bot.model.situation.FAMILY`)."""
        return str(family_of(Situation(self.situation)))

    @property
    def is_for_citizens(self) -> bool:
        return Situation(self.situation) not in _TO_NOBODY

    @property
    def is_sent(self) -> bool:
        return self.state in SENT


class MessageSum(NamedTuple):
    messages: int
    parts: int
    cost: int
    """Đồng; what has no price counts nothing."""


Heard = Mapping[tuple[str, str], int]
"""Inbound messages by (channel, outcome)."""
DossierKey = tuple[str, str]
"""Agency, procedure."""


class LateEnd(NamedTuple):
    """A dossier that ended late."""

    code: str
    source: str
    agency: str
    procedure: str
    due_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Everything that is counted of one day in Vietnam."""

    dossiers: Mapping[DossierKey, Counts]
    messages: Mapping[MessageKey, MessageSum]
    heard: Heard
    late: Sequence[LateEnd]
    agencies: Mapping[str, str] = field(default_factory=dict)
    """Names by code, as met on that day."""
    procedures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Days in Vietnam, both ends within."""

    first: date
    last: date

    @classmethod
    def of_month(cls, year: int, month: int) -> Self:
        first = date(year, month, 1)
        return cls(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))

    @classmethod
    def of_quarter(cls, year: int, quarter: int) -> Self:
        return cls(date(year, 3 * quarter - 2, 1), Span.of_month(year, 3 * quarter).last)

    @property
    def since(self) -> datetime:
        return start_of(self.first)

    @property
    def until(self) -> datetime:
        """The beginning of the day after it."""
        return start_of(self.last + timedelta(days=1))

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_whole_months(self) -> bool:
        return self.first.day == 1 and (self.last + timedelta(days=1)).day == 1

    @property
    def months(self) -> list["Span"]:
        """The calendar months in it; the first and the last may be pieces."""
        pieces, first = [], self.first
        while first <= self.last:
            last = min(Span.of_month(first.year, first.month).last, self.last)
            pieces.append(Span(first, last))
            first = last + timedelta(days=1)
        return pieces

    @property
    def periods(self) -> list[str]:
        """The rows that make it up: `2026-11` for a whole month, else `2026-11-22` for each day."""
        periods = []
        for piece in self.months:
            if piece.is_whole_months:
                periods.append(f"{piece.first:%Y-%m}")
            else:
                periods += [(piece.first + timedelta(days=n)).isoformat() for n in range(piece.days)]
        return periods

    @property
    def before(self) -> "Span":
        """As long, and just before: of whole months so many whole months, else so many days."""
        last = self.first - timedelta(days=1)
        if not self.is_whole_months:
            return Span(self.first - timedelta(days=self.days), last)
        ordinal = self.first.year * 12 + self.first.month - 1 - len(self.months)
        return Span(date(ordinal // 12, ordinal % 12 + 1, 1), last)


def start_of(day: date) -> datetime:
    """Midnight in Vietnam."""
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM)


def day_of(moment: datetime) -> date:
    return moment.astimezone(VIETNAM).date()


@dataclass(frozen=True, slots=True)
class Standing:
    """How an agency's open dossiers stand now."""

    agency: str
    in_work: int = 0
    waiting: int = 0
    """For papers of the citizen."""
    stale: int = 0
    """Not updated for longer than `[reports] stale_days`, whatever they wait for."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A level of government, by the codes of its agencies."""

    name: str
    name_en: str
    patterns: tuple[str, ...]
    """`?` is one sign and `*` any number of them."""
