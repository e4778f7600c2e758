"""Short statements of SQLite run in the event loop: only short ones, in their order, and never behind a lock."""

import asyncio
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage import sqlite_driver
from storage.migrate import migrations
from storage.sqlite_connection import Connection
from storage.sqlite_short import SETS, SHORT, are_few, is_short

_LONG = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000)"
    " INSERT INTO t SELECT MAX(i) FROM n"
)
_PARAMETER = re.compile(r"(?<![:\w]):([a-z]\w*)")
_OF_NOTHING_STORED = re.compile(
    r"SCAN (\(subquery|CONSTANT ROW|(replies|pushes|bulk|firsts|lanes|due)\b|.* VIRTUAL TABLE)"
)
"""Sets that are given, and what the statement has just found itself."""


@pytest.fixture
def tables() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for migration in migrations():
            for statement in migration.statements("sqlite"):
                connection.execute(statement)
        yield connection


@pytest.mark.parametrize("query", sorted(SHORT | SETS))
def test_what_counts_as_short_reads_no_table_from_end_to_end(tables: sqlite3.Connection, query: str) -> None:
    sql = getattr(sqlite_driver.queries(), query).sql
    values = dict.fromkeys(_PARAMETER.findall(sql), "{}")

    steps = [row[3] for row in tables.execute(f"EXPLAIN QUERY PLAN {sql}", values or ["{}"] * sql.count("?"))]

    assert [step for step in steps if step.startswith("SCAN") and not _OF_NOTHING_STORED.match(step)] == []


def test_large_sets_and_many_rows_are_not_short() -> None:
    assert is_short("lock_items", {"ids": "{}"})
    assert not is_short("lock_items", {"ids": "x" * 10_000})
    assert not is_short("claim", {"most": 500})
    assert not is_short("dossiers_compare", {"prints": "{}"})
    assert are_few("enqueue", [()])
    assert not are_few("enqueue", [()] * 500)


async def test_a_short_statement_comes_behind_what_was_left_in_the_thread(tmp_path: Path) -> None:
    async with Connection(str(tmp_path / "t.db")) as connection:
        await connection.change("CREATE TABLE t (i)")
        left = asyncio.create_task(connection.change(_LONG))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.wait([left])
        assert not connection.is_idle

        rows = await connection.rows("SELECT i FROM t", at_once=True)

        assert [row[0] for row in rows] == [2_000_000]
        assert connection.is_idle


async def test_many_short_statements_leave_others_their_turn(tmp_path: Path) -> None:
    async with Connection(str(tmp_path / "t.db")) as connection:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        beside = asyncio.create_task(others())
        for _ in range(100):
            await connection.change("SELECT 1", at_once=True)
        beside.cancel()

        assert turns >= 5


async def test_nobody_else_waits_while_another_process_holds_the_database(tmp_path: Path) -> None:
    path = str(tmp_path / "t.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        async with Connection(path) as connection:
            await connection.hurry()
            other.execute("BEGIN IMMEDIATE")
            start = time.monotonic()
            beginning = asyncio.create_task(connection.begin())
            await asyncio.sleep(0.05)
            waited = time.monotonic() - start
            other.execute("COMMIT")

            async with asyncio.timeout(20):
                await beginning

            assert waited < 1
            assert connection.in_transaction
            await connection.rollback()
