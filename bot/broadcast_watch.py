"""Watches for broadcasts whose hour has come, and hands them out until everybody has had her turn."""

import asyncio
import logging

from bot.beats import Beat, unheard
from bot.broadcast_handing import HandingOut
from bot.model.broadcast import BroadcastState
from bot.model.errors import trail
from bot.ports import Storage

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks while there is nothing to do."""

BEATS_WITHIN = 30.0
"""Seconds within which a look is over, also one that words a page."""

SOON = 0.01
"""Seconds between two looks while something is handed out."""

FULL = 0.2
"""Seconds between two looks while as much waits to be sent as may: a fast account would stand still for the rest."""

_MOVING = (BroadcastState.APPROVED, BroadcastState.RUNNING, BroadcastState.TRIED)


class BroadcastWatch:
    """Of any process: what one has handed out the others find done, and what one leaves behind they take up."""

    def __init__(self, storage: Storage, handing_out: HandingOut) -> None:
        self._storage = storage
        self._handing_out = handing_out
        self._is_running = False

    async def run(self, beat: Beat = unheard) -> None:
        """Until cancelled."""
        while True:
            moved = False
            try:
                moved = await self.look()
                beat()
            except Exception as error:
                log.error("broadcasts could not be handed out: %s", trail(error))
            await asyncio.sleep(SOON if moved else FULL if self._is_running else EVERY)

    async def look(self) -> bool:
        """One step of each; False where none had any to do. What is wrong with one does not hold up the others."""
        moved = False
        broadcasts = await self._storage.read(lambda tx: tx.broadcasts.in_states(_MOVING))
        self._is_running = any(each.state is BroadcastState.RUNNING for each in broadcasts)
        for broadcast in broadcasts:
            try:
                moved |= await self._handing_out.move(broadcast)
            except Exception as error:
                log.error("broadcast %s could not be handed out: %s", broadcast.id, trail(error))
        return moved
