"""The least that a durable queue needs of a database: one table, three indexes, four plain statements a batch."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import aiosqlite
import asyncpg

BATCH = 500

_TABLE = (
    "CREATE TABLE bare (id TEXT PRIMARY KEY, dedupe_key TEXT NOT NULL UNIQUE, channel TEXT NOT NULL,"
    " address TEXT NOT NULL, text TEXT NOT NULL, next_at BIGINT NOT NULL, state TEXT NOT NULL, reference TEXT)",
    "CREATE INDEX bare_due ON bare (channel, next_at, id) WHERE state = 'queued'",
    "CREATE INDEX bare_reference ON bare (reference) WHERE reference IS NOT NULL",
)
_CLAIM = (
    "UPDATE bare SET state = 'sending' WHERE id IN (SELECT id FROM bare WHERE channel = 'sms'"
    " AND state = 'queued' AND next_at <= 0 ORDER BY next_at, id LIMIT 500) RETURNING id, address, text"
)
_DELIVERED = "SELECT COUNT(*) FROM bare WHERE state = 'delivered'"

Fresh = tuple[str, str, str, str, str, int, str]
Claimed = tuple[str, str, str]
"""Id, address, text."""


class Store(Protocol):
    """Each call is one transaction, durable when it returns."""

    async def insert(self, rows: Sequence[Fresh]) -> None: ...
    async def claim(self) -> list[Claimed]: ...
    async def settle(self, references: Sequence[tuple[str, str]]) -> None:
        """Reference and id."""
        ...

    async def receive(self, references: Sequence[str]) -> None: ...
    async def delivered(self) -> int: ...


class Sqlite:
    """One connection: its writers take turns."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        self._turn = asyncio.Lock()

    async def insert(self, rows: Sequence[Fresh]) -> None:
        await self._many("INSERT INTO bare VALUES (?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING", rows)

    async def claim(self) -> list[Claimed]:
        async with self._turn:
            await self._db.execute("BEGIN IMMEDIATE")
            claimed = [(row[0], row[1], row[2]) for row in await self._db.execute_fetchall(_CLAIM)]
            await self._db.commit()
        return claimed

    async def settle(self, references: Sequence[tuple[str, str]]) -> None:
        await self._many("UPDATE bare SET state = 'accepted', reference = ? WHERE id = ?", references)

    async def receive(self, references: Sequence[str]) -> None:
        await self._many(
            "UPDATE bare SET state = 'delivered' WHERE reference = ? AND state = 'accepted'",
            [(each,) for each in references],
        )

    async def delivered(self) -> int:
        async with self._turn:
            return int(next(iter(await self._db.execute_fetchall(_DELIVERED)))[0])

    async def _many(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        async with self._turn:
            await self._db.execute("BEGIN IMMEDIATE")
            await self._db.executemany(statement, rows)
            await self._db.commit()


class Postgres:
    """A connection for each step, which never meet at the same rows."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def insert(self, rows: Sequence[Fresh]) -> None:
        await self._pool.execute(
            "INSERT INTO bare SELECT id, key, 'sms', address, text, 0, 'queued', NULL FROM"
            " unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS new (id, key, address, text)"
            " ON CONFLICT DO NOTHING",
            [row[0] for row in rows], [row[1] for row in rows], [row[3] for row in rows], [row[4] for row in rows],
        )  # fmt: skip

    async def claim(self) -> list[Claimed]:
        return [(row[0], row[1], row[2]) for row in await self._pool.fetch(_CLAIM)]

    async def settle(self, references: Sequence[tuple[str, str]]) -> None:
        await self._pool.execute(
            "UPDATE bare SET state = 'accepted', reference = new.reference FROM"
            " unnest($1::text[], $2::text[]) AS new (reference, id) WHERE bare.id = new.id",
            [each[0] for each in references], [each[1] for each in references],
        )  # fmt: skip

    async def receive(self, references: Sequence[str]) -> None:
        await self._pool.execute(
            "UPDATE bare SET state = 'delivered' WHERE reference = ANY($1::text[]) AND state = 'accepted'", references
        )

    async def delivered(self) -> int:
        return int(await self._pool.fetchval(_DELIVERED))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    """A new table at `url`; SQLite with `synchronous = FULL`, in WAL mode."""
    if url.startswith("sqlite:"):
        async with aiosqlite.connect(url.removeprefix("sqlite:"), isolation_level=None) as db:
            for pragma in ("journal_mode = WAL", "synchronous = FULL"):
                await db.execute(f"PRAGMA {pragma}")
            for statement in _TABLE:
                await db.execute(statement)
            yield Sqlite(db)
        return
    async with asyncpg.create_pool(url, min_size=3, max_size=3) as pool:
        for statement in _TABLE:
            await pool.execute(statement)
        yield Postgres(pool)
