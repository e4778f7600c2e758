"""Moving up: a SQLite database copied into an empty PostgreSQL one, all of it or nothing, and counted afterwards."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg

from bot.model.errors import StorageError
from storage import postgres_driver
from storage.edge import storable
from storage.migrate import APPLIED, SEALED, as_applied, missing
from storage.sealing.state import STATE, state_of

_AT_ONCE = 5_000
"""Rows that are in memory at a time."""
_OURS = "migrations"
_KEPT_THERE = frozenset({_OURS, "outbox_keys"})
"""What the target has by itself: its own migrations, and the keys that its trigger writes with the messages."""
_KEYS = "sealing"
"""What is sealed is copied as it is, and so are the proofs of its keys. A target that was opened with keys while it was
empty has proofs of its own, which go."""
_NOTE = "INSERT INTO migrations (name, checksum, applied_at) VALUES ($1, '', $2) ON CONFLICT DO NOTHING"

_TABLES = """
    SELECT c.relname FROM pg_class AS c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ORDER BY 1
"""
_COLUMNS = """
    SELECT attname, attidentity <> '' AS is_counted FROM pg_attribute
    WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""

Copied = Callable[[str, int], None]
"""Hears of a table, and how many of its rows are copied so far."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What was copied."""

    rows: Mapping[str, int]
    """Table → its rows."""

    @property
    def total(self) -> int:
        return sum(self.rows.values())


async def copy_up(path: str, url: str, *, copied: Copied = lambda table, rows: None) -> Copy:
    """Copies the SQLite database `path` into the PostgreSQL database `url`, which is migrated and empty.

    In one transaction: where anything goes wrong, the target is as empty as before. The source is read as it is at one
    moment, and not changed. Raises `StorageError`.
    """
    with _source(path) as source:
        async with _target(url) as target, target.transaction():
            await postgres_driver.lift_limits(target)
            tables = await _tables(source, target)
            await _take_keys(source, target)
            rows = {}
            for table, columns in tables.items():
                rows[table] = await _copy(source, target, table, columns, copied)
            await _count_on(target, tables)
            await _compare(target, rows)
    return Copy(rows)


@contextmanager
def _source(path: str) -> Iterator[sqlite3.Connection]:
    """One moment of the database. Raises `StorageError` where it is none of this program's."""
    if not Path(path).is_file():
        raise StorageError(f"{path}: không có tệp này / there is no such file")
    connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN")
        needed = missing(as_applied(connection.execute(APPLIED).fetchall()), path)
        if needed:
            raise StorageError(
                f"{path}: chưa nâng cấp, xin chạy `motcua migrate` / lacks {needed[0].name}: run `motcua migrate`"
            )
        yield connection
    except sqlite3.Error as error:
        raise StorageError(f"{path}: không đọc được / cannot be read ({error})") from error
    finally:
        connection.close()


@asynccontextmanager
async def _target(url: str) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await asyncpg.connect(url, timeout=10, server_settings={"application_name": "motcua db copy"})
        try:
            yield connection
        finally:
            await connection.close()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise postgres_driver.readable(error, "PostgreSQL") from error


async def _tables(source: sqlite3.Connection, target: asyncpg.Connection) -> dict[str, list[str]]:
    """Table → columns. Raises `StorageError` where the two do not have the same, or the target holds anything."""
    here = {
        table: [row[1] for row in source.execute(f'PRAGMA table_info("{table}")')]
        for (table,) in source.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        if table not in _KEPT_THERE
    }
    there = {row[0] for row in await target.fetch(_TABLES)} - _KEPT_THERE
    if different := sorted(there ^ here.keys()):
        raise StorageError(f"hai cơ sở dữ liệu khác nhau / the two differ: {', '.join(different)}")
    for table in sorted(there):
        if table != _KEYS and await target.fetchval(f'SELECT EXISTS (SELECT 1 FROM "{table}")'):  # noqa: S608
            raise StorageError(
                f"cơ sở dữ liệu đích đã có dữ liệu trong {table}: cần một cơ sở dữ liệu trống / "
                f"the target has rows in {table}: it must be empty"
            )
        columns = [row["attname"] for row in await target.fetch(_COLUMNS, table)]
        if set(columns) != set(here[table]):
            raise StorageError(f"bảng {table} khác nhau / the tables {table} differ")
    return {table: here[table] for table in sorted(here)}


async def _take_keys(source: sqlite3.Connection, target: asyncpg.Connection) -> None:
    await target.execute(f"DELETE FROM {_KEYS}")  # noqa: S608 a name of ours
    if state_of(source.execute(STATE)).look_up:
        at = source.execute(f"SELECT MIN(since) FROM {_KEYS}").fetchone()[0]  # noqa: S608 a name of ours
        await target.execute(_NOTE, SEALED, at)


async def _copy(
    source: sqlite3.Connection, target: asyncpg.Connection, table: str, columns: list[str], copied: Copied
) -> int:
    names = ", ".join(f'"{name}"' for name in columns)
    cursor = source.execute(f'SELECT {names} FROM "{table}"')  # noqa: S608
    total = 0
    while batch := await asyncio.to_thread(lambda: list(islice(cursor, _AT_ONCE))):
        rows: list[list[Any]] = [[storable(value) for value in row] for row in batch]
        try:
            await target.copy_records_to_table(table, records=rows, columns=columns, timeout=None)
        except (asyncpg.DataError, asyncpg.InternalClientError, TypeError, OverflowError) as error:
            raise StorageError(
                f"bảng {table}, sau dòng {total}: không chép được / after row {total} cannot be copied "
                f"({type(error).__name__})"
            ) from error
        total += len(rows)
        copied(table, total)
    return total


async def _count_on(target: asyncpg.Connection, tables: Mapping[str, object]) -> None:
    """Numbers that the database gives by itself go on behind the highest."""
    for table in tables:
        for column, is_counted in await target.fetch(_COLUMNS, table):
            if is_counted:
                await target.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), "  # noqa: S608
                    f'COALESCE((SELECT MAX("{column}") FROM "{table}"), 0) + 1, false)'
                )


async def _compare(target: asyncpg.Connection, rows: Mapping[str, int]) -> None:
    """Raises `StorageError` where a table does not hold what was copied: a row that was left out is a row lost."""
    for table, number in rows.items():
        found = await target.fetchval(f'SELECT COUNT(*) FROM "{table}"')  # noqa: S608
        if found != number:
            raise StorageError(
                f"bảng {table}: {number} dòng ở nguồn, {found} ở đích / {number} rows here, {found} there"
            )
