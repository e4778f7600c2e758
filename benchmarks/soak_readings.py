"""What a long run holds: of its process by /proc, of its database by the database's own figures."""

import asyncio
import os
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import asyncpg

_LISTED = 8
"""Tables of PostgreSQL that are told one by one."""


@dataclass(frozen=True, slots=True)
class Readings:
    """One moment. Memory in MB, CPU in seconds since the process began, the database's sizes in MB."""

    at: float
    memory: float
    files: int
    threads: int
    cpu: float
    database: float
    log: float
    """SQLite: the write-ahead log; PostgreSQL: 0, its log belongs to all its databases."""

    def told(self) -> dict[str, float]:
        return {name: round(value, 1) for name, value in asdict(self).items() if name != "at"}

    @classmethod
    def highest(cls, readings: Sequence[Self]) -> Self:
        return cls(*(max(getattr(each, field.name) for each in readings) for field in fields(cls)))


async def readings_of(pid: int, db: str) -> Readings:
    """Of the process, and of the database at the address `db`."""
    if db.startswith("sqlite:"):
        size, log = await asyncio.to_thread(_file_sizes, db.removeprefix("sqlite:"))
    else:
        size, log = await _server_size(db), 0.0
    return await asyncio.to_thread(_of_process, pid, size, log)


def _of_process(pid: int, size: float, log: float) -> Readings:
    facts = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    named = dict(line.split(":", 1) for line in facts if ":" in line)
    rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return Readings(
        at=time.time(),
        memory=int(named["VmRSS"].split()[0]) / 1024,
        files=len(os.listdir(f"/proc/{pid}/fd")),
        threads=int(named["Threads"]),
        cpu=(int(rest[11]) + int(rest[12])) / os.sysconf("SC_CLK_TCK"),
        database=size,
        log=log,
    )


def _file_sizes(path: str) -> tuple[float, float]:
    return tuple(_megabytes(Path(path + end)) for end in ("", "-wal"))  # type: ignore[return-value]


def _megabytes(path: Path) -> float:
    try:
        return path.stat().st_size / 1e6
    except FileNotFoundError:
        return 0.0


async def _server_size(db: str) -> float:
    connection = await asyncpg.connect(db)
    try:
        return float(await connection.fetchval("SELECT pg_database_size(current_database())")) / 1e6
    finally:
        await connection.close()


async def tables_of(db: str) -> dict[str, Any]:
    """SQLite: pages and how many of them are free. PostgreSQL: its largest tables, with their dead rows."""
    if db.startswith("sqlite:"):
        return await asyncio.to_thread(_pages, db.removeprefix("sqlite:"))
    connection = await asyncpg.connect(db)
    try:
        rows = await connection.fetch(_LARGEST)
    finally:
        await connection.close()
    return {row["name"]: {key: row[key] for key in ("mb", "live", "dead")} for row in rows[:_LISTED]}


def _pages(path: str) -> dict[str, Any]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    finally:
        connection.close()
    return {"mb": round(pages * size / 1e6, 1), "free_percent": round(100 * free / pages, 2)}


_LARGEST = """
SELECT
    coalesce(i.inhparent::regclass::text, s.relname) AS name,
    round(sum(pg_total_relation_size(s.relid)) / 1e6, 1)::float AS mb,
    sum(s.n_live_tup)::bigint AS live,
    sum(s.n_dead_tup)::bigint AS dead
FROM pg_stat_user_tables AS s LEFT JOIN pg_inherits AS i ON i.inhrelid = s.relid
GROUP BY 1 ORDER BY 2 DESC
"""
"""The months of a table together."""
