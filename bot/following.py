"""Keeps the mirror beside its sources: asks each again and again, notes what fails, compares in the night."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from datetime import time as time_of_day

from bot.beats import Beat, unheard
from bot.leading import Post, Work
from bot.mirror import Mirror
from bot.model.clock import VIETNAM, Clock
from bot.model.errors import MotcuaError, SourceError, StorageError, trail
from bot.ports import Applied, DossierSource, Source, Storage
from bot.reconciliation import reconcile
from bot.settings import SourceSettings

log = logging.getLogger(__name__)

COMPARED_WITHIN = 26 * 3600.0
"""Seconds between two nightly comparisons, with room for a long one."""

_NO_HINT = 3.0
"""Seconds until a source's hint is asked for again after it failed."""


def keeping(source: Source, mirror: Callable[[Storage], Mirror], rules: SourceSettings, clock: Clock) -> Work:
    """What the one process does that keeps the mirror of a source: it follows, and compares in the night. `mirror`
    writes in the storage that it is given."""

    async def work(post: Post) -> None:
        beat = post.signs.of(f"source:{source.name}", every=rules.pause)
        compared = unheard
        if rules.reconcile_at is not None:
            compared = post.signs.of(f"comparison:{source.name}", every=COMPARED_WITHIN)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(follow(source, mirror(post.storage), post.storage, rules, clock, beat))
            tasks.create_task(reconcile_nightly(source, post.storage, rules, clock, compared))

    return work


async def follow(
    source: Source, mirror: Mirror, storage: Storage, rules: SourceSettings, clock: Clock, beat: Beat = unheard
) -> None:
    """For ever: reads what the source has after the cursor, applies it, pauses. A source that fails is asked again."""
    if source.source is None:
        return
    failing = True  # until a round has shown that it works: a failure may be noted from before a restart
    while True:
        reason = await _round(source.name, source.source, mirror, beat)
        try:
            if reason:
                await storage.write(lambda tx, why=reason: tx.sources.fail(source.name, why, at=clock()))  # type: ignore[misc]
            elif failing:
                await storage.write(lambda tx: tx.sources.recover(source.name))
            failing = bool(reason)
        except StorageError as error:
            log.error("source %s: %s", source.name, error)
        await _pause(source, rules.pause)


async def _round(name: str, source: DossierSource, mirror: Mirror, beat: Beat) -> str:
    """One time of asking; why it failed, or nothing."""
    try:
        async for batch in source.batches(await mirror.cursor()):
            _report(name, await mirror.apply(batch))
            beat()
        beat()
    except (SourceError, StorageError) as error:
        log.error("source %s: %s", name, error)
        return str(error) if isinstance(error, SourceError) else ""
    except Exception as error:
        log.error("source %s: the adapter failed: %s", name, trail(error))
        return f"lỗi chương trình, xin báo người phát triển / a mistake of ours: {type(error).__name__}"
    return ""


async def _pause(source: Source, seconds: float) -> None:
    """Until the pause has ended, or the source hints that there is something new."""
    if source.changed is None:
        await asyncio.sleep(seconds)
        return
    try:
        async with asyncio.timeout(seconds):
            await source.changed()
    except TimeoutError:
        return
    except Exception as error:
        log.warning("source %s: its hint failed: %s", source.name, trail(error))
        await asyncio.sleep(min(seconds, _NO_HINT))


def _report(name: str, applied: Applied) -> None:
    if applied.quarantined:
        log.warning("source %s: %d records could not be read, see `motcua quarantine list`", name, applied.quarantined)
    if applied.late:
        log.info("source %s: %d events came after newer ones and were not applied", name, len(applied.late))
    if applied.changed:
        log.info("source %s: %d rows, %d changed, %d messages", name, applied.rows, applied.changed, applied.planned)


async def reconcile_nightly(
    source: Source, storage: Storage, rules: SourceSettings, clock: Clock, beat: Beat = unheard
) -> None:
    """For ever: compares source and mirror each night at the hour that the settings name."""
    if source.source is None or rules.reconcile_at is None:
        return
    while True:
        await asyncio.sleep((next_night(clock(), rules.reconcile_at) - clock()).total_seconds())
        try:
            report = await reconcile(source.name, source.source, storage, clock)
            beat()
        except MotcuaError as error:
            log.error("source %s: the comparison with the mirror failed: %s", source.name, error)
            continue
        except Exception as error:
            log.error("source %s: the comparison with the mirror failed: %s", source.name, trail(error))
            continue
        tell = log.info if report.agrees else log.warning
        tell(
            "source %s: compared %d: %d missing here, %d missing there, %d differing, %d not read yet",
            source.name, report.compared, report.missing_here, report.missing_there, report.differing, report.unread,
        )  # fmt: skip


def next_night(now: datetime, at: time_of_day) -> datetime:
    """The next moment at which it is `at` in Vietnam."""
    local = now.astimezone(VIETNAM)
    tonight = local.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
    return tonight if tonight > local else tonight + timedelta(days=1)
