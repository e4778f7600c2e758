"""Looks after what nobody looks after: messages whose sender died, and messages that waited too long."""

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime

from bot.beats import Beat, unheard
from bot.config import OutboxSettings
from bot.model.clock import Clock
from bot.model.errors import trail
from bot.ports import Storage, Transaction

log = logging.getLogger(__name__)


async def sweep(
    storage: Storage, clock: Clock, honouring: Collection[str], timing: OutboxSettings, beat: Beat = unheard
) -> None:
    """Forever: what was claimed by a process that died becomes uncertain, what waited too long expires."""
    while True:
        now = clock()

        async def work(tx: Transaction, now: datetime = now) -> tuple[int, int]:
            return await tx.outbox.lapse(now=now, requeue=honouring), await tx.outbox.expire(now=now)

        try:
            lapsed, expired = await storage.write(work)
            if lapsed or expired:
                log.warning("%d messages lost their sender, %d expired while they waited", lapsed, expired)
            beat()
        except Exception as error:
            log.error("the sweeper could not work: %s", trail(error))
        await asyncio.sleep(timing.sweep)
