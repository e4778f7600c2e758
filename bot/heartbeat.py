"""Tells a watch outside of the house that the service is well. It raises the alarm when it no longer hears that: also
where this machine is off, its net is cut, or the queue by which the operators would be told is what stands still."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from bot.beats import Beat, unheard
from bot.heartbeat_settings import HeartbeatSettings
from bot.model.errors import trail
from bot.pace import Monotonic
from bot.ports import HeartDoor
from bot.ports.watching import Alarm

log = logging.getLogger(__name__)

LOOK = 2.0
"""Seconds between two looks whether a call is due, or the post has come to this process."""
AGAIN = 10.0
"""Seconds after which a call that failed is made again."""


class Watched(Protocol):
    """What must be known of the watch over the service."""

    @property
    def alarms(self) -> Sequence[Alarm]: ...
    @property
    def is_still(self) -> bool: ...
    @property
    def looked_at(self) -> datetime | None: ...


class HeartbeatCalls:
    """Of one process; it calls while it holds the post of the watch, so that of several processes one calls."""

    def __init__(
        self,
        door: HeartDoor,
        settings: HeartbeatSettings,
        watch: Watched,
        *,
        leads: Callable[[], bool],
        monotonic: Monotonic,
    ) -> None:
        self._door = door
        self._settings = settings
        self._watch = watch
        self._leads = leads
        self._monotonic = monotonic
        self._due_at = float("-inf")
        self._was_well = True
        self._trouble = ""
        """Why the last call failed; it is logged when it changes, not each time."""

    async def run(self, beat: Beat = unheard) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
                beat()
            except Exception as error:
                log.error("the watch outside could not be called: %s", trail(error))
            await asyncio.sleep(LOOK)

    async def look(self) -> None:
        """Calls if it is time, or what is to be told has changed. Silent while nobody knows whether all is well."""
        watch = self._watch
        if not self._leads() or watch.looked_at is None or watch.is_still:
            return
        is_well = not watch.alarms
        if is_well == self._was_well and self._monotonic() < self._due_at:
            return
        self._was_well = is_well
        if not is_well and self._settings.alarm_url is None:
            return
        trouble = await self._door.call(is_well=is_well)
        pause = min(AGAIN, self._settings.every) if trouble else self._settings.every
        self._due_at = self._monotonic() + pause
        self._note(trouble)

    def _note(self, trouble: str) -> None:
        if trouble == self._trouble:
            return
        self._trouble = trouble
        if trouble:
            log.warning("the watch outside could not be told how the service fares: %s", trouble)
        else:
            log.warning("the watch outside is told again how the service fares")
