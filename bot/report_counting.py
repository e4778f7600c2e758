"""Counts one day for the reports: everything that the tables know of it, in short readings beside the writers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.calendars import Calendars
from bot.lateness import Verdict, verdict_of
from bot.model.clock import VIETNAM
from bot.model.course import SupplementClock
from bot.model.dossier import Dossier
from bot.model.report import Counts, DayFigures, DossierKey, LateEnd, start_of, summed
from bot.ports import Storage, Transaction
from bot.ports.reports import DossierDay, Told

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Counting:
    """By the rules of bot.lateness."""

    storage: Storage
    calendars: Calendars
    clocks: Mapping[str, SupplementClock]
    """The rule of each source for supplements."""
    feedback_days: int
    """Working days within which feedback should be answered."""

    async def day(self, day: date) -> DayFigures:
        """Each reading is short and sees one state of the tables; a change between two of them is counted by the next
        look."""
        since, until = start_of(day), start_of(day + timedelta(days=1))
        subtracting = [source for source, clock in self.clocks.items() if clock is SupplementClock.SUBTRACT]
        read = self.storage.read
        found = await read(lambda tx: tx.reports.dossier_day(since, until, subtracting=subtracting))
        told = await read(lambda tx: tx.reports.feedback_day(since, until))
        waited = await self._waited(found.waited)
        return DayFigures(
            dossiers=self._dossiers(found, waited, told),
            messages=await read(lambda tx: tx.reports.message_day(since, until)),
            heard=await read(lambda tx: tx.reports.heard_day(since, until)),
            late=[*found.late, *(_late_end(each) for each in waited if self._verdict(each) is Verdict.LATE)],
            agencies={**found.agencies, **{each.agency: each.agency_name for each in waited if each.agency_name}},
            procedures={
                **found.procedures,
                **{each.procedure: each.procedure_name for each in waited if each.procedure_name},
            },
        )

    def _verdict(self, dossier: Dossier) -> Verdict:
        return verdict_of(dossier, self.calendars)

    def _dossiers(self, found: DossierDay, waited: Sequence[Dossier], told: Sequence[Told]) -> dict[DossierKey, Counts]:
        pieces = [
            *found.counts.items(),
            *(((each.agency, each.procedure), Counts(**{str(self._verdict(each)): 1})) for each in waited),
            *(((each.agency, ""), self._feedback(each)) for each in told),
        ]
        by_key: dict[DossierKey, list[Counts]] = {}
        for key, counts in pieces:
            by_key.setdefault(key, []).append(counts)
        return {key: counts[0] if len(counts) == 1 else summed(counts) for key, counts in by_key.items()}

    def _feedback(self, told: Told) -> Counts:
        if told.answered_at is None:
            return Counts(feedback=1)
        calendar = self.calendars.of(told.agency)
        days = calendar.working_days(told.at.astimezone(VIETNAM).date(), told.answered_at.astimezone(VIETNAM).date())
        return Counts(feedback=1, feedback_answered=1, feedback_in_time=int(days <= self.feedback_days))

    async def _waited(self, keys: Sequence[tuple[str, str]]) -> list[Dossier]:
        """Those whose waiting is taken off, a page at a time."""
        found: list[Dossier] = []
        for begin in range(0, len(keys), _PAGE):
            page = keys[begin : begin + _PAGE]
            found += await self.storage.read(lambda tx, page=page: _dossiers(tx, page))  # type: ignore[misc]
        return found


async def _dossiers(tx: Transaction, keys: Sequence[tuple[str, str]]) -> list[Dossier]:
    by_source: dict[str, list[str]] = {}
    for code, source in keys:
        by_source.setdefault(source, []).append(code)
    found = [await tx.dossiers.get_many(source, codes) for source, codes in by_source.items()]
    return [dossier for dossiers in found for dossier in dossiers.values()]


def _late_end(dossier: Dossier) -> LateEnd:
    ended = dossier.finished_at or dossier.progressed_at
    assert ended is not None and dossier.due_at is not None  # noqa: S101, PT018 (late is what has both)
    return LateEnd(dossier.code, dossier.source, dossier.agency, dossier.procedure, dossier.due_at, ended)
