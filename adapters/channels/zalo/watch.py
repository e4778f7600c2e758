"""What a Zalo channel does beside sending: it keeps the tokens alive and asks how many messages are left."""

import asyncio
import logging
import time

from adapters.channels.zalo.api import Api
from adapters.channels.zalo.quota import Quota
from adapters.channels.zalo.tokens import Keeper
from adapters.channels.zalo.verdicts import Reply
from bot.model.errors import StorageError
from bot.ports import Deliver

log = logging.getLogger(__name__)

EVERY = 30.0
"""Seconds between two looks at the tokens."""
SOON = 1.0
"""The same, while another process renews them: should it die, somebody is there within ten seconds."""
QUOTA_EVERY = 3_600.0


class Watch:
    """A `Listener` that hears nothing: citizens' messages come by the webhook."""

    def __init__(self, name: str, keeper: Keeper, api: Api, quota: Quota, *, every: float = EVERY) -> None:
        self._name = name
        self._keeper = keeper
        self._api = api
        self._quota = quota
        self._every = every
        self._asked_at: float | None = None

    async def listen(self, deliver: Deliver) -> None:
        while True:
            try:
                await self._keeper.tend()
            except StorageError as error:
                log.warning("%s: the tokens could not be looked after: %s", self._name, error)
            await self._ask_for_quota()
            await asyncio.sleep(min(self._every, SOON) if self._keeper.waits else self._every)

    async def _ask_for_quota(self) -> None:
        now = time.monotonic()
        if self._asked_at is not None and now - self._asked_at < QUOTA_EVERY:
            return
        reply = await self._api.quota()
        if isinstance(reply, Reply):
            self._asked_at = now
            if reply.code == 0:
                self._quota.read(reply.content)
