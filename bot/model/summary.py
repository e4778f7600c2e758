"""A report as a value: the figures of a span of days for some agencies, beside those of the span before."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase

from bot.model.errors import ConfigError
from bot.model.report import Counts, MessageKey, MessageSum, Span, Standing, Tier

_SPAN = re.compile(r"(?P<year>\d{4})(-Q(?P<quarter>[1-4])|-(?P<month>\d{2}))?")


@dataclass(frozen=True, slots=True)
class Line:
    """An agency, a procedure or a tier with its figures."""

    code: str
    """Empty: what belongs to none."""
    name: str
    counts: Counts
    name_en: str = ""
    agencies: int = 0
    """Of a tier: how many of its agencies had something to count."""

    @property
    def shown(self) -> str:
        return self.name or self.code


@dataclass(frozen=True, slots=True)
class Above:
    """An agency that was late too often in a month."""

    month: Span
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Of these days and agencies, as far as they were counted at `as_of`."""

    span: Span
    agencies: tuple[str, ...]
    """With all below them; none: of all."""
    today: date
    as_of: datetime | None
    """Changes up to then are counted; None: nothing was."""
    uncounted: int
    """Days of the span, today and before, that nobody has counted yet."""
    total: Counts
    before: Counts
    """Of `span.before`."""
    is_before_counted: bool
    """Whether all days of it were."""
    months: Sequence[tuple[Span, Counts]]
    tiers: Sequence[Line]
    by_agency: Sequence[Line]
    """Those that had something, by code."""
    by_procedure: Sequence[Line]
    """The most received first."""
    messages: Mapping[tuple[str, MessageKey], MessageSum]
    """To citizens, by month."""
    look_ups: int | None
    """Answered; None: they are of no agency, and the report is of some."""
    standing: Sequence[Standing]
    above: Sequence[Above]
    late_percent: float
    """What is late more often is above it."""

    @property
    def is_over(self) -> bool:
        """No day of it is still to come, nor today."""
        return self.span.last < self.today

    @property
    def sent(self) -> int:
        """Messages that have left us."""
        return sum(each.messages for (_, key), each in self.messages.items() if key.is_sent)

    @property
    def delivered(self) -> int:
        return self.by_state["delivered"]

    @property
    def parts(self) -> int:
        return sum(each.parts for (_, key), each in self.messages.items() if key.is_sent)

    @property
    def cost(self) -> int:
        """Đồng."""
        return sum(each.cost for each in self.messages.values())

    @property
    def by_state(self) -> Counter[str]:
        return self._messages_by(lambda key: key.state)

    @property
    def kinds(self) -> Counter[str]:
        """Of the sent messages, by the founding report's kinds and our further ones."""
        kinds: Counter[str] = Counter()
        for (_, key), each in self.messages.items():
            if key.is_sent:
                kinds[key.kind] += each.messages
        return kinds

    def _messages_by(self, word: Callable[[MessageKey], str]) -> Counter[str]:
        counted: Counter[str] = Counter()
        for (_, key), each in self.messages.items():
            counted[word(key)] += each.messages
        return counted

    @property
    def in_work(self) -> int:
        return sum(each.in_work for each in self.standing)

    @property
    def waiting(self) -> int:
        return sum(each.waiting for each in self.standing)

    @property
    def stale(self) -> int:
        return sum(each.stale for each in self.standing)


def tier_of(agency: str, tiers: Sequence[Tier]) -> Tier | None:
    """The first whose patterns fit."""
    return next((tier for tier in tiers if any(fnmatchcase(agency, each) for each in tier.patterns)), None)


def span_named(text: str) -> Span:
    """`2026-Q4`, `2026-11`, `2026`, or `2026-10-01..2026-11-15`. Raises `ConfigError` for anything else."""
    try:
        if found := _SPAN.fullmatch(text):
            year = int(found["year"])
            if found["quarter"]:
                return Span.of_quarter(year, int(found["quarter"]))
            if found["month"]:
                return Span.of_month(year, int(found["month"]))
            return Span(date(year, 1, 1), date(year, 12, 31))
        first, _, last = text.partition("..")
        span = Span(date.fromisoformat(first), date.fromisoformat(last or first))
        if not span.first <= span.last <= date(span.first.year + 3, 12, 31):
            raise ValueError
        return Span(span.first, span.last)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{text}: xin viết 2026-Q4, 2026-11, 2026 hoặc 2026-10-01..2026-11-15 / "
            "write 2026-Q4, 2026-11, 2026 or 2026-10-01..2026-11-15"
        ) from None


def name_of(span: Span) -> str:
    """As `span_named` reads it."""
    first, months = span.first, span.months
    if span.is_whole_months:
        if len(months) == 1:
            return f"{first:%Y-%m}"
        if len(months) == 3 and first.month % 3 == 1:
            return f"{first.year}-Q{first.month // 3 + 1}"
        if len(months) == 12 and first.month == 1:
            return str(first.year)
    return f"{first.isoformat()}..{span.last.isoformat()}"


def quarter_of(day: date) -> Span:
    return Span.of_quarter(day.year, (day.month + 2) // 3)
