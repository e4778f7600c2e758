"""What the office's IT people do with a source by hand: read it, compare it, read some of it again."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot import app
from bot.calendars import Calendars
from bot.config import nearest
from bot.mirror import Mirror, Reading
from bot.model.clock import Clock, utc_now
from bot.model.errors import ConfigError, SourceError
from bot.model.ids import id_maker
from bot.ports import (
    Applied,
    Batch,
    DossierSource,
    Reconciliation,
    Source,
    Storage,
    Transaction,
)
from bot.reconciliation import reconcile

Tell = Callable[[Applied], None]
"""Is told what each batch came to."""

Hide = Callable[[Sequence[str]], None]
"""Is told the secrets that must not reach a log."""


def source_named(plan: app.Plan, name: str) -> app.Configured:
    """Raises `ConfigError` with the nearest name where the configuration has no such source."""
    names = [each.name for each in plan.sources]
    if name not in names:
        raise ConfigError(
            f"[sources.{name}] không có nguồn này / there is no such source in the configuration{nearest(name, names)}"
        )
    return plan.sources[names.index(name)]


_REMEMBERED = 100_000
"""Entries of a quarantine that a retry tells one by one as cured."""


@dataclass(frozen=True, slots=True)
class Work:
    """A source that can be asked, open beside its mirror."""

    name: str
    asked: DossierSource
    source: Source
    storage: Storage
    mirror: Mirror


@asynccontextmanager
async def open_work(plan: app.Plan, name: str, hide: Hide, *, clock: Clock = utc_now) -> AsyncIterator[Work]:
    """Opens database and source. Raises `SourceError` for a source that calls us: nobody can ask it."""
    configured = source_named(plan, name)
    async with app.open_database(plan.config, clock=clock) as storage, app.open_source(configured) as source:
        hide(source.secrets)
        if source.source is None:
            raise SourceError(
                f"{name}: phần mềm Một cửa tự gọi tới nên không hỏi được, xin nhà cung cấp gửi lại / "
                f"this software calls us and cannot be asked: have its vendor send again"
            )
        planner = app.planner_for(plan, id_maker(clock), await app.open_library(plan, storage))
        rules = app.rules_of(configured)
        reach, calendars = app.reach_for(plan, planner), Calendars(plan.config.calendar)
        mirror = Mirror(name, storage, planner, clock, rules, reach=reach, calendars=calendars)
        yield Work(name, source.source, source, storage, mirror)


async def apply_all(batches: AsyncIterator[Batch], mirror: Mirror, tell: Tell, reading: Reading) -> Applied:
    """Applies batch after batch. What was applied before a failure stays."""
    total = Applied()
    async for batch in batches:
        applied = await mirror.apply(batch, reading=reading)
        tell(applied)
        total += applied
    return total


async def sync(work: Work, tell: Tell) -> Applied:
    """Reads once everything that the source has after the cursor."""
    total = await apply_all(work.asked.batches(await work.mirror.cursor()), work.mirror, tell, Reading.ROUND)
    await work.storage.write(lambda tx: tx.sources.recover(work.name))
    return total


async def read_again(work: Work, tell: Tell) -> Applied:
    """Reads the source from its beginning; its cursor stays where it is."""
    return await apply_all(work.asked.batches(None), work.mirror, tell, Reading.AGAIN)


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison of source and mirror, and what a repair came to where one was asked for and needed."""

    first: Reconciliation
    repair: Applied | None
    last: Reconciliation
    """After the repair; `first` where there was none."""


async def compare(work: Work, tell: Tell, *, repair: bool, clock: Clock = utc_now) -> Compared:
    """Compares; if `repair` and they disagree, reads the whole source again and compares once more."""
    first = await reconcile(work.name, work.asked, work.storage, clock)
    if first.agrees or not repair:
        return Compared(first, None, first)
    applied = await read_again(work, tell)
    return Compared(first, applied, await reconcile(work.name, work.asked, work.storage, clock))


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a source's quarantine when its places were read again."""

    cured: int
    remaining: int
    """Still not readable, or newly found so."""
    applied: Applied


async def retry(work: Work, tell: Tell, *, clock: Clock = utc_now) -> Retried:
    """Reads again the places where something could not be read, or the whole source where it cannot do less.

    What was noted at those places and has not come again is forgotten.
    """
    began = clock()
    places, before = await work.storage.read(lambda tx: _quarantine_of(tx, work.name))
    if not places:
        return Retried(0, 0, Applied())
    batches = work.source.reread(places) if work.source.reread else work.asked.batches(None)
    applied = await apply_all(batches, work.mirror, tell, Reading.AGAIN)
    await work.storage.write(lambda tx: tx.sources.clear_quarantine(work.name, places, before=began))
    _, after = await work.storage.read(lambda tx: _quarantine_of(tx, work.name))
    remaining = await work.storage.read(lambda tx: tx.sources.count_quarantined(work.name))
    return Retried(len(before - after), remaining, applied)


async def _quarantine_of(tx: Transaction, name: str) -> tuple[list[str], set[tuple[str, int, str]]]:
    """The places, and of what stands there as much as can be remembered."""
    rows = await tx.sources.quarantined(limit=_REMEMBERED, source=name)
    return await tx.sources.quarantined_places(name), {(row.place, row.row, row.column) for row in rows}
