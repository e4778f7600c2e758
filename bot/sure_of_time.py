"""Whether the clock may be believed for what cannot be undone: what is forgotten too early does not come back.

A machine whose battery has failed may begin in another year, and would forget everything in its first night.
"""

import logging
from datetime import datetime, timedelta

from bot.house_clock import steady
from bot.model.clock import Clock
from bot.pace import Monotonic
from bot.ports import Storage

log = logging.getLogger(__name__)

NIGHT = "night"
"""Among the marks of retention: when the last night's forgetting ended."""
LONG = timedelta(days=7)
"""After so long without a night the clock is doubted …"""
JUMPED = timedelta(hours=1)
"""… and so it is when it has moved so much more, or less, than time has passed."""
PATIENCE = timedelta(hours=20)
"""For so long it then has to go on as time does, in which the alarm `clock` can be heard: one night is left out."""


class SureOfTime:
    """Of one process."""

    def __init__(
        self, storage: Storage, *, clock: Clock, monotonic: Monotonic = steady, patience: timedelta = PATIENCE
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._monotonic = monotonic
        self._patience = patience
        self._since, self._began = clock(), monotonic()
        self._has_jumped = False
        self._is_told = False

    async def is_sure(self) -> bool:
        """False while nothing is to be forgotten. Raises `StorageError`."""
        now, passed = self._clock(), timedelta(seconds=self._monotonic() - self._began)
        if abs((now - self._since) - passed) > JUMPED:
            self._since, self._began, self._has_jumped = now, self._monotonic(), True
            passed = timedelta()
        if passed >= self._patience:
            self._has_jumped = self._is_told = False
            return True
        last = await self._storage.read(lambda tx: tx.retention.passed_at(NIGHT))
        if not self._has_jumped and (last is None or now - last <= LONG):
            return True
        self._tell(last)
        return False

    async def slept(self) -> None:
        """A night's forgetting has ended. Raises `StorageError`."""
        now = self._clock()
        await self._storage.write(lambda tx: tx.retention.passed(NIGHT, at=now))

    def _tell(self, last: datetime | None) -> None:
        if self._is_told:
            return
        self._is_told = True
        why = "the clock has jumped" if self._has_jumped else f"the last night was that of {last:%Y-%m-%d}"
        log.warning(
            "chưa xóa gì theo thời hạn, chờ đồng hồ chạy đúng %s giờ / nothing is forgotten for %s h: %s",
            *[f"{self._patience.total_seconds() / 3600:.0f}"] * 2,
            why,
        )
