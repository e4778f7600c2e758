"""Calls the bot's webhook: every update until it is taken, with the secret, and does what the answer asks."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from adapters.simulators.telegram.world import Hook, World

_LONGEST_PAUSE = 60.0
_PATIENCE = ClientTimeout(total=20)
_ANSWER = 64 * 1024

Call = Callable[[str, dict[str, Any]], Awaitable[object]]
"""Carries out a method of the Bot API by its name."""


class Caller:
    """Up to as many calls at once as the bot allows. As with Telegram, their order is not promised."""

    def __init__(self, world: World, http: ClientSession, call: Call, *, retry: float) -> None:
        self._world = world
        self._http = http
        self._call = call
        self._retry = retry
        self._under_way: set[int] = set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            while True:
                async with self._world.news:
                    await self._world.news.wait_for(self._next)
                while (hook := self._world.hook) and (update := self._next()):
                    self._under_way.add(id(update))
                    tasks.create_task(self._deliver(hook, update))

    def _next(self) -> dict[str, Any] | None:
        """The oldest update that is not under way, if one more call is allowed."""
        hook = self._world.hook
        if hook is None or len(self._under_way) >= hook.connections:
            return None
        return next((each for each in self._world.updates if id(each) not in self._under_way), None)

    async def _deliver(self, hook: Hook, update: dict[str, Any]) -> None:
        pause = self._retry
        try:
            while self._world.hook is hook and not await self._is_taken(hook, update):
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            self._under_way.discard(id(update))
            async with self._world.news:
                self._world.news.notify_all()

    async def _is_taken(self, hook: Hook, update: dict[str, Any]) -> bool:
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        self._world.counts["webhook_calls"] += 1
        try:
            async with self._http.post(hook.url, json=update, headers=headers, timeout=_PATIENCE) as answer:
                body = await answer.content.read(_ANSWER)
                status, reason, kind = answer.status, answer.reason, answer.content_type
        except (ClientError, OSError, TimeoutError) as error:
            self._failed(hook, f"Connection failed: {type(error).__name__}")
            return False
        if not 200 <= status < 300:
            self._failed(hook, f"Wrong response from the webhook: {status} {reason}")
            return False
        if update in self._world.updates:
            self._world.updates.remove(update)
        if kind == "application/json" and body:
            await self._obey(body)
        return True

    async def _obey(self, body: bytes) -> None:
        """An answer may hold one call of the Bot API."""
        asked = _object(body)
        if method := asked.pop("method", None):
            await self._call(str(method), asked)

    def _failed(self, hook: Hook, reason: str) -> None:
        self._world.counts["webhook_failures"] += 1
        hook.error, hook.error_at = reason, int(time.time())


def _object(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}
