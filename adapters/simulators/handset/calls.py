"""Calls of a simulated service to its customer's webhook, made again while they are not answered with 200 in time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar

from adapters.simulators.handset.journal import Journal


@dataclass(frozen=True, slots=True)
class Letter:
    """One try of a call: what exactly is posted."""

    body: bytes
    headers: Mapping[str, str]


Written = Callable[[int], Letter]
"""The letter of a try; the first is number 0."""


class Calls:
    """Owns the client session and the calls under way. `pauses` are the seconds before each further try."""

    def __init__(self, journal: Journal, *, patience: float, pauses: Sequence[float]) -> None:
        self._journal = journal
        self._pauses = tuple(pauses)
        self._session = ClientSession(cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=patience))
        self._tasks: set[asyncio.Task[None]] = set()

    async def make(self, url: str, event: str, written: Written) -> bool:
        """Whether the first try was acknowledged; further ones are made in the background."""
        if await self._once(url, event, written, 0):
            return True
        task = asyncio.create_task(self._repeat(url, event, written))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return False

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._session.close()

    async def _repeat(self, url: str, event: str, written: Written) -> None:
        for number, pause in enumerate(self._pauses, 1):
            await asyncio.sleep(pause)
            if await self._once(url, event, written, number):
                return
        self._journal.note("given_up", event_name=event)

    async def _once(self, url: str, event: str, written: Written, number: int) -> bool:
        letter = written(number)
        try:
            async with self._session.post(
                url, data=letter.body, headers=letter.headers, allow_redirects=False
            ) as response:
                status = response.status
                await response.read()
        except (ClientError, OSError, ValueError):
            status = 0
        self._journal.note("told" if status == 200 else "not_taken", event_name=event, status=status, retry=number)
        return status == 200
