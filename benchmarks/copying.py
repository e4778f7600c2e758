"""Moving up, and what a message takes on the disk: `python -m benchmarks.copying [--messages 20000] [postgresql://…]`.

Fills a SQLite database with delivered messages of a year, copies it as `motcua db copy` does, and measures rows a
second and bytes per message in both. Prints JSON.
"""

import argparse
import asyncio
import json
import sqlite3
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.console_filling import embedded_postgres
from benchmarks.growth_rows import fill_sqlite
from bot.model.clock import utc_now
from bot.moving_up import move_up
from storage import open_storage
from storage.copying import copy_up

_PLANS = "INSERT INTO plans (origin, planned) SELECT origin, COUNT(*) FROM outbox GROUP BY origin"
_SIZE = """
SELECT SUM(pg_total_relation_size(oid)) FROM pg_class
WHERE relkind IN ('r', 'm') AND relnamespace = current_schema()::regnamespace
    AND relname ~ '^(outbox|parts|plans)'
"""


async def measured(url: str, place: Path, messages: int) -> dict[str, Any]:
    """`place` is an empty folder, `url` an empty database."""
    path = str(place / "motcua.db")
    async with open_storage(f"sqlite:{path}") as source:
        await source.migrate()
        empty = await asyncio.to_thread(_pages, path)
        await asyncio.to_thread(_fill, path, messages)
        full = await asyncio.to_thread(_pages, path)
        async with open_storage(url) as target:
            began = time.perf_counter()
            rows, books = await move_up(source, target, lambda: copy_up_rows(path, url), clock=utc_now)
            took = time.perf_counter() - began
    connection = await asyncpg.connect(url)
    try:
        there = int(await connection.fetchval(_SIZE))
    finally:
        await connection.close()
    total = sum(rows.values())
    return {
        "messages": messages,
        "rows": total,
        "seconds": round(took, 2),
        "rows_a_second": round(total / took),
        "messages_a_second": round(messages / took),
        "bytes_a_message_sqlite": round((full - empty) / messages),
        "bytes_a_message_postgresql": round(there / messages),
        "balanced": books.balanced,
    }


async def copy_up_rows(path: str, url: str) -> Any:
    return (await copy_up(path, url)).rows


def _fill(path: str, messages: int) -> None:
    fill_sqlite(path, messages)
    with sqlite3.connect(path) as base:
        base.execute(_PLANS)
    base.close()


def _pages(path: str) -> int:
    """Bytes of all pages that are used."""
    base = sqlite3.connect(path)
    try:
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, size = (base.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages * size)
    finally:
        base.close()


async def main(url: str | None, messages: int) -> None:
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (place / "source").mkdir()
        if url is None:
            url = await stack.enter_async_context(embedded_postgres(place / "server"))
        print(json.dumps(await measured(url, place / "source", messages), indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("url", nargs="?", help="an empty PostgreSQL database; left out: one of our own")
    parser.add_argument("--messages", type=int, default=20_000)
    chosen = parser.parse_args()
    asyncio.run(main(chosen.url, chosen.messages))
