"""Reads the service's tables and the simulators' logs as they are, past the code that is being judged."""

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg

_AGAIN = 0.1


class Books:
    """The database of a run. A server that is down is waited for."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        if self._url.startswith("sqlite:"):
            return await asyncio.to_thread(self._sqlite_rows, query)
        while True:
            try:
                return await self._postgres_rows(query)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await asyncio.sleep(_AGAIN)

    def _sqlite_rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._url.removeprefix("sqlite:"), timeout=30)) as connection:
            return connection.execute(query).fetchall()

    async def _postgres_rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        connection = await asyncpg.connect(self._url, timeout=5)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Of a log in JSON lines; the last one may have been cut by a kill."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found
