"""The way to one SMS provider: addresses below the settings' `url`, over connections that all its calls share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from adapters.channels.sms_http.settings import HttpSettings
from adapters.http import Caller, Reached, Request, calling, trust


class Client:
    """Each call is made at most once and ends within its time-outs."""

    def __init__(self, caller: Caller, base: str) -> None:
        self._caller = caller
        self._base = base.rstrip("/")

    async def ask(self, request: Request) -> Reached:
        """The request's address may be absolute, or below the settings' `url`."""
        return await self._caller.ask(replace(request, url=address_of(self._base, request.url)))


def address_of(base: str, url: str) -> str:
    """`url` itself where it is absolute, else below `base`."""
    if url.startswith(("http://", "https://")):
        return url
    return f"{base}{url}" if not url or url[0] in "/?" else f"{base}/{url}"


@asynccontextmanager
async def connected(settings: HttpSettings) -> AsyncIterator[Client]:
    """A client whose connections are opened when they are needed. Raises `ConfigError` for a bad `ca_file`."""
    async with calling(
        window=settings.window,
        connect_timeout=settings.connect_timeout,
        response_timeout=settings.response_timeout,
        proxy=settings.proxy,
        tls=trust(settings.ca_file, verify=settings.verify_tls),
    ) as caller:
        yield Client(caller, settings.url)
