"""Watches for chats whose provider cannot be reached: what waits there goes the next way, and people are told once.

Telegram has been reported blocked in Vietnam since 2025: such an outage may last for weeks, or for ever.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.beats import Beat, unheard
from bot.model.clock import Clock, to_millis
from bot.model.errors import trail
from bot.model.ids import NewId
from bot.model.message import Lane, OutboxItem, Situation
from bot.planning import LIFETIME
from bot.ports import Rerouted, Storage, Transaction
from bot.texts import Catalogue

log = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds between two looks."""

_AT_ONCE = 500
"""Messages that take another way in one transaction."""


class Sending(Protocol):
    """What must be known of a channel's sender."""

    @property
    def name(self) -> str: ...
    @property
    def failing_since(self) -> datetime | None: ...


class BlockedWatch:
    """Of the chats of one process. `names` are the channels' names as citizens know them."""

    def __init__(
        self,
        storage: Storage,
        senders: Sequence[Sending],
        names: Mapping[str, str],
        *,
        after: timedelta,
        catalogue: Catalogue,
        plain: Callable[[str], bool],
        clock: Clock,
        new_id: NewId,
    ) -> None:
        """`plain` tells of a scheme whether its texts go without accents."""
        self._storage = storage
        self._senders = [each for each in senders if each.name in names]
        self._names = names
        self._after = after
        self._catalogue = catalogue
        self._plain = plain
        self._clock = clock
        self._new_id = new_id
        self._blocked: set[str] = set()

    @property
    def blocked(self) -> frozenset[str]:
        """Channels whose messages go another way now."""
        return frozenset(self._blocked)

    async def run(self, beat: Beat = unheard) -> None:
        """For ever."""
        while True:
            try:
                await self.look()
                beat()
            except Exception as error:
                log.error("blocked chats could not be relieved: %s", trail(error))
            await asyncio.sleep(EVERY)

    async def look(self) -> int:
        """One look; how many messages took another way."""
        moved = 0
        for sender in self._senders:
            since = sender.failing_since
            if since is None or self._clock() - since < self._after:
                if sender.name in self._blocked:
                    self._blocked.discard(sender.name)
                    log.info("channel %s can be reached again", sender.name)
                continue
            if sender.name not in self._blocked:
                self._blocked.add(sender.name)
                log.error("channel %s cannot be reached: its messages go the next way", sender.name)
            moved += await self._relieve(sender.name, since)
        return moved

    async def _relieve(self, channel: str, since: datetime) -> int:
        moved, more = 0, True
        while more:
            rerouted = await self._storage.write(lambda tx: self._reroute(tx, channel, since))
            moved += len(rerouted)
            more = len(rerouted) == _AT_ONCE
        return moved

    async def _reroute(self, tx: Transaction, channel: str, since: datetime) -> list[Rerouted]:
        now = self._clock()
        reason = f"{channel} cannot be reached"
        rerouted = await tx.outbox.reroute(channel, reason=reason, at=now, limit=_AT_ONCE)
        # Whoever has been told of this outage already is told no more: the key is the same.
        people = {each.address.key: each for each in rerouted}
        await tx.outbox.enqueue([self._notice(channel, each, since, now) for each in people.values()])
        return rerouted

    def _notice(self, channel: str, rerouted: Rerouted, since: datetime, now: datetime) -> OutboxItem:
        plain = self._plain(rerouted.address.scheme)
        rendered = self._catalogue.render("push.notice", {"channel": self._names[channel]}, plain=plain)
        origin = f"blocked:{channel}:{to_millis(since)}"
        return OutboxItem(
            id=self._new_id(),
            dedupe_key=f"{origin}|{rerouted.address.key}",
            origin=origin,
            channel=rerouted.channel,
            route=rerouted.route,
            address=rerouted.address,
            lane=Lane.PUSH,
            situation=Situation.NOTICE,
            text=rendered.text,
            parts=rendered.parts,
            created_at=now,
            next_at=now,
            expires_at=now + LIFETIME[Situation.NOTICE],
        )
