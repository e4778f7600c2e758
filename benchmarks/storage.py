"""The way of a message through the database - insert, claim, settle, receipt - in batches of 500, durable.

    python -m benchmarks.storage                     (SQLite in a temporary folder)
    python -m benchmarks.storage postgresql://USER@HOST/NAME

Prints, for the same number of messages in the same run, the bare pipeline (the driver and four plain
statements a batch, one table, three indexes) and our stores with all they promise, and the ratio.
"""

import argparse
import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiosqlite
import asyncpg

from bot.model.ids import first_id_at
from bot.model.message import DeliveryState, Lane, OutboxItem, Receipt, Situation
from bot.model.person import Address
from bot.ports import Moved, Settlement, Storage, Transaction
from storage import open_storage

BATCH = 500
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_FIRST = first_id_at(NOW)[:10]
TEXT = "Ho so H56.14-260302-0001: da duoc tiep nhan. Hen tra ket qua 09/03/2026. Tra cuu: nhan tin ma ho so."

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


def _bare_rows(start: int) -> list[tuple[str, str, str, str, str, int, str]]:
    numbers = range(start, start + BATCH)
    return [(f"01BARE{n:020d}", f"k{n}", "sms", f"sms:+849{n:08d}", TEXT, 0, "queued") for n in numbers]


async def bare_sqlite(path: str, batches: int) -> float:
    async with aiosqlite.connect(path, isolation_level=None) as db:
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            await db.execute(f"PRAGMA {pragma}")
        for statement in _TABLE:
            await db.execute(statement)
        began = time.perf_counter()
        for batch in range(batches):
            await db.execute("BEGIN IMMEDIATE")
            insert = "INSERT INTO bare VALUES (?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING"
            await db.executemany(insert, _bare_rows(batch * BATCH))
            await db.commit()
            await db.execute("BEGIN IMMEDIATE")
            claimed = [row[0] for row in await db.execute_fetchall(_CLAIM)]
            await db.commit()
            await db.execute("BEGIN IMMEDIATE")
            settle = "UPDATE bare SET state = 'accepted', reference = ? WHERE id = ?"
            await db.executemany(settle, [(f"r{key}", key) for key in claimed])
            await db.commit()
            await db.execute("BEGIN IMMEDIATE")
            receive = "UPDATE bare SET state = 'delivered' WHERE reference = ? AND state = 'accepted'"
            await db.executemany(receive, [(f"r{key}",) for key in claimed])
            await db.commit()
        return time.perf_counter() - began


async def bare_postgres(url: str, batches: int) -> float:
    db = await asyncpg.connect(url)
    try:
        for statement in _TABLE:
            await db.execute(statement)
        began = time.perf_counter()
        for batch in range(batches):
            insert = "INSERT INTO bare VALUES ($1, $2, $3, $4, $5, $6, $7, NULL) ON CONFLICT DO NOTHING"
            await db.executemany(insert, _bare_rows(batch * BATCH))
            claimed = [row[0] for row in await db.fetch(_CLAIM)]
            settle = "UPDATE bare SET state = 'accepted', reference = $1 WHERE id = $2"
            await db.executemany(settle, [(f"r{key}", key) for key in claimed])
            receive = "UPDATE bare SET state = 'delivered' WHERE reference = $1 AND state = 'accepted'"
            await db.executemany(receive, [(f"r{key}",) for key in claimed])
        return time.perf_counter() - began
    finally:
        await db.execute("DROP TABLE IF EXISTS bare")
        await db.close()


def _items(start: int) -> list[OutboxItem]:
    return [
        OutboxItem(
            id=f"{_FIRST}{number:016d}",
            dedupe_key=f"onestop:H56.14-260302-{number}:1|sms:+849{number:08d}",
            origin=f"change:onestop:H56.14-260302-{number}:1",
            channel="sms",
            address=Address("sms", f"+849{number:08d}"),
            lane=Lane.PUSH,
            situation=Situation.PROGRESS,
            text=TEXT,
            source="onestop",
            code=f"H56.14-260302-{number}",
            created_at=NOW,
            next_at=NOW,
            expires_at=NOW + timedelta(days=1),
        )
        for number in range(start, start + BATCH)
    ]


async def _receive(tx: Transaction, receipts: Sequence[Receipt]) -> int:
    matched = await tx.outbox.match(receipts)
    moved = [Moved(match.item_id, DeliveryState.DELIVERED, "", match.receipt.at) for match in matched]
    await tx.outbox.record(matched, moved)
    return len(moved)


async def ours(storage: Storage, batches: int) -> dict[str, float]:
    """Seconds for each step."""
    spent = dict.fromkeys(("enqueue", "claim", "settle", "receipts"), 0.0)
    for batch in range(batches):
        items = _items(batch * BATCH)
        times = [time.perf_counter()]
        await storage.write(lambda tx, new=items: tx.outbox.enqueue(new))  # type: ignore[misc]
        times.append(time.perf_counter())
        claimed = await storage.write(
            lambda tx: tx.outbox.claim(
                "sms", owner="bench", now=NOW, lease_until=NOW + timedelta(minutes=1), limit=BATCH
            )
        )
        times.append(time.perf_counter())
        settlements = [
            Settlement(
                item_id=each.item.id,
                owner="bench",
                state=DeliveryState.ACCEPTED,
                at=NOW,
                references=(f"r{each.item.id}",),
            )
            for each in claimed
        ]
        await storage.write(lambda tx, done=settlements: tx.outbox.settle(done))  # type: ignore[misc]
        times.append(time.perf_counter())
        receipts = [
            Receipt(channel="sms", reference=f"r{each.item.id}", state=DeliveryState.DELIVERED, at=NOW)
            for each in claimed
        ]
        moved = await storage.write(lambda tx, come=receipts: _receive(tx, come))  # type: ignore[misc]
        times.append(time.perf_counter())
        assert moved == BATCH
        for step, before, after in zip(spent, times, times[1:], strict=False):
            spent[step] += after - before
    return spent


async def compare(url: str, batches: int) -> None:
    messages = batches * BATCH
    if url.startswith("sqlite:"):
        path = url.removeprefix("sqlite:")
        for leftover in (path, f"{path}-wal", f"{path}-shm"):
            Path(leftover).unlink(missing_ok=True)  # noqa: ASYNC240 - nothing else runs yet
        bare = await bare_sqlite(f"{path}.bare", batches)
        for leftover in (f"{path}.bare", f"{path}.bare-wal", f"{path}.bare-shm"):
            Path(leftover).unlink(missing_ok=True)  # noqa: ASYNC240
    else:
        bare = await bare_postgres(url, batches)
    async with open_storage(url) as storage:
        await storage.migrate()
        steps = await ours(storage, batches)
    spent = sum(steps.values())
    each = ", ".join(f"{step} {seconds / messages * 1e6:.0f}" for step, seconds in steps.items())
    print(f"{url.split(':')[0]}: {messages} messages, SQLite {sqlite3.sqlite_version}")
    print(f"  bare  {messages / bare:8,.0f} messages/s  {bare / messages * 1e6:5.0f} µs each")
    print(f"  ours  {messages / spent:8,.0f} messages/s  {spent / messages * 1e6:5.0f} µs each ({each} µs)")
    print(f"  ratio {spent / bare:.2f}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    arguments.add_argument("url", nargs="?", default="")
    arguments.add_argument("--batches", type=int, default=40)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(given.url or f"sqlite:{folder}/bench.db", given.batches))
