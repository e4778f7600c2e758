"""Source `rest`: an HTTP API of the one-stop software that we ask again and again.

Promises: each round reads the list to its end and says as of when; a restart in the middle goes on at the page where
it was, or reads the round again where that page is gone; failures that may pass are tried again; whatever the server
sends, a request ends in time and memory holds one page; a record that cannot be understood is quarantined with page
and position and stops nothing; keys go to one host and into no message. The cursor of mode "since" follows the
records' own times and never our clock. Not promised: where the software lists the oldest changes first, one that
moves while we page can push another past us; the nightly comparison finds it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.sources.rest.asking import Asker
from adapters.sources.rest.client import Client, Sleep
from adapters.sources.rest.connecting import session_for
from adapters.sources.rest.logins import secrets_of
from adapters.sources.rest.pauses import Pauses
from adapters.sources.rest.settings import Settings
from adapters.sources.rest.source import RestSource
from bot.model.clock import Clock, utc_now
from bot.ports import Source

__all__ = ["Settings", "open"]


@asynccontextmanager
async def open(  # noqa: A001 - the name that every adapter offers
    name: str,
    settings: Settings,
    *,
    clock: Clock = utc_now,
    sleep: Sleep = asyncio.sleep,
    pauses: Pauses | None = None,
) -> AsyncIterator[Source]:
    """The source; nothing is asked before batches are. Raises `SourceError` for an unusable ca_file."""
    pauses = pauses or Pauses(settings.retry_pause, settings.longest_pause)
    async with session_for(settings) as session:
        client = Client(session, settings, clock=clock, pauses=pauses, sleep=sleep)
        source = RestSource(name, settings, Asker(settings, client, clock=clock), clock=clock)
        yield Source(name=name, source=source, secrets=_secrets(settings))


def _secrets(settings: Settings) -> tuple[str, ...]:
    proxy = settings.proxy_login.get_secret_value() if settings.proxy_login else ""
    given = [secret.get_secret_value() for secret in settings.secret_headers.values()]
    return tuple(filter(None, (*secrets_of(settings.login), *given, proxy, proxy.partition(":")[2])))
