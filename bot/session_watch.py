"""Forgets sessions of the staff that have ended by themselves, and letters of invitation that ran out long ago."""

import asyncio
import logging
from datetime import timedelta

from bot.beats import Beat, unheard
from bot.console_settings import ConsoleSettings
from bot.model.clock import Clock
from bot.model.errors import trail
from bot.ports import Storage, Transaction

log = logging.getLogger(__name__)

EVERY = 900.0
"""Seconds between two looks."""
_LETTERS_KEPT = timedelta(days=30)
"""How long an administrator still sees that an invitation was not used."""


async def prune(storage: Storage, clock: Clock, rules: ConsoleSettings) -> int:
    """Once. Nobody gets in with what goes here; the gate has turned it away before. Returns how many sessions."""
    now = clock()

    async def work(tx: Transaction) -> int:
        await tx.staff.prune_invitations(expired_before=now - _LETTERS_KEPT)
        return await tx.staff.prune_sessions(
            opened_before=now - timedelta(hours=rules.longest_hours),
            seen_before=now - timedelta(minutes=rules.idle_minutes),
        )

    return await storage.write(work)


async def watch_sessions(storage: Storage, clock: Clock, rules: ConsoleSettings, beat: Beat = unheard) -> None:
    """Until cancelled."""
    while True:
        try:
            await prune(storage, clock, rules)
            beat()
        except Exception as error:
            log.error("ended sessions could not be forgotten: %s", trail(error))
        await asyncio.sleep(EVERY)
