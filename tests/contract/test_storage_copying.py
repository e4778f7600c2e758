"""Moving up from SQLite to PostgreSQL: every row of every table arrives, or none."""

import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bot.model.errors import StorageError
from storage import open_storage
from storage.copying import copy_up
from tests.support.storages import _database


@pytest.fixture
async def target(postgres_url: str) -> AsyncIterator[str]:
    async with _database(postgres_url) as url:
        async with open_storage(url) as storage:
            await storage.migrate()
        yield url


@pytest.fixture
async def source(tmp_path: Path) -> Path:
    """With three rows in every table, each with another value in every column."""
    path = tmp_path / "motcua.db"
    async with open_storage(f"sqlite:{path}") as storage:
        await storage.migrate()
    with sqlite3.connect(path) as connection:
        for table, columns in tables_of(connection).items():
            names = ", ".join(f'"{name}"' for name, _ in columns)
            marks = ", ".join("?" * len(columns))
            rows = [[value_of(name, kind, number) for name, kind in columns] for number in range(rows_of(columns))]
            connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)  # noqa: S608
    connection.close()
    return path


def tables_of(connection: sqlite3.Connection) -> dict[str, list[tuple[str, str]]]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migrations'")
    return {
        name: [(row[1], row[2]) for row in connection.execute(f'PRAGMA table_info("{name}")')]
        for (name,) in names.fetchall()
    }


def rows_of(columns: list[tuple[str, str]]) -> int:
    """A table that has one row for all time says so by a column `one`."""
    return 1 if "one" in dict(columns) else 3


def value_of(column: str, kind: str, number: int) -> Any:
    if column in ("lane", "one"):
        return number if column == "lane" else 1
    match kind:
        case "TEXT":
            return f"{column} số {number}"
        case "BLOB":
            return bytes((number, 0, 255))
        case "DOUBLE PRECISION":
            return number + 0.5
        case _:
            return 1_700_000_000_000 + number


async def rows_there(url: str, table: str, columns: list[str]) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        names = ", ".join(f'"{name}"' for name in columns)
        return [tuple(row) for row in await connection.fetch(f'SELECT {names} FROM "{table}"')]  # noqa: S608
    finally:
        await connection.close()


async def test_every_row_of_every_table_arrives_as_it_was(source: Path, target: str) -> None:
    copied = await copy_up(str(source), target)

    connection = sqlite3.connect(source)
    tables = tables_of(connection)
    assert copied.total == sum(map(rows_of, tables.values())) > 150
    for table, columns in tables.items():
        names = [name for name, _ in columns]
        quoted = ", ".join(f'"{name}"' for name in names)
        here = connection.execute(f'SELECT {quoted} FROM "{table}"').fetchall()  # noqa: S608
        assert sorted(map(repr, here)) == sorted(map(repr, await rows_there(target, table, names))), table
    connection.close()


async def test_a_row_that_the_target_refuses_leaves_it_empty(source: Path, target: str) -> None:
    connection = sqlite3.connect(source)
    with connection:
        connection.execute("UPDATE sources SET go_live = 'xin chào' WHERE name = 'name số 2'")
    connection.close()

    with pytest.raises(StorageError, match="sources"):
        await copy_up(str(source), target)

    assert await rows_there(target, "outbox", ["id"]) == []


async def test_a_server_that_ends_long_transactions_lets_the_copy_finish(source: Path, target: str) -> None:
    connection = await asyncpg.connect(target)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE \"{name}\" SET transaction_timeout = '500ms'")
    await connection.close()

    slept: list[str] = []

    def slowly(table: str, _: int) -> None:
        if not slept:
            time.sleep(0.8)
            slept.append(table)

    copied = await copy_up(str(source), target, copied=slowly)

    assert slept

    assert copied.total > 0


async def test_a_target_that_holds_something_is_left_alone(source: Path, target: str) -> None:
    await copy_up(str(source), target)

    with pytest.raises(StorageError, match=r"trống|empty"):
        await copy_up(str(source), target)


async def test_a_file_that_is_not_there_or_not_ours_is_named(tmp_path: Path, target: str) -> None:
    with pytest.raises(StorageError, match="no such file"):
        await copy_up(str(tmp_path / "nothing.db"), target)

    (tmp_path / "text.db").write_text("not a database at all, " * 100)
    with pytest.raises(StorageError, match="cannot be read"):
        await copy_up(str(tmp_path / "text.db"), target)


async def test_numbers_that_the_database_gives_go_on_behind_those_copied(source: Path, target: str) -> None:
    await copy_up(str(source), target)

    connection = await asyncpg.connect(target)
    column = await connection.fetchrow(
        "SELECT attrelid::regclass::text AS owner, attname FROM pg_attribute WHERE attidentity <> '' LIMIT 1"
    )
    follows = await connection.fetchval(
        f"SELECT nextval(pg_get_serial_sequence('{column['owner']}', '{column['attname']}'))"
    )
    await connection.close()
    assert follows == 1_700_000_000_003
