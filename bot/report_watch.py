"""Keeps the reports' figures up to date: recent days again and again, older ones once, and whatever has changed."""

import asyncio
import logging
import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from bot.beats import Beat, unheard
from bot.model.clock import Clock
from bot.model.errors import trail
from bot.model.report import day_of
from bot.ports import Storage, Transaction
from bot.ports.reports import Day
from bot.report_counting import Counting
from bot.report_settings import ReportSettings

log = logging.getLogger(__name__)

_AGAIN = ((0, timedelta(0)), (3, timedelta(minutes=10)), (10, timedelta(hours=2)))
"""Up to so many days old: counted again after so long, for receipts and answers that came later."""
_SELDOM = timedelta(hours=8)
"""After that, until they have settled."""
_OVERLAP = timedelta(seconds=90)
"""A change may become readable so long after its own time."""
_STRIDE = timedelta(hours=6)
"""Of changes looked at in one reading."""
_STANDING = timedelta(minutes=5)
"""Between two counts of what is open and overdue."""
_LONGEST = 45.0
"""Seconds that one look works through a backlog before it gives a sign of life."""


class ReportWatch:
    """One process at a time runs it. What a stop interrupts, the next look begins anew."""

    def __init__(self, storage: Storage, counting: Counting, settings: ReportSettings, *, clock: Clock) -> None:
        self._storage = storage
        self._counting = counting
        self._settings = settings
        self._clock = clock

    async def run(self, beat: Beat = unheard) -> None:
        """Until cancelled."""
        while True:
            more = False
            try:
                more = await self.look()
                beat()
            except Exception as error:
                log.error("the figures of the reports could not be counted: %s", trail(error))
            await asyncio.sleep(1.0 if more else self._settings.every)

    async def look(self) -> bool:
        """Counts what is due; True where more is."""
        await self._mark()
        await self._stand()
        begin = time.monotonic()
        due = await self.due()
        for number, day in enumerate(due, 1):
            took = await self.count(day)
            if number < len(due) and time.monotonic() - begin > _LONGEST:
                return True
            await asyncio.sleep(took * self._settings.pause)
        return False

    async def due(self) -> list[date]:
        """Days to be counted now, the newest first."""
        now, storage = self._clock(), self._storage
        today = day_of(now)
        first = await storage.read(lambda tx: tx.reports.first_day())
        if first is None:
            return [today]
        first = max(first, today - timedelta(days=self._settings.backlog_days))
        known = await storage.read(lambda tx: tx.reports.days(first, today))
        days = (today - timedelta(days=age) for age in range((today - first).days + 1))
        return [day for day in days if self._is_due(known.get(day), day, now)]

    async def count(self, day: date) -> float:
        """Counts a day and keeps it. Returns the seconds that this took."""
        begin, at = time.monotonic(), self._clock()
        figures = await self._counting.day(day)
        await self._storage.write(lambda tx: tx.reports.put(day, figures, at=at))
        return time.monotonic() - begin

    async def rebuild(self, days: Iterable[date]) -> int:
        """Counts these days again, whoever else counts. Returns how many they were."""
        number = 0
        for number, day in enumerate(days, 1):  # noqa: B007
            await asyncio.sleep(await self.count(day) * self._settings.pause)
        await self._stand(at_once=timedelta(0))
        return number

    def _is_due(self, known: Day | None, day: date, now: datetime) -> bool:
        if known is None or known.computed_at is None or known.is_wanted:
            return True
        age = (day_of(now) - day).days
        counted = now - known.computed_at
        for oldest, span in _AGAIN:
            if age <= oldest:
                return counted >= span
        if age <= self._settings.settle_days:
            return counted >= _SELDOM
        return (day_of(known.computed_at) - day).days <= self._settings.settle_days

    async def _mark(self) -> None:
        """Days that the newest changes may have moved are to be counted anew, however old they are."""
        now = self._clock()
        seen = await self._storage.read(lambda tx: tx.reports.seen())
        since = now if seen is None else seen
        while True:
            until = min(since + _STRIDE, now)
            await self._mark_between(since - _OVERLAP, until, now)
            if until >= now:
                return
            since = until

    async def _mark_between(self, since: datetime, until: datetime, now: datetime) -> None:
        days = await self._storage.read(lambda tx: tx.reports.touched(since, until + timedelta(seconds=1)))

        async def note(tx: Transaction) -> None:
            await tx.reports.want(days, at=now)
            await tx.reports.note_seen(until)

        await self._storage.write(note)

    async def _stand(self, at_once: timedelta = _STANDING) -> None:
        now = self._clock()
        known = await self._storage.read(lambda tx: tx.reports.standing_at())
        if known is not None and now - known < at_once:
            return
        before = now - timedelta(days=self._settings.stale_days)
        found = await self._storage.read(lambda tx: tx.reports.standing_now(now=now, stale_before=before))
        await self._storage.write(lambda tx: tx.reports.put_standing(found, at=now))
