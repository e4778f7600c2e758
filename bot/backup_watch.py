"""One good backup each night, by the process that plans; and a complaint where the last good one is too old."""

import asyncio
import logging
from datetime import datetime, time, timedelta
from pathlib import Path

from bot.backups import Backups, listed, prune, until
from bot.beats import Shift
from bot.model.clock import VIETNAM, Clock
from bot.model.errors import MotcuaError, trail

log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds between two looks whether one is due."""
LATE = timedelta(hours=26)
"""The last good one may be so old."""
AGAIN = timedelta(minutes=30)
"""Until the next try after one that failed."""
NAME = "backup:nightly"


class BackupWatch:
    """Where the service was down at the hour, it makes up for it."""

    def __init__(
        self, backups: Backups, folder: Path, *, at: time, keep: int, clock: Clock, every: float = EVERY
    ) -> None:
        self._backups = backups
        self._folder = folder
        self._at = at
        self._keep = keep
        self._clock = clock
        self._every = every
        self._tried: datetime | None = None
        self._failed = ""

    async def run(self, signs: Shift) -> None:
        """Until cancelled."""
        beat = signs.of(NAME, every=5 * self._every)
        trouble: tuple[str, str] | None = None

        def tell() -> None:
            if trouble is None:
                beat()
            else:
                signs.complain(NAME, *trouble, every=5 * self._every)

        while True:
            looking = asyncio.create_task(self.look())
            try:
                # A big database takes its time.
                while not (await asyncio.wait([looking], timeout=self._every))[0]:
                    tell()
                trouble = looking.result()
            except MotcuaError as error:
                log.error("backups cannot be looked after: %s", error)
                vietnamese, english = _halves(str(error))
                trouble = f"sao lưu: {vietnamese}", f"backups: {english}"
            except Exception as error:
                log.error("backups cannot be looked after: %s", trail(error))
                trouble = "sao lưu: lỗi chương trình, xem nhật ký", "backups: a mistake of ours, see the log"
            finally:
                looking.cancel()
                await asyncio.wait([looking])
            tell()
            await asyncio.sleep(self._every)

    async def look(self) -> tuple[str, str] | None:
        """Makes one where one is due. What is to complain of, in Vietnamese and English. Raises `BackupError`."""
        now = self._clock()
        if self._is_due(now, await self._newest()):
            self._tried = now
            await self._make()
        return _trouble(self._clock(), await self._newest(), self._failed)

    async def _newest(self) -> datetime | None:
        found = until(await asyncio.to_thread(listed, self._folder), self._clock())
        return found[-1][0] if found else None

    def _is_due(self, now: datetime, newest: datetime | None) -> bool:
        if self._tried and now - self._tried < AGAIN:
            return False
        return newest is None or newest < _last_hour(now, self._at)

    async def _make(self) -> None:
        try:
            made = await self._backups.make(self._folder)
            gone = await asyncio.to_thread(prune, self._folder, self._keep, self._clock())
        except MotcuaError as error:
            self._failed = str(error)
            log.error("no backup was made: %s", error)
            return
        self._failed = ""
        log.info(
            "backup %s: %d bytes in %.1f s, %d old ones deleted", made.path.name, made.size, made.seconds, len(gone)
        )


def _last_hour(now: datetime, at: time) -> datetime:
    """The last moment at which it was `at` in Vietnam."""
    local = now.astimezone(VIETNAM)
    today = local.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
    return today if today <= local else today - timedelta(days=1)


def _trouble(now: datetime, newest: datetime | None, failed: str) -> tuple[str, str] | None:
    vietnamese, english = (f": {each}" for each in _halves(failed)) if failed else ("", "")
    if newest is None:
        return (f"chưa có bản sao lưu nào{vietnamese}", f"there is no backup yet{english}") if failed else None
    age = now - newest
    if age <= LATE:
        return None
    hours = age.total_seconds() / 3600
    return (
        f"bản sao lưu tốt gần nhất đã {hours:.0f} giờ{vietnamese}",
        f"the last good backup is {hours:.0f} h old{english}",
    )


def _halves(error: str) -> tuple[str, str]:
    """The Vietnamese and the English of an error, which says both."""
    vietnamese, _, english = error.partition(" / ")
    return vietnamese, english or vietnamese
