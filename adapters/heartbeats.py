"""Calls a watch outside of the house at the address that the operator was given there.

Whoever knows the address can keep that watch quiet, so it is a secret: nothing of it, nor of an answer, is ever told.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.http import Answer, Caller, Request, calling, trust

_CONNECTED_WITHIN = 5.0
"""Seconds at most of the time for the answer."""
_LONGEST = 64 * 1024


class Door:
    """`bot.ports.HeartDoor` over HTTP. A redirect is no answer: it would carry the key elsewhere."""

    def __init__(self, caller: Caller, *, url: str, alarm_url: str, method: str) -> None:
        self._caller = caller
        self._urls = {True: url, False: alarm_url}
        self._method = method

    async def call(self, *, is_well: bool) -> str:
        reached = await self._caller.ask(Request(self._method, self._urls[is_well]))
        if isinstance(reached, Answer):
            return "" if 200 <= reached.status < 300 else f"it answers {reached.status}"
        return reached.reason


@asynccontextmanager
async def heart_door(
    *, url: str, alarm_url: str = "", method: str = "GET", timeout: float, proxy: str = "", ca_file: Path | None = None
) -> AsyncIterator[Door]:
    """`alarm_url` is called while an alarm is open. Raises `ConfigError` for a file without certificates."""
    async with calling(
        window=1,
        connect_timeout=min(_CONNECTED_WITHIN, timeout),
        response_timeout=timeout,
        proxy=proxy,
        tls=trust(ca_file),
        longest=_LONGEST,
    ) as caller:
        yield Door(caller, url=url, alarm_url=alarm_url, method=method)
