"""The calls that providers make to their customer, made again a few times when they fail."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar
from yarl import URL

from adapters.simulators.sms_http.counter import Call
from adapters.simulators.sms_http.journal import Journal

TRIES = 5
"""As eSMS does for its receipts."""
_SHOWN = 200
"""Octets of an answer in the journal."""
_PATIENCE = ClientTimeout(total=20)


class Callbacks:
    """Owns the client session and the calls under way."""

    def __init__(self, journal: Journal, *, repeat_after: float) -> None:
        self._journal = journal
        self._repeat_after = repeat_after
        self._session = ClientSession(cookie_jar=DummyCookieJar(), timeout=_PATIENCE)
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def make(self, call: Call, *, kind: str, provider: str, message_id: str) -> bytes | None:
        """The body of the first answer with status 200; None where no try got one."""
        for number in range(1, TRIES + 1):
            status, body = await self._once(call)
            word = "taken" if status == 200 else "refused"
            facts = {"provider": provider, "message_id": message_id, "status": status, "try": number}
            self._journal.note(f"{kind}_{word}", **facts, answer=body[:_SHOWN].decode("utf-8", "replace"))
            if status == 200:
                return body
            if number < TRIES:
                await asyncio.sleep(self._repeat_after)
        self._journal.note(f"{kind}_given_up", provider=provider, message_id=message_id)
        return None

    async def _once(self, call: Call) -> tuple[int, bytes]:
        try:
            # The address is already escaped in the provider's own way.
            address = URL(call.url, encoded=True)
            async with self._session.request(
                call.method, address, headers=call.headers, data=call.body or None, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except (ClientError, OSError, ValueError):
            return 0, b""

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._session.close()
