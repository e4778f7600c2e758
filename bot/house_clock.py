"""The time that the service lives by: it runs on by itself when a machine's clock jumps, and agrees with the database.

Leases, expiry, due times and quiet hours are all told by it, so that one wrong clock among several machines neither
steals a job, nor lets a message expire, nor keeps one back. What is wrong with the clocks is the alarms' business
(`bot.clocks`), which look at the machine's own.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.clock import EPOCH, Clock, utc_now
from bot.model.errors import StorageError
from bot.pace import Monotonic
from bot.ports import Storage

log = logging.getLogger(__name__)

JUMP = timedelta(seconds=5)
"""Less is drift, and followed at once; more is a jump, and may be a mistake that is soon undone."""
AGREED = 60.0
"""Seconds for which this machine and the database must agree on a jump before it is followed."""
STOOD = 15 * 60.0
"""Seconds for which a jump must stand where nobody else can be asked, or the other one says otherwise."""
EVERY = 5.0
"""Seconds between two looks at the clocks."""

_NOISE = timedelta(milliseconds=20)


def steady() -> float:
    """Seconds that never jump, and go on while the machine sleeps where the system counts that (Linux)."""
    word = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if word is None else time.clock_gettime(word)


@dataclass(slots=True)
class _Held:
    """A jump that is not followed yet."""

    apart: timedelta
    since: float
    agreed_since: float | None = None


class HouseClock:
    """A `Clock` that starts with the wall's time, and from the first word of the database on with the database's.

    It never runs backwards, except when a jump is followed.
    """

    def __init__(self, *, wall: Clock = utc_now, monotonic: Monotonic = steady) -> None:
        self.wall = wall
        self._monotonic = monotonic
        self._held: _Held | None = None
        self._has_database = False
        self._floor = EPOCH
        self._base, self._base_at = wall(), monotonic()

    def __call__(self) -> datetime:
        now = self._base + timedelta(seconds=self._monotonic() - self._base_at)
        return max(self._floor, now)

    @property
    def held(self) -> timedelta | None:
        """How far the clocks that we go by have jumped, while that is not followed."""
        return self._held.apart if self._held else None

    def observe(self, database: datetime | None) -> None:
        """To be called every few seconds. `database`: what time it is on its machine; None where that is this one, or
        where it does not answer just now, and then a clock that has heard it before goes on by itself."""
        wall = self.wall()
        if database is None and self._has_database:
            return
        if database is not None and not self._has_database:
            self._has_database = True
            self._jump_to(database)
            return
        reference = wall if database is None else database
        apart = reference - self()
        if abs(apart) <= JUMP:
            self._held = None
            self._drift(apart)
        elif self._has_stood(apart, agreed=database is not None and abs(wall - database) <= JUMP):
            log.warning("the clock jumped by %+.0f s, which has stood: it is followed", apart.total_seconds())
            self._jump_to(reference)

    def _has_stood(self, apart: timedelta, *, agreed: bool) -> bool:
        now = self._monotonic()
        if self._held is None or abs(self._held.apart - apart) > JUMP:
            log.warning("the clock jumped by %+.0f s: it is not followed at once", apart.total_seconds())
            self._held = _Held(apart, now)
        held = self._held
        if not agreed:
            held.agreed_since = None
        elif held.agreed_since is None:
            held.agreed_since = now
        is_agreed = held.agreed_since is not None and now - held.agreed_since >= AGREED
        return is_agreed or now - held.since >= STOOD

    def _drift(self, apart: timedelta) -> None:
        """Forwards at once; backwards by standing still until the others have come up."""
        if abs(apart) <= _NOISE:
            return
        shown = self()
        self._base, self._base_at = shown + apart, self._monotonic()
        self._floor = shown

    def _jump_to(self, moment: datetime) -> None:
        self._held = None
        self._floor = EPOCH
        self._base, self._base_at = moment, self._monotonic()


@asynccontextmanager
async def kept(clock: HouseClock, storage: Storage) -> AsyncIterator[None]:
    """Looks at the clocks before the block begins, and while it lasts."""
    await _look(clock, storage)
    looking = asyncio.create_task(_keep_looking(clock, storage))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.wait([looking])


async def _keep_looking(clock: HouseClock, storage: Storage) -> None:
    while True:
        await asyncio.sleep(EVERY)
        await _look(clock, storage)


async def _look(clock: HouseClock, storage: Storage) -> None:
    try:
        clock.observe(await storage.far_clock())
    except StorageError:
        clock.observe(None)
    except Exception as error:
        log.error("the clocks could not be compared: %s", type(error).__name__)
