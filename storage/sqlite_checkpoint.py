"""What is in SQLite's log is carried into the database beside the writer, not by it.

A commit that finds the log long carries it over by itself: among a million dossiers that is some thousand pages in all
places of the file, a quarter of a second or more, for which every writer waits. Here a connection of its own does it
while the writer goes on. What was written meanwhile keeps the log from beginning anew, so the writer then carries over
that little rest between two transactions (https://www.sqlite.org/wal.html, "Checkpointing", "Avoiding Excessively Large
WAL Files").
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from storage.sqlite_connection import Connection

log = logging.getLogger(__name__)

EVERY = 0.5
"""Seconds between two looks at how much was written."""
_ROWS = 10_000
"""Changed rows after which it is worth while; a row takes one page to four."""
_LATEST = 10.0
"""Seconds after which what has been written is carried over, however little it is."""
_LONG = 16_000
"""Pages (64 MB) of the log from which it is to begin anew."""
_SHORT = 1_000
"""Pages that the writer carries over by itself, some 20 ms; more are left because a long question is being answered,
and wait for its end."""
AT_LAST = 64_000
"""Pages of the log at which a commit does it after all: should nothing here have come to it."""
_PATIENCE = 2_000
"""Milliseconds for which readers are waited for until the log can be emptied."""
_CARRY = "PRAGMA wal_checkpoint(PASSIVE)"


class Carried(NamedTuple):
    """Pages of the log; both 0 where another connection is at it."""

    pages: int = 0
    left: int = 0
    """Not carried over, because somebody reads what was there before them, or has just written them."""


async def carry(connection: Connection) -> Carried:
    """Carries over what nobody is reading or writing just now, without waiting for anybody."""
    rows = list(await connection.rows(_CARRY))
    is_busy, pages, carried = rows[0]
    return Carried() if is_busy else Carried(int(pages), int(pages) - int(carried))


async def clear(connection: Connection) -> bool:
    """Carries over everything and empties the log, so that nothing stands there that was overwritten. False: a reader
    still looks at it, or another connection is at it."""
    await connection.change(f"PRAGMA busy_timeout = {_PATIENCE}")
    try:
        rows = list(await connection.rows("PRAGMA wal_checkpoint(TRUNCATE)"))
    finally:
        await connection.hurry()
    return not rows[0][0]


class Checkpointer:
    """Works on `connection`, which nobody else uses. `written` tells how many rows the writer has changed so far;
    `finish` has the writer carry over the rest."""

    def __init__(self, connection: Connection, *, written: Callable[[], int], finish: Callable[[], None]) -> None:
        self._connection = connection
        self._written = written
        self._finish = finish
        self._carried = written()
        self._since = 0.0
        self._fails = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            self._since += EVERY
            if self._is_due():
                await self._carry()

    def _is_due(self) -> bool:
        rows = self._written() - self._carried
        return rows >= _ROWS or (rows > 0 and self._since >= _LATEST)

    async def _carry(self) -> None:
        self._carried, self._since = self._written(), 0.0
        try:
            is_long = (await carry(self._connection)).pages >= _LONG
            # What was written meanwhile, so that only what is written during this second, short one is left.
            if is_long and (await carry(self._connection)).left <= _SHORT:
                self._finish()
            self._fails = False
        except sqlite3.Error as error:
            # The log stays as long as it is: a commit does it in the end, or tells its caller what is wrong.
            if not self._fails:
                log.warning("the log beside the database cannot be carried over for the time being (%s)", error)
            self._fails = True
