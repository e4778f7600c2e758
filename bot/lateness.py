"""How punctual agencies are: early, on time and late by month, what was apologised for, and which dossiers were late.

The national rules (DVCQG dashboards): on time is what ends by the appointment as it stands, a promise in our apology
included; waiting is taken off by the source's rule; more than one supplement counts as late. An agency above
`[deadlines] late_percent` is named to the unit above it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from bot.calendars import Calendars
from bot.model.clock import VIETNAM, month_of
from bot.model.course import SupplementClock, waited
from bot.model.dossier import Dossier
from bot.model.errors import ConfigError
from bot.ports import Apologised, Ended, Late, Storage, Transaction

PAGE = 1_000


class Verdict(StrEnum):
    """How punctually a dossier ended."""

    EARLY = "early"
    """Before the day of its deadline."""
    ON_TIME = "on_time"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """An agency's month."""

    agency: str
    agency_name: str
    ended: Ended
    overdue: int = 0
    """Still in work, with a deadline in the month that is over now."""
    apologised: Apologised

    @property
    def judged(self) -> int:
        """What ended in the month and had a deadline."""
        return self.ended.early + self.ended.on_time + self.ended.late

    @property
    def late_percent(self) -> float:
        return 100 * self.ended.late / self.judged if self.judged else 0.0

    @property
    def owed(self) -> int:
        """Apologies that the law asks for: those that were approved, and what is late without one."""
        return self.apologised.approved + self.ended.late + self.overdue


@dataclass(frozen=True, slots=True)
class Punctuality:
    """Figures and lists out of the database, on a read path beside the writers."""

    storage: Storage
    calendars: Calendars
    clocks: Mapping[str, SupplementClock]
    """The rule of each source for supplements."""

    @property
    def _subtracting(self) -> list[str]:
        return [source for source, clock in self.clocks.items() if clock is SupplementClock.SUBTRACT]

    async def month(self, month: str, *, now: datetime) -> list[Figures]:
        """Of every agency that had something in the month `2026-11`, by code. Raises `ConfigError`."""
        since, until = span_of(month)

        async def read(tx: Transaction) -> tuple[list[Ended], list[tuple[str, str, int]], list[Apologised]]:
            return (
                await tx.deadlines.ended(since, until, subtracting=self._subtracting),
                await tx.deadlines.overdue(since, until, now=now),
                await tx.apologies.figures(since, until),
            )

        ended, overdue, apologised = await self.storage.read(read)
        by_agency = {each.agency: each for each in ended}
        if self._subtracting:
            await self._add_waiting(by_agency, since, until)
        return _joined(by_agency, overdue, {each.agency: each for each in apologised})

    async def _add_waiting(self, by_agency: dict[str, Ended], since: datetime, until: datetime) -> None:
        """Those whose waiting is taken off, judged one by one, a page at a time."""
        after = ("", "")
        while True:
            page = await self.storage.read(
                lambda tx, at=after: tx.deadlines.waiting(  # type: ignore[misc]
                    since, until, subtracting=self._subtracting, after=at, limit=PAGE
                )
            )
            for dossier in await self._dossiers(page):
                known = by_agency.get(dossier.agency) or Ended(agency=dossier.agency, agency_name=dossier.agency_name)
                verdict = str(self._verdict(dossier))
                by_agency[dossier.agency] = replace(known, **{verdict: getattr(known, verdict) + 1})
            if len(page) < PAGE:
                return
            after = page[-1]

    async def _dossiers(self, keys: Sequence[tuple[str, str]]) -> list[Dossier]:
        by_source: dict[str, list[str]] = {}
        for code, source in keys:
            by_source.setdefault(source, []).append(code)

        async def read(tx: Transaction) -> list[Dossier]:
            found = [await tx.dossiers.get_many(source, codes) for source, codes in by_source.items()]
            return [dossier for dossiers in found for dossier in dossiers.values()]

        return await self.storage.read(read) if keys else []

    def _verdict(self, dossier: Dossier) -> Verdict:
        return verdict_of(dossier, self.calendars)

    async def late(self, month: str, agencies: Collection[str] = (), *, now: datetime, limit: int) -> list[Late]:
        """What ended late in the month, and what has its deadline there and is still in work; the earliest deadline
        first. Raises `ConfigError`."""
        since, until = span_of(month)
        found = await self.storage.read(lambda tx: tx.deadlines.late(agencies, since, until, now=now, limit=limit))
        subtracting = set(self._subtracting)
        doubtful = [each for each in found if each.source in subtracting and each.has_waited and each.waits < 2]
        ended = [(each.code, each.source) for each in doubtful if each.ended_at]
        in_time = {
            (dossier.code, dossier.source)
            for dossier in await self._dossiers(ended)
            if self._verdict(dossier) is not Verdict.LATE
        }
        return [each for each in found if (each.code, each.source) not in in_time]


def days_late(late: Late, calendars: Calendars, *, now: datetime) -> int:
    """Working days from the deadline to the end of the work, or until today."""
    end = late.ended_at or now
    calendar = calendars.of(late.agency)
    return calendar.working_days(late.due_at.astimezone(VIETNAM).date(), end.astimezone(VIETNAM).date())


def verdict_of(dossier: Dossier, calendars: Calendars) -> Verdict:
    """Of one that ended and had a deadline, with its waiting taken off."""
    end, due = dossier.finished_at or dossier.progressed_at, dossier.due_at
    if end is None or due is None:
        return Verdict.ON_TIME
    calendar = calendars.of(dossier.agency)
    if span := waited(dossier, calendar, until=end):
        due = calendar.add_hours(due, span)
    return judge(end, due)


def judge(end: datetime, due: datetime) -> Verdict:
    """A deadline at midnight is one that the source gave without an hour: then the whole day counts."""
    local, local_due = end.astimezone(VIETNAM), due.astimezone(VIETNAM)
    if local.date() < local_due.date():
        return Verdict.EARLY
    is_whole_day = local_due.time() == time()
    in_time = end <= due or (is_whole_day and local.date() == local_due.date())
    return Verdict.ON_TIME if in_time else Verdict.LATE


def above(figures: Sequence[Figures], percent: float) -> list[Figures]:
    """Agencies that are late more often than that, the worst first."""
    found = [each for each in figures if each.late_percent > percent]
    return sorted(found, key=lambda each: (-each.late_percent, each.agency))


def span_of(month: str) -> tuple[datetime, datetime]:
    """The beginning of a month in Vietnam, and of the next. Raises `ConfigError` for what is not like `2026-11`."""
    try:
        first = datetime.fromisoformat(f"{month}-01T00:00:00+07:00")
    except ValueError:
        raise ConfigError(f"{month}: xin viết tháng như 2026-11 / write a month as 2026-11") from None
    return first, (first + timedelta(days=31)).replace(day=1)


def month_before(now: datetime) -> str:
    """The calendar month before this one: `2026-10`."""
    return month_of(now.astimezone(VIETNAM).replace(day=1) - timedelta(days=1))


def _joined(
    ended: Mapping[str, Ended], overdue: Sequence[tuple[str, str, int]], apologised: Mapping[str, Apologised]
) -> list[Figures]:
    waiting = {agency: (name, number) for agency, name, number in overdue}
    joined = []
    for agency in sorted({*ended, *waiting, *apologised}):
        names = (
            ended[agency].agency_name if agency in ended else "",
            waiting.get(agency, ("", 0))[0],
            apologised[agency].agency_name if agency in apologised else "",
        )
        name = next(filter(None, names), "")
        joined.append(
            Figures(
                agency=agency,
                agency_name=name,
                ended=ended.get(agency) or Ended(agency=agency, agency_name=name),
                overdue=waiting.get(agency, ("", 0))[1],
                apologised=apologised.get(agency) or Apologised(agency=agency, agency_name=name),
            )
        )
    return joined
