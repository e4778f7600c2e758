"""SQLite as aiosql sees it: one hop to the connection's thread for each statement."""

import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import cache
from typing import Any

import aiosqlite

from bot.model.errors import StorageError
from storage.edge import clean_row
from storage.statements import load_queries, without_row_locks

_Values = Mapping[str, Any]


class SqliteAdapter:
    """The part of aiosql's driver protocol that our queries use."""

    is_aio_driver = True

    def process_sql(self, _name: str, _operation: object, sql: str) -> str:
        return without_row_locks(sql)

    async def select(
        self, connection: aiosqlite.Connection, _name: str, sql: str, values: _Values, _record: object = None
    ) -> AsyncIterator[sqlite3.Row]:
        for row in await connection.execute_fetchall(sql, clean_row(values)):
            yield row

    async def select_one(
        self, connection: aiosqlite.Connection, _name: str, sql: str, values: _Values, _record: object = None
    ) -> sqlite3.Row | None:
        rows = await connection.execute_fetchall(sql, clean_row(values))
        return next(iter(rows), None)

    async def select_value(self, connection: aiosqlite.Connection, name: str, sql: str, values: _Values) -> Any:
        row = await self.select_one(connection, name, sql, values)
        return row[0] if row else None

    async def insert_update_delete(
        self, connection: aiosqlite.Connection, _name: str, sql: str, values: _Values
    ) -> int:
        return (await connection.execute(sql, clean_row(values))).rowcount

    async def insert_update_delete_many(
        self, connection: aiosqlite.Connection, _name: str, sql: str, rows: Iterable[_Values]
    ) -> None:
        await connection.executemany(sql, [clean_row(row) for row in rows])


@cache
def queries() -> Any:
    return load_queries(SqliteAdapter)


def readable(error: sqlite3.Error, path: str) -> Exception:
    """`error` as an operator can read it; a mistake of ours stays what it is."""
    name = getattr(error, "sqlite_errorname", "")
    for start, meaning in _MEANINGS:
        if name.startswith(start):
            return StorageError(f"the database {path} {meaning} ({error})")
    if "no such table" in str(error):
        return StorageError(f"the database {path} has no tables yet: run `motcua migrate`")
    return error


_MEANINGS = (
    ("SQLITE_READONLY", "cannot be written: the file or its folder is read-only"),
    ("SQLITE_CANTOPEN", "cannot be opened: its folder is missing or closed to this user"),
    ("SQLITE_PERM", "is closed to this user"),
    ("SQLITE_AUTH", "is closed to this user"),
    ("SQLITE_FULL", "cannot grow: the disk is full"),
    ("SQLITE_IOERR", "cannot be read or written: the disk is full or failing"),
    ("SQLITE_BUSY", "is held by another process"),
    ("SQLITE_LOCKED", "is held by another process"),
    ("SQLITE_NOTADB", "is not an SQLite database"),
    ("SQLITE_CORRUPT", "is damaged: restore it from a backup"),
    ("SQLITE_TOOBIG", "does not take a value of this size"),
)
