"""Source `push`: the one-stop software calls us, in our own dialect or in that of the national exchange.

Promises: an answer that says yes is given only when the records are durable; who calls is known before anything is
read into the mirror; a record that cannot be read is named in the answer and in the quarantine, and stops no other;
the same sequence of a dossier is taken once; what a record says after a newer one is kept, not applied. Not
promised: we cannot ask such a software what it has, so what it does not send stays unknown, and nothing is reconciled.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.sources.push.settings import Settings
from adapters.sources.push.source import PushSource
from bot.ports import Source

__all__ = ["PushSource", "Settings", "open"]


@asynccontextmanager
async def open(name: str, settings: Settings) -> AsyncIterator[Source]:  # noqa: A001 - the name that every adapter offers
    """The source; it hears calls once the web server hands them to `push`."""
    secrets = (*settings.keys, *settings.signing_keys, *settings.users.values())
    yield Source(
        name=name,
        push=PushSource(name, settings),
        secrets=tuple(secret.get_secret_value() for secret in secrets),
    )
