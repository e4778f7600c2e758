"""What readers have on their screens, told to the service together: one transaction for all pages of a moment."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable

from aiohttp import web

from bot.model.errors import trail
from bot.model.message import DeliveryState, OutboxItem
from bot.web.context import WebContext
from bot.web.talk import seen

log = logging.getLogger(__name__)

_GATHERED = 0.05
"""Seconds that the first one waits for others."""


class Sightings:
    """Receipts of the web chat. One that is lost with the process leaves its message accepted, which is true too."""

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._waiting: dict[str, OutboxItem] = {}
        self._news = asyncio.Event()

    def note(self, items: Iterable[OutboxItem]) -> None:
        """These have been sent and are being shown."""
        self._waiting |= {item.id: item for item in items if item.state is not DeliveryState.DELIVERED}
        if self._waiting:
            self._news.set()

    async def told(self, _: web.Application) -> AsyncIterator[None]:
        """For `cleanup_ctx`: tells while the application serves, and what is left at the end."""
        telling = asyncio.create_task(self._tell_for_ever())
        yield
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        await self._tell()

    async def _tell_for_ever(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(_GATHERED)
            await self._tell()

    async def _tell(self) -> None:
        items, self._waiting = self._waiting, {}
        self._news.clear()
        if not items:
            return
        try:
            await self._context.deliver([seen(self._context, item) for item in items.values()])
        except Exception as error:
            log.warning("%d messages that were shown stay accepted: %s", len(items), trail(error))
