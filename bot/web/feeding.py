"""Brings to the pages that are open here what another process has sent: this one's own sender needs no such help."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from datetime import timedelta

from aiohttp import web

from bot.model.errors import trail
from bot.pace import wait
from bot.ports import Feed
from bot.web.context import WebContext
from bot.web.history import floor_id

log = logging.getLogger(__name__)

_SOON = 0.05
"""Seconds between a message's being planned and a look whether it has been sent."""
_SELDOM = 2.0
"""Seconds between two looks while nothing is planned, or where no word of it comes to this process."""
_SHARE = 10.0
"""A look may take a tenth of the time: the next one comes after so many times as long as it took."""
_MADE_WITHIN = timedelta(hours=1)
"""A message that was made longer ago is brought by the page's own looks at the history."""
_WRITTEN_WITHIN = timedelta(seconds=60)
"""A sending is written down so long after its own time at most."""
_REMEMBERED = 10_000


class Feeding:
    """Of the web chat of one process."""

    def __init__(self, context: WebContext, feed: Feed) -> None:
        self._context = context
        self._feed = feed
        self._handed: OrderedDict[str, None] = OrderedDict()
        self._since = context.clock()

    async def told(self, _: web.Application) -> AsyncIterator[None]:
        """For `cleanup_ctx`: feeds while the application serves."""
        feeding = asyncio.create_task(self._feed_for_ever())
        yield
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)

    async def _feed_for_ever(self) -> None:
        storage, channel = self._context.storage, self._context.channel
        # An event of our own: the channel's belongs to its sender, if that is here.
        storage.feeds(channel, [f"readers of {channel}"])
        planned = storage.woken(f"readers of {channel}")
        pause = least = _SOON
        while True:
            await wait(planned, pause)
            if planned.is_set():
                planned.clear()
                pause = least
                await asyncio.sleep(least)
            begun = time.monotonic()
            try:
                await self.look()
            except Exception as error:
                log.warning("what others have sent is brought to the pages later: %s", trail(error))
            least = max(_SOON, _SHARE * (time.monotonic() - begun))
            pause = min(max(least, 2 * pause), max(least, _SELDOM))

    async def look(self) -> int:
        """Hands over what was sent to the addresses that are watched here; how many messages. Raises `StorageError`."""
        keys, now = self._feed.watched_keys(), self._context.clock()
        since, self._since = self._since - _WRITTEN_WITHIN, now
        if not keys:
            return 0
        after = floor_id(now - _MADE_WITHIN)
        found = await self._context.storage.read(lambda tx: tx.outbox.fed(keys, after=after, since=since))
        fresh = [item for item in found if item.id not in self._handed]
        for item in fresh:
            self._feed.hand(item)
            self._handed[item.id] = None
        while len(self._handed) > _REMEMBERED:
            self._handed.popitem(last=False)
        return len(fresh)
