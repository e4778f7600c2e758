"""Watches for the end of quiet hours: what was held leaves, what has become untrue does not, several become one."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from bot.beats import Beat, unheard
from bot.digest import Digests
from bot.model.clock import Clock
from bot.model.errors import trail
from bot.planning import untruth_of
from bot.ports import Claimed, Storage, Transaction

log = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds between two looks."""

_AT_ONCE = 500
"""Held messages that are let go in one transaction."""


class QuietWatch:
    """Of any process; what one lets go another finds gone."""

    def __init__(self, storage: Storage, digests: Digests, *, clock: Clock) -> None:
        self._storage = storage
        self._digests = digests
        self._clock = clock

    async def run(self, beat: Beat = unheard) -> None:
        """Until cancelled."""
        while True:
            try:
                if number := await self.look():
                    log.info("%d messages that waited for the end of quiet hours are let go", number)
                beat()
            except Exception as error:
                log.error("the end of quiet hours could not be kept: %s", trail(error))
            await asyncio.sleep(EVERY)

    async def look(self) -> int:
        """Lets go everything whose hours are over; how many messages that were."""
        total = 0
        while number := await self._storage.write(self._release):
            total += number
        return total

    async def _release(self, tx: Transaction) -> int:
        now = self._clock()
        held = await tx.outbox.quiet_over(now=now, limit=_AT_ONCE)
        people = [list(group) for _, group in groupby(held, key=lambda each: each.item.address.key)]
        if len(held) == _AT_ONCE and len(people) > 1:
            # The last one's messages may not all be here: they come with the next ones.
            people.pop()
        for messages in people:
            await self._let_go(tx, messages, now)
        return sum(map(len, people))

    async def _let_go(self, tx: Transaction, messages: Sequence[Claimed], now: datetime) -> None:
        untrue = {each.item.id: why for each in messages if (why := untruth_of(each.item, each.standing))}
        if untrue:
            await tx.outbox.drop_held(untrue, at=now)
        true = [each for each in messages if each.item.id not in untrue]
        digest, folded = self._digests.of(true, now=now)
        if digest:
            await tx.outbox.fold_held([each.id for each in folded], reason=f"told in a digest: {digest.id}", at=now)
            await tx.outbox.enqueue([digest])
        kept = [each.item.id for each in true if each.item.id not in {item.id for item in folded}]
        await tx.outbox.wake_held(kept, at=now)
