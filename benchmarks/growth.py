"""What a message costs as the outbox grows: `python -m benchmarks.growth [--stages 0,1000000,10000000] [--keep
FOLDER]`.

Two databases side by side: one holds nothing but what this run sends, the other is filled, stage by stage, with a year
of delivered messages and their parts, addresses, dossiers and references in no order. Between the stages the same
batches of 500 go by turns through both: enqueue, claim, settle, receipt, each durable, to addresses and dossiers drawn
from all that are known. So the ratio of the two (aim: 1.2 at most) says what the size costs, whatever else the machine
does. Prints one JSON object: wall clock and CPU a message, this process's and PostgreSQL's own, by stage and by step.
"""

import argparse
import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from benchmarks.growth_rows import fill_postgres, fill_sqlite
from benchmarks.sizes import arguments, database, postmaster, server_seconds, tell, with_engines
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, Lane, OutboxItem, Receipt, Situation
from bot.model.person import Address
from bot.ports import Claimed, Moved, Settlement, Storage, Transaction
from storage import open_storage

BATCH = 500
STEPS = ("enqueue", "claim", "settle", "receipt")
SIZES = {"ci": ((0, 50_000), 2_000), "small": ((0, 200_000), 10_000), "full": ((0, 1_000_000, 10_000_000), 50_000)}
"""Stages in rows, and messages that are measured at each."""
_TEXT = "Ho so {} dang duoc xu ly. Hen tra ket qua 16:30 30/11/2026. Tra cuu: nhan tin ma ho so ve 8041."


@dataclass
class Cost:
    """Seconds of one side at one stage."""

    wall: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STEPS, 0.0))
    cpu: float = 0.0
    server: float = 0.0
    """CPU of PostgreSQL's own processes."""

    def of(self, messages: int) -> dict[str, Any]:
        each = {step: round(seconds / messages * 1e6, 1) for step, seconds in self.wall.items()}
        return {
            "wall_us": round(sum(self.wall.values()) / messages * 1e6, 1),
            "cpu_us": round(self.cpu / messages * 1e6, 1),
            "server_cpu_us": round(self.server / messages * 1e6, 1),
            "wall_us_by_step": each,
        }

    @property
    def all_cpu(self) -> float:
        return self.cpu + self.server


class Way:
    """Sends messages through the stores of one database, a batch at a time."""

    def __init__(self, storage: Storage, *, server: int, seed: int) -> None:
        """`server`: process id of PostgreSQL, where it is on this machine."""
        self._storage = storage
        self._server = server
        self._chance = random.Random(seed)
        self._new_id = id_maker(utc_now)

    async def batch(self, cost: Cost) -> None:
        items = [self._item() for _ in range(BATCH)]
        server = server_seconds(self._server)
        cpu = time.process_time()
        times = [time.perf_counter()]
        assert await self._storage.write(lambda tx: tx.outbox.enqueue(items)) == BATCH
        times.append(time.perf_counter())
        claimed = await self._storage.write(self._claim)
        times.append(time.perf_counter())
        assert len(claimed) == BATCH
        settled = [_settlement(each) for each in claimed]
        await self._storage.write(lambda tx: tx.outbox.settle(settled))
        times.append(time.perf_counter())
        receipts = [
            Receipt(channel="sms", reference=each.references[0], state=DeliveryState.DELIVERED, at=utc_now())
            for each in settled
        ]
        assert await self._storage.write(partial(_receive, receipts)) == BATCH
        times.append(time.perf_counter())
        cost.cpu += time.process_time() - cpu
        cost.server += max(0.0, server_seconds(self._server) - server)
        for step, before, after in zip(STEPS, times, times[1:], strict=False):
            cost.wall[step] += after - before

    def _item(self) -> OutboxItem:
        now, number, phone = utc_now(), self._chance.randrange(10**7), self._chance.randrange(10**7)
        code, identity = f"H56.{10 + number % 90}-261122-{number:07d}", self._new_id()
        return OutboxItem(
            id=identity, dedupe_key=f"office:{code}:{identity}|sms:+8491{phone:07d}", origin=f"change:office:{code}:9",
            channel="sms", address=Address("sms", f"+8491{phone:07d}"), lane=Lane.PUSH, situation=Situation.PROGRESS,
            text=_TEXT.format(code), source="office", code=code, agency=f"H56.{10 + number % 90}", created_at=now,
            next_at=now, expires_at=now + timedelta(days=3),
        )  # fmt: skip

    async def _claim(self, tx: Transaction) -> list[Claimed]:
        now = utc_now()
        return await tx.outbox.claim("sms", owner="bench", now=now, lease_until=now + timedelta(minutes=1), limit=BATCH)


def _settlement(claimed: Claimed) -> Settlement:
    return Settlement(
        item_id=claimed.item.id, owner="bench", state=DeliveryState.ACCEPTED, at=utc_now(),
        references=(f"{random.getrandbits(64):016x}",),
    )  # fmt: skip


async def _receive(receipts: Sequence[Receipt], tx: Transaction) -> int:
    matched = await tx.outbox.match(receipts)
    moved = [Moved(match.item_id, DeliveryState.DELIVERED, "", match.receipt.at) for match in matched]
    await tx.outbox.record(matched, moved)
    return len(moved)


@asynccontextmanager
async def sides(engine: str, place: Path, server: str) -> AsyncIterator[tuple[str, str]]:
    """Addresses of the empty database and of the one that grows, migrated. What lies there already is used again."""
    async with AsyncExitStack() as stack:
        if engine == "sqlite":
            urls = (f"sqlite:{place / 'empty.db'}", f"sqlite:{place / 'grown.db'}")
            for leftover in ("empty.db", "empty.db-wal", "empty.db-shm"):
                (place / leftover).unlink(missing_ok=True)
        else:
            url = await stack.enter_async_context(database(engine, place, server))
            connection = await asyncpg.connect(url)
            await connection.execute("DROP DATABASE IF EXISTS motcua_empty")
            for name in ("motcua_empty", "motcua_grown"):
                if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                    await connection.execute(f"CREATE DATABASE {name}")
            await connection.close()
            urls = tuple(urlunsplit(urlsplit(url)._replace(path=f"/motcua_{each}")) for each in ("empty", "grown"))  # type: ignore[assignment]
        for each in urls:
            async with open_storage(each) as storage:
                await storage.migrate()
        yield urls


async def stage(urls: tuple[str, str], rows: int, messages: int) -> dict[str, Any]:
    async with open_storage(urls[0]) as empty, open_storage(urls[1]) as grown:
        server = await postmaster(urls[0])
        ways = [Way(each, server=server, seed=rows) for each in (empty, grown)]
        costs = [Cost(), Cost()]
        for way in ways:
            # The first ones fill caches and prepare statements.
            for _ in range(2):
                await way.batch(Cost())
        for turn in range(messages // BATCH):
            for side in (0, 1) if turn % 2 else (1, 0):
                await ways[side].batch(costs[side])
    walls = [sum(each.wall.values()) for each in costs]
    return {
        "rows": rows,
        "empty": costs[0].of(messages),
        "grown": costs[1].of(messages),
        "wall_ratio": round(walls[1] / walls[0], 3),
        "cpu_ratio": round(costs[1].all_cpu / costs[0].all_cpu, 3),
        "wall_ratio_by_step": {step: round(costs[1].wall[step] / costs[0].wall[step], 2) for step in STEPS},
    }


async def measured(engine: str, stages: Sequence[int], messages: int, place: Path, server: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with sides(engine, place, server) as urls:
        for rows in stages:
            began = time.perf_counter()
            if engine == "sqlite":
                await asyncio.to_thread(fill_sqlite, urls[1].removeprefix("sqlite:"), rows)
            else:
                await fill_postgres(urls[1], rows)
            filled = round(time.perf_counter() - began, 1)
            found.append(await stage(urls, rows, messages) | {"filled_in_seconds": filled})
    return found


def main(given: argparse.Namespace) -> None:
    stages, messages = SIZES[given.size]
    stages = tuple(map(int, given.stages.split(","))) if given.stages else stages
    figures: dict[str, Any] = {
        "messages": given.messages or messages,
        "aim": 1.2,
        "sqlite_version": sqlite3.sqlite_version,
    }
    with tempfile.TemporaryDirectory() as folder:
        place = given.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        for engine in given.engines.split(","):
            made = measured(engine, stages, given.messages or messages, place, given.postgres)
            figures[engine] = asyncio.run(made)
    tell(given, figures)


if __name__ == "__main__":
    options = with_engines(arguments("What a message costs as the outbox grows"))
    options.add_argument("--stages", default="", help="rows in the outbox, rising, such as 0,1000000,10000000")
    options.add_argument("--messages", type=int, default=0, help="measured at each stage")
    options.add_argument(
        "--keep", type=Path, default=None, metavar="FOLDER", help="SQLite's files stay, and are used again"
    )
    main(options.parse_args())
