"""Keeps messages and changes as long as the office has set, by whole months in Vietnam, and has the next ones ready."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.beats import Beat, unheard
from bot.model.clock import VIETNAM, Clock
from bot.model.errors import StorageError, trail
from bot.ports import Month, Storage
from bot.retention import Retention
from bot.sure_of_time import SureOfTime

log = logging.getLogger(__name__)

EVERY = 3600.0
"""Seconds between two looks whether a month is to be made."""
_SOON = 60.0
"""Seconds until the next try where a table was in use."""
_AHEAD = 2
"""Months that are ready beside the present one."""
_TABLES = ("outbox", "parts", "changes")
_PAGE = 1_000
"""Messages in one transaction: about 50 ms."""
_LATELY = timedelta(days=14)
"""So long an accepted message may still get its receipt."""
_NIGHT = (time(1), time(5))
"""When nobody is waiting for anything: what need not be kept goes then."""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What is gone, or would be."""

    before: datetime
    messages: int
    changes: int
    alive: tuple[tuple[str, int], ...]
    """Months (`2026-11`) that stay as a whole, with how many of their messages may still change."""
    dropped: tuple[str, ...] = ()
    """Tables."""


def month_begin(moment: datetime, months: int = 0) -> datetime:
    """The beginning of the month in Vietnam, or of one so many later."""
    there = moment.astimezone(VIETNAM)
    number = there.year * 12 + there.month - 1 + months
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=VIETNAM)


async def make_months(storage: Storage, *, now: datetime) -> list[str]:
    """The months that were made, such as `outbox 2026-11`. Each is made for itself, so that nobody waits for all."""
    if not await storage.read(lambda tx: tx.keeping.months()):
        return []
    ahead = [(month_begin(now, number), month_begin(now, number + 1)) for number in range(_AHEAD + 1)]
    return [
        f"{table} {first:%Y-%m}"
        for first, until in ahead
        for table in _TABLES
        if await _make(storage, table, first, until)
    ]


async def _make(storage: Storage, table: str, first: datetime, until: datetime) -> bool:
    return await storage.write(lambda tx: tx.keeping.make(table, first, until))


async def trim(storage: Storage, *, keep_months: int, now: datetime, dry_run: bool = False) -> Trimmed:
    """Forgets what is older than `keep_months` whole months before the present one, in short transactions.

    A month in which a message may still change stays as it is, and is told.
    """
    before = month_begin(now, -keep_months)
    oldest = await storage.read(lambda tx: tx.keeping.oldest())
    alive, messages = [], 0
    if not dry_run and any(at and at < before for at in oldest):
        await storage.write(lambda tx: tx.keeping.trimmed(before))
    changes = await _trim_changes(storage, before, dry_run=dry_run)
    for first, until in _months_between(oldest.planned_at, before):
        is_open = await storage.read(
            lambda tx, first=first, until=until: tx.keeping.count_open(first, until, lately=now - _LATELY)  # type: ignore[misc]
        )
        if is_open:
            alive.append((f"{until - timedelta(days=1):%Y-%m}", is_open))
            log.warning("%s is kept: %d of its messages may still change", alive[-1][0], is_open)
            continue
        messages += await _trim_messages(storage, first, until, dry_run=dry_run)
    dropped = () if dry_run else await _drop(storage, before)
    return Trimmed(before, messages, changes, tuple(alive), dropped)


def _months_between(oldest: datetime | None, before: datetime) -> list[tuple[datetime | None, datetime]]:
    """The first of them has no beginning: it has what sorts below every id of ours, too."""
    if oldest is None or oldest >= before:
        return []
    months: list[tuple[datetime | None, datetime]] = []
    begin = month_begin(oldest)
    while begin < before:
        months.append((begin if months else None, month_begin(begin, 1)))
        begin = month_begin(begin, 1)
    return months


async def _trim_messages(storage: Storage, first: datetime | None, until: datetime, *, dry_run: bool) -> int:
    if dry_run:
        return await storage.read(lambda tx: tx.keeping.count(first, until))
    total = 0
    while gone := await storage.write(lambda tx: tx.keeping.trim(first, until, limit=_PAGE)):
        total += gone
    return total


async def _trim_changes(storage: Storage, before: datetime, *, dry_run: bool) -> int:
    """Of whole tables first, which costs nothing; then row by row what is left."""
    total = await storage.read(lambda tx: tx.keeping.count_changes(before=before))
    if dry_run or not total:
        return total
    for month in await _over(storage, before):
        if month.table == "changes":
            await storage.write(lambda tx, month=month: tx.keeping.drop(month))  # type: ignore[misc]
    while await storage.write(lambda tx: tx.keeping.trim_changes(before=before, limit=_PAGE)):
        pass
    return total


async def _drop(storage: Storage, before: datetime) -> tuple[str, ...]:
    """Tables of messages and parts that are empty now."""
    empty = [
        month.name
        for month in await _over(storage, before)
        if await storage.write(lambda tx, month=month: tx.keeping.drop(month))  # type: ignore[misc]
    ]
    return tuple(empty)


async def _over(storage: Storage, before: datetime) -> list[Month]:
    months = await storage.read(lambda tx: tx.keeping.months())
    return [month for month in months if month.until is not None and month.until <= before]


class KeepingWatch:
    """One process does it at a time."""

    def __init__(
        self,
        storage: Storage,
        *,
        clock: Clock,
        keep_months: int,
        retention: Retention | None = None,
        sure: SureOfTime | None = None,
    ) -> None:
        """`retention`: what of a message or a person goes before the whole row does. `sure`: of what time it is;
        without it the clock is believed."""
        self._storage = storage
        self._retention = retention
        self._clock = clock
        self._keep_months = keep_months
        self._sure = sure
        self._trimmed_on: object = None

    async def run(self, beat: Beat = unheard) -> None:
        """Until cancelled."""
        while True:
            pause = EVERY
            try:
                await self.look()
                beat()
            except StorageError as error:
                pause = _SOON
                log.info("a month could not be made or dropped just now, and is tried again (%s)", error)
            except Exception as error:
                log.error("months could not be looked after: %s", trail(error))
            await asyncio.sleep(pause)

    async def look(self) -> None:
        """Once: at any time the months ahead, at night what need not be kept."""
        now = self._clock()
        if made := await make_months(self._storage, now=now):
            log.info("made the tables of %s", ", ".join(made))
        there = now.astimezone(VIETNAM)
        is_sure = self._sure is None or await self._sure.is_sure()
        if there.date() == self._trimmed_on or not self._is_night() or not is_sure:
            return
        await self._storage.write(lambda tx: tx.keeping.look_over())
        if self._keep_months:
            gone = await trim(self._storage, keep_months=self._keep_months, now=now)
            if gone.messages or gone.changes or gone.dropped:
                log.info(
                    "%d messages and %d changes of before %s were forgotten", gone.messages, gone.changes, gone.before
                )
        if self._retention:
            await self._retention.night(goes_on=self._is_night)
        if self._sure:
            await self._sure.slept()
        self._trimmed_on = there.date()

    def _is_night(self) -> bool:
        return _NIGHT[0] <= self._clock().astimezone(VIETNAM).time() < _NIGHT[1]
