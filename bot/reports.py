"""Makes a report: sums over the figures that were counted beforehand, for any span of days and any agencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.model.clock import Clock
from bot.model.report import (
    LOOK_UPS,
    NOTHING,
    Counts,
    MessageKey,
    MessageSum,
    Span,
    Tier,
    day_of,
    summed,
)
from bot.model.summary import Above, Line, Report, tier_of
from bot.ports import Storage, Transaction
from bot.ports.reports import Day

_Figures = Mapping[tuple[str, str], Counts]
_REST = Tier("Đơn vị khác", "Others", ())


@dataclass(frozen=True, slots=True)
class Reports:
    """Out of the tables of figures, on a reading path beside the writers."""

    storage: Storage
    tiers: Sequence[Tier]
    late_percent: float
    """`[deadlines] late_percent`."""
    clock: Clock

    async def of(self, span: Span, agencies: Sequence[str] = ()) -> Report:
        """Agencies with all below them; none: all."""
        return await self.storage.read(lambda tx: self._of(tx, span, tuple(agencies)))

    async def _of(self, tx: Transaction, span: Span, agencies: tuple[str, ...]) -> Report:
        today = day_of(self.clock())
        agency_names, procedure_names = await tx.reports.names()
        overdue = await tx.reports.overdue(span.first, span.last, agencies)
        figures = _with_overdue(
            await tx.reports.by_agency(span.periods, agencies),
            _by_month(overdue),
        )
        procedures = await tx.reports.by_procedure(span.periods, agencies)
        for (_, _, procedure), dossiers in overdue.items():
            procedures[procedure] = procedures.get(procedure, NOTHING) + Counts(overdue=dossiers)
        days = await tx.reports.days(span.first, min(span.last, today))
        before = await tx.reports.by_agency(span.before.periods, agencies)
        known_before = await tx.reports.days(span.before.first, span.before.last)
        heard = await tx.reports.heard(span.periods) if not agencies else None
        by_agency = _lines(_by_second(figures), agency_names)
        return Report(
            span=span,
            agencies=agencies,
            today=today,
            as_of=_as_of(days, await tx.reports.seen()),
            uncounted=_uncounted(span, days, today, await tx.reports.first_day()),
            total=summed(figures.values()),
            before=summed(before.values()),
            is_before_counted=sum(1 for each in known_before.values() if each.computed_at) == span.before.days,
            months=[(piece, _of_month(figures, piece)) for piece in span.months],
            tiers=self._tiers(by_agency),
            by_agency=by_agency,
            by_procedure=sorted(
                _lines(procedures, procedure_names), key=lambda line: (-line.counts.received, line.code)
            ),
            messages=_for_citizens(await tx.reports.messages(span.periods, agencies)),
            look_ups=None if heard is None else sum(n for (_, outcome), n in heard.items() if outcome in LOOK_UPS),
            standing=await tx.reports.standing(agencies),
            above=self._above(figures, span, agency_names),
            late_percent=self.late_percent,
        )

    def _tiers(self, lines: Sequence[Line]) -> list[Line]:
        """In the order of the settings; what fits none stands last, and only if there is any."""
        by_tier: dict[Tier, list[Counts]] = {tier: [] for tier in self.tiers}
        for line in lines:
            by_tier.setdefault(tier_of(line.code, self.tiers) or _REST, []).append(line.counts)
        return [
            Line(tier.name, tier.name, summed(counts), tier.name_en, len(counts))
            for tier, counts in by_tier.items()
            if counts
        ]

    def _above(self, figures: _Figures, span: Span, names: Mapping[str, str]) -> list[Above]:
        """Of whole months alone: a threshold of a month says nothing about some days of it."""
        found = []
        for piece in span.months:
            month = f"{piece.first:%Y-%m}"
            late = [
                Line(agency, names.get(agency, ""), counts)
                for (period, agency), counts in figures.items()
                if period == month and piece.is_whole_months and counts.late_percent() > self.late_percent
            ]
            late.sort(key=lambda line: (-line.counts.late_percent(), line.code))
            found += [Above(piece, line) for line in late]
        return found


def _by_month(overdue: Mapping[tuple[date, str, str], int]) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for (day, agency, _), dossiers in overdue.items():
        sums[f"{day:%Y-%m}", agency] = sums.get((f"{day:%Y-%m}", agency), 0) + dossiers
    return sums


def _with_overdue(figures: _Figures, overdue: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], Counts]:
    found = {
        key: figures.get(key, NOTHING) + Counts(overdue=overdue.get(key, 0))
        for key in sorted(figures.keys() | overdue.keys())
    }
    return {key: counts for key, counts in found.items() if counts != NOTHING}


def _by_second(figures: _Figures) -> dict[str, Counts]:
    by_agency: dict[str, list[Counts]] = {}
    for (_, agency), counts in figures.items():
        by_agency.setdefault(agency, []).append(counts)
    return {agency: summed(counts) for agency, counts in by_agency.items()}


def _lines(counts: Mapping[str, Counts], names: Mapping[str, str]) -> list[Line]:
    return [Line(code, names.get(code, ""), each) for code, each in sorted(counts.items()) if each != NOTHING]


def _of_month(figures: _Figures, piece: Span) -> Counts:
    month = f"{piece.first:%Y-%m}"
    return summed(counts for (period, _), counts in figures.items() if period == month)


def _for_citizens(
    messages: Mapping[tuple[str, MessageKey], MessageSum],
) -> dict[tuple[str, MessageKey], MessageSum]:
    return {key: each for key, each in messages.items() if key[1].is_for_citizens}


def _as_of(days: Mapping[date, Day], seen: datetime | None) -> datetime | None:
    """Every change up to then is in the figures: where a day waits to be counted again, when it was counted last."""
    counted = [each.computed_at for each in days.values() if each.computed_at]
    if not counted or seen is None:
        return max(counted, default=None)
    behind = [each.computed_at for each in days.values() if each.computed_at and each.is_wanted]
    return min([seen, *behind])


def _uncounted(span: Span, days: Mapping[date, Day], today: date, first: date | None) -> int:
    """Of the days since there is anything to count."""
    if first is None:
        return 0
    begin, end = max(span.first, first), min(span.last, today)
    wanted = (begin + timedelta(days=n) for n in range((end - begin).days + 1))
    return sum(1 for day in wanted if day not in days or days[day].computed_at is None)
