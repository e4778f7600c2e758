"""Names of dossiers that were mirrored before names could be looked for: written down once, page by page."""

import asyncio
import logging

from bot.model.errors import StorageError, trail
from bot.model.name import name_words
from bot.ports import Storage

log = logging.getLogger(__name__)

_PAGE = 500
_PAUSE = 0.05
"""Seconds between two pages: nobody waits for this."""
_NOTHING = "…"
"""Of a name without a letter or digit, which must not be read again and again."""


async def name_all(storage: Storage) -> int:
    """Until none is left; how many. Quick where there was none. Raises `StorageError`."""
    number = 0
    while waiting := await storage.read(lambda tx: tx.console.unnamed(limit=_PAGE)):
        named = [(*each, name_words(each[2]) or _NOTHING) for each in waiting]
        await storage.write(lambda tx, named=named: tx.console.name(named))  # type: ignore[misc]
        number += len(named)
        await asyncio.sleep(_PAUSE)
    return number


async def name_once(storage: Storage) -> None:
    """For the start of the service: a failure is logged, and the next start goes on."""
    try:
        if number := await name_all(storage):
            log.info("names of %d dossiers can be looked for from now on", number)
    except StorageError as error:
        log.warning("names could not be made ready for searching: %s", error)
    except Exception as error:
        log.error("names could not be made ready for searching: %s", trail(error))
