"""The way to a database that blocks: one question at a time, in a thread, with an end to every wait."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from adapters.sources.sql_view.faults import not_installed, silent
from adapters.sources.sql_view.settings import Settings

if TYPE_CHECKING:
    from adapters.sources.sql_view.database import Database
    from adapters.sources.sql_view.view import View

SPARE = 10.0
"""Seconds that we wait longer than the server and the driver, which should have ended the query."""

Answer = TypeVar("Answer")


class Door:
    """Opens the database when first asked. Whoever stops waiting has the query ended where the database can do so,
    elsewhere the time-out ends it: no thread is left running for ever."""

    def __init__(self, settings: Settings, *, spare: float = SPARE) -> None:
        self._settings = settings
        # For the pool, for the connection, and for the query itself.
        self._limit = 2 * settings.connect_timeout + settings.timeout + spare
        self._turn = asyncio.Lock()
        self._database: Database | None = None

    async def view(self, source: str) -> "View":
        """The view with its present columns, for the source of this name."""
        return await self.ask(lambda: self._view(source))

    async def ask(self, question: Callable[[], Answer]) -> Answer:
        """The answer to one query. Raises `SourceError`."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._limit):
                    return await asyncio.to_thread(question)
            except TimeoutError:
                await self._interrupt()
                raise silent(self._settings, self._limit) from None
            except asyncio.CancelledError:
                await self._interrupt()
                raise

    async def close(self) -> None:
        if self._database is not None:
            await asyncio.to_thread(self._database.close)

    def _view(self, source: str) -> "View":
        try:
            from adapters.sources.sql_view.database import Database
            from adapters.sources.sql_view.view import open_view

            self._database = self._database or Database(self._settings)
        except ImportError:
            raise not_installed(self._settings.kind) from None
        return open_view(self._database, self._settings, source=source)

    async def _interrupt(self) -> None:
        if self._database is not None:
            await asyncio.to_thread(self._database.interrupt)
