"""Watches for messages that have not succeeded in time on their way, and sends them by the next one."""

import asyncio
import logging

from bot.beats import Beat, unheard
from bot.model.clock import Clock
from bot.model.errors import trail
from bot.model.message import OutboxItem, Situation, family_of
from bot.planning import STANDS_BESIDE_NEWS, STANDS_BESIDE_PROGRESS, untruth_of
from bot.ports import Overdue, Storage, Transaction

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two looks."""

_AT_ONCE = 500
"""Messages that are looked at in one transaction."""


class FallbackWatch:
    """Of all processes one after the other: what one has locked the others skip."""

    def __init__(self, storage: Storage, *, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def run(self, beat: Beat = unheard) -> None:
        """For ever."""
        while True:
            try:
                if moved := await self.look():
                    log.info("%d messages had not arrived in time: they go the next way", moved)
                beat()
            except Exception as error:
                log.error("messages that had not arrived in time could not be moved on: %s", trail(error))
            await asyncio.sleep(EVERY)

    async def look(self) -> int:
        """One look; how many messages took another way."""
        moved, found = 0, _AT_ONCE
        while found == _AT_ONCE:
            found, went = await self._storage.write(self._move)
            moved += went
        return moved

    async def _move(self, tx: Transaction) -> tuple[int, int]:
        now = self._clock()
        overdue = await tx.outbox.overdue(now=now, limit=_AT_ONCE)
        stays: dict[str, str] = {}
        goes: dict[str, list[str]] = {}
        for each in overdue:
            if why := stays_because(each, is_over=each.item.expires_at <= now):
                stays[each.item.id] = why
            else:
                goes.setdefault(_reason(each.item), []).append(each.item.id)
        await tx.outbox.stay(stays, at=now)
        moved = [await tx.outbox.fall_back(ids, reason=reason, at=now) for reason, ids in sorted(goes.items())]
        return len(overdue), sum(moved)


def stays_because(overdue: Overdue, *, is_over: bool) -> str:
    """Why an accepted message takes no other way; empty where it does. `is_over`: it is no longer worth sending."""
    item = overdue.item
    if not item.alternatives:
        return "no other way is left"
    if is_over:
        return "no other way: its time is over"
    if untruth := untruth_of(item, overdue.standing):
        return f"no other way: {untruth}"
    if any(_takes_the_place_of(item, newer) for newer in overdue.newer):
        return "no other way: a newer message took its place"
    return ""


def _takes_the_place_of(item: OutboxItem, newer: Situation) -> bool:
    """What stands beside mere progress while it waits does so here too."""
    if newer in _ASIDE or item.situation in STANDS_BESIDE_NEWS:
        return False
    return item.situation not in STANDS_BESIDE_PROGRESS or family_of(newer) is not Situation.PROGRESS


_ASIDE = frozenset(
    {Situation.SURVEY, Situation.NOTICE, Situation.CONGRATULATION, Situation.CONDOLENCE, Situation.BROADCAST}
)
"""Not news about the dossier."""


def _reason(item: OutboxItem) -> str:
    return f"not confirmed in time by {item.gateway or item.channel}"
