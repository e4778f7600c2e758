"""An approved broadcast, row by row into the outbox: `python -m benchmarks.expansion [--rows N] [--engines sqlite]`.

Ours: what the service runs, from the approval to the last message durable in the outbox: each page of recipients is
read with all that is known of them, worded one by one, planned, and the cursor moved with it in one transaction.
Beside it, in turns within the same run, the limit: the very rows that ours has made, as tuples ready in memory, put by
the bare driver into the outbox of a second database that went through the same migrations, so with the same columns
and indexes: `executemany` on SQLite (WAL, FULL), `COPY` on PostgreSQL, a commit for every 500 rows as ours commits,
and in another turn for every 5,000. Nothing is sent meanwhile, and no limit of waiting messages applies: that belongs
to the sending. Prints one JSON object: rows a second, the ratio to the bare (aim 0.5), CPU a row, memory at 10, 50 and
100 %.
"""

import argparse
import asyncio
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from benchmarks.broadcast import WORDING
from benchmarks.sizes import Spent, arguments, database, resident, tell, with_engines
from bot.app import read_plan
from bot.broadcast_handing import HandingOut
from bot.broadcast_settings import BroadcastSettings
from bot.broadcast_watch import SOON, BroadcastWatch
from bot.broadcasting import broadcasts_for, handing_out_for
from bot.config import Config
from bot.model.broadcast import Broadcast, BroadcastState, Recipient
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.plan import planner_for, reach_for
from bot.ports import Storage, Transaction
from bot.texts import Library
from storage import open_storage

ROWS = {"ci": 5_000, "small": 20_000, "full": 1_000_000}
TURN = 10_000
"""Rows that one side puts in before it is the other's turn, at most."""
_FILLED = 5_000
_COLUMNS = (
    "id", "dedupe_key", "origin", "channel", "address", "lane", "situation", "text", "source", "code", "parts",
    "created_at", "next_at", "expires_at", "status", "appointment_at", "state", "attempts", "reason", "sent_at",
    "settled_at", "agency", "route", "sender", "gateway", "carrier", "cost", "attached", "owner",
)  # fmt: skip
_ALL = ", ".join(_COLUMNS)


def recipient(number: int) -> Recipient:
    """Phones in no order, as a list has them; none of them twice, and none of the simulators' special endings."""
    mixed = number * 7_368_787 % 6_999_989
    return Recipient(
        number=number + 1,
        phone=f"+849{'0134678'[mixed // 1_000_000]}{mixed % 1_000_000:06d}5",
        code=f"H32.15-261122-{number:07d}",
        values={"ten": f"Nguyễn Thị Bé {number}"},
    )


def config(url: str) -> Config:
    os.environ.update({"MOTCUA_BENCH_PASSWORD": "bench"})
    channel = {"kind": "sms_smpp", "host": "127.0.0.1", "system_id": "bench", "password": "env:MOTCUA_BENCH_PASSWORD"}
    return Config.model_validate(
        {
            "storage": {"url": url},
            "web": {"enabled": False},
            "channels": {"sms": {**channel, "source_addr": "8041", "prices": {"default": 400}}},
        }
    )


def handing_out(storage: Storage, url: str) -> HandingOut:
    """As the service makes it, but that it hands out everything at once."""
    plan = read_plan(config(url))
    planner = planner_for(plan, id_maker(utc_now), Library())
    made = handing_out_for(broadcasts_for(plan, storage, reach_for(plan, planner), utc_now))
    return replace(
        made, settings=BroadcastSettings.model_construct(**{**dict(made.settings), "canary": 0, "waiting": 10**9})
    )


async def approved(storage: Storage, rows: int, state: BroadcastState = BroadcastState.APPROVED) -> str:
    """Its id, with all recipients kept."""
    now = utc_now()
    made = Broadcast(
        id="", title="Trụ sở mới", agency="H32.15", state=BroadcastState.DRAFT, made_at=now, made_by="lan",
        wording=WORDING, columns=("ten",), list_name="ds.xlsx", list_digest="d", people=rows,
    )  # fmt: skip
    made = await storage.write(lambda tx: tx.broadcasts.add(made))
    for first in range(1, rows + 1, _FILLED):
        page = [recipient(number) for number in range(first, min(first + _FILLED, rows + 1))]

        async def keep(tx: Transaction, page: Sequence[Recipient] = page) -> None:
            assert await tx.broadcasts.add_rows(made.id, page) == len(page)

        await storage.write(keep)
    ready = replace(made, state=state, approved_at=now, approved_by="hoa")
    await storage.write(lambda tx: tx.broadcasts.save(ready))
    return made.id


class Bare:
    """The same rows by the driver alone."""

    async def put(self, rows: Sequence[tuple[Any, ...]], *, at_once: int) -> None:
        raise NotImplementedError

    async def rows_of(self, origins: Iterable[str]) -> list[tuple[Any, ...]]:
        raise NotImplementedError


@dataclass
class BareSqlite(Bare):
    ours: sqlite3.Connection
    bare: sqlite3.Connection

    async def put(self, rows: Sequence[tuple[Any, ...]], *, at_once: int) -> None:
        marks = ", ".join("?" * len(_COLUMNS))
        for first in range(0, len(rows), at_once):
            self.bare.execute("BEGIN IMMEDIATE")
            self.bare.executemany(f"INSERT INTO outbox ({_ALL}) VALUES ({marks})", rows[first : first + at_once])  # noqa: S608
            self.bare.execute("COMMIT")

    async def rows_of(self, origins: Iterable[str]) -> list[tuple[Any, ...]]:
        query = f"SELECT {_ALL} FROM outbox WHERE origin = ? ORDER BY dedupe_key"  # noqa: S608
        return [row for origin in origins for row in self.ours.execute(query, (origin,)).fetchall()]


@dataclass
class BarePostgres(Bare):
    ours: asyncpg.Connection
    bare: asyncpg.Connection

    async def put(self, rows: Sequence[tuple[Any, ...]], *, at_once: int) -> None:
        for first in range(0, len(rows), at_once):
            await self.bare.copy_records_to_table("outbox", records=rows[first : first + at_once], columns=_COLUMNS)

    async def rows_of(self, origins: Iterable[str]) -> list[tuple[Any, ...]]:
        query = f"SELECT {_ALL} FROM outbox WHERE origin = $1 ORDER BY dedupe_key"  # noqa: S608
        return [tuple(row) for origin in origins for row in await self.ours.fetch(query, origin)]


@asynccontextmanager
async def bare_sqlite(url: str, place: Path) -> AsyncIterator[Bare]:
    other = place / "bare.db"
    async with open_storage(f"sqlite:{other}") as storage:
        await storage.migrate()
    ours = sqlite3.connect(url.removeprefix("sqlite:"), isolation_level=None)
    bare = sqlite3.connect(other, isolation_level=None)
    # As our own writer has it.
    for pragma in ("synchronous = FULL", "cache_size = -16384", "wal_autocheckpoint = 8000"):
        bare.execute(f"PRAGMA {pragma}")
    try:
        yield BareSqlite(ours, bare)
    finally:
        ours.close()
        bare.close()


@asynccontextmanager
async def bare_postgres(url: str, place: Path) -> AsyncIterator[Bare]:
    del place
    ours = await asyncpg.connect(url)
    await ours.execute("DROP DATABASE IF EXISTS motcua_bare")
    await ours.execute("CREATE DATABASE motcua_bare")
    other = urlunsplit(urlsplit(url)._replace(path="/motcua_bare"))
    async with open_storage(other) as storage:
        await storage.migrate()
    bare = await asyncpg.connect(other)
    try:
        yield BarePostgres(ours, bare)
    finally:
        await bare.close()
        await ours.execute("DROP DATABASE motcua_bare WITH (FORCE)")
        await ours.close()


@dataclass
class Race:
    """Ours and the bare, by turns."""

    storage: Storage
    watch: BroadcastWatch
    bare: Bare
    id: str
    rows: int
    ours: Spent = field(default_factory=Spent)
    small: Spent = field(default_factory=Spent)
    large: Spent = field(default_factory=Spent)
    memory: dict[str, float] = field(default_factory=dict)
    put: dict[int, int] = field(default_factory=lambda: {500: 0, 5_000: 0})

    async def run(self) -> None:
        done, page, turn = 0, 0, 0
        step = min(TURN, max(500, self.rows // 10))
        self.memory["begin"] = resident()
        while done < self.rows:
            with self.ours:
                found = await self._ours_until(min(self.rows, done + step))
            rows = await self.bare.rows_of(f"broadcast:{self.id}:{each}" for each in range(page + 1, found.pages + 1))
            assert len(rows) == found.handed_out - done, "every recipient has her row"
            at_once, spent = ((500, self.small), (5_000, self.large))[turn % 2]
            with spent:
                await self.bare.put(rows, at_once=at_once)
            self.put[at_once] += len(rows)
            del rows
            for share in (10, 50, 100):
                if done < self.rows * share // 100 <= found.handed_out:
                    self.memory[f"{share}%"] = resident()
            done, page, turn = found.handed_out, found.pages, turn + 1

    async def _ours_until(self, number: int) -> Broadcast:
        while True:
            await self.watch.look()
            await asyncio.sleep(SOON)
            found = await self.storage.read(lambda tx: tx.broadcasts.get(self.id))
            assert found is not None
            if found.handed_out >= number:
                return found


async def measured(engine: str, rows: int, server: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        async with database(engine, place, server) as url, open_storage(url) as storage:
            await storage.migrate()
            made = await approved(storage, rows)
            beside = bare_sqlite if engine == "sqlite" else bare_postgres
            async with beside(url, place) as bare:
                race = Race(storage, BroadcastWatch(storage, handing_out(storage, url)), bare, made, rows)
                await race.run()
    per_second = rows / race.ours.wall
    best = max(
        number / spent.wall for number, spent in zip(race.put.values(), (race.small, race.large), strict=True) if number
    )
    return {
        "rows": rows,
        "ours": {"per_second": round(per_second), **race.ours.of(rows)},
        "bare_500": _bare(race.put[500], race.small),
        "bare_5000": _bare(race.put[5_000], race.large),
        "ratio_to_bare_of_500": round(per_second / (race.put[500] / race.small.wall), 3),
        "ratio_to_best_bare": round(per_second / best, 3),
        "aim": 0.5,
        "memory_mb": race.memory,
    }


def _bare(number: int, spent: Spent) -> dict[str, float]:
    return {"per_second": round(number / spent.wall), **spent.of(number)} if number else {}


def main(given: argparse.Namespace) -> None:
    rows = given.rows or ROWS[given.size]
    tell(given, {each: asyncio.run(measured(each, rows, given.postgres)) for each in given.engines.split(",")})


if __name__ == "__main__":
    options = with_engines(arguments("A broadcast into the outbox"))
    options.add_argument("--rows", type=int, default=0, help="recipients")
    main(options.parse_args())
