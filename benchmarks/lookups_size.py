"""Look-ups in a small and a large mirror: `python -m benchmarks.lookups_size [--sizes 1000000,10000000] [--keep
FOLDER]`.

The whole service over an SQLite file in a process of its own, as `motcua run` does, and beside it, in another process,
a bare aiohttp handler that does one indexed read of the same table. Both are asked as fast as they answer, over as
many connections, by turns within the same run, each dossier once:

* web: the page without JavaScript, with a second factor. What comes back is the whole page with the answer, for which
  the question and the reply were made durable, the attempts against guessing counted, and the reply handed over and
  settled;
* chat: delivered inside the service by strangers, as Telegram's and Zalo's adapters do, all at once;
* bare: the row as JSON; nothing is written.

So the ratio (aim 0.5) is that of a recorded, guarded conversation to a read; `cpu_ms` says what each look-up costs,
which does not depend on what else the machine does. Look-ups a second per core are those of a core of the serving
process. The rows are written by SQLite itself; with `--keep` they stay for the next run. Prints one JSON object for
all sizes.
"""

import argparse
import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp

from benchmarks.lookup_service import CHATS, ChatAsk, Ports, code_of, make_mirror, secret_of, serve_bare, serve_service
from benchmarks.lookups import Visitor, process, visitors_of
from benchmarks.sizes import arguments, tell
from bot.demo.processes import free_ports, simulator
from storage import open_storage

SIZES = {"ci": (20_000,), "small": (200_000,), "full": (1_000_000, 10_000_000)}
SECONDS = {"ci": 2.0, "small": 5.0, "full": 20.0}
"""Of each side in each round."""
ROUNDS = 2
_ASKED_BY_ONE = 3
_OVERRIDDEN = {
    "code": "'H56.' || (10 + n % 90) || '-' || (260101 + n % 28) || '-' || printf('%07d', n)",
    "agency": "'H56.' || (10 + n % 90)",
    "phone": "'+8490' || printf('%07d', n)",
    "lookup_code": "(n * 7919 % 10) || printf('%03X', n * 104729 % 46656)",
    "id_tail": "printf('%04d', n * 31 % 10000)",
}


@dataclass
class Side:
    """What one of them took, over all rounds."""

    seconds: list[float] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0
    answered: int = 0
    wrong: int = 0

    @property
    def per_core(self) -> float:
        return self.answered / self.cpu

    def shown(self) -> dict[str, Any]:
        figures: dict[str, Any] = {"answered": self.answered, "wrong": self.wrong}
        if len(self.seconds) > 1:
            cuts = quantiles(self.seconds, n=100)
            figures |= {f"p{share}_ms": round(cuts[share - 1] * 1000, 2) for share in (50, 95, 99)}
        figures["per_second"] = round(self.answered / self.wall, 1)
        figures["per_second_per_core"] = round(self.per_core, 1)
        return figures | {"cpu_ms": round(1000 * self.cpu / self.answered, 3)}


async def filled(place: Path, rows: int) -> float:
    """Seconds; the mirror as `benchmarks.lookups` makes it, but written by the database."""
    began, path = time.perf_counter(), place / "motcua.db"
    if not path.exists():
        await make_mirror(f"sqlite:{path}", 1)
    else:
        async with open_storage(f"sqlite:{path}") as storage:
            await storage.migrate()
    await asyncio.to_thread(_fill, path, rows)
    return time.perf_counter() - began


def _fill(path: Path, rows: int) -> None:
    base = sqlite3.connect(path, isolation_level=None)
    try:
        there = base.execute("SELECT COUNT(*) FROM dossiers").fetchone()[0]
        if there >= rows:
            return
        for pragma in ("synchronous = OFF", "cache_size = -1000000", "temp_store = MEMORY"):
            base.execute(f"PRAGMA {pragma}")
        indexes = base.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'dossiers' AND sql <> ''"
        ).fetchall()
        columns = [each[1] for each in base.execute("PRAGMA table_info(dossiers)")]
        chosen = ", ".join(_OVERRIDDEN.get(each, f"one.{each}") for each in columns)
        base.execute("BEGIN IMMEDIATE")
        for name, _ in indexes:
            base.execute(f"DROP INDEX {name}")
        base.execute(
            f"INSERT INTO dossiers ({', '.join(columns)})"  # noqa: S608 - names of the table itself
            f" WITH RECURSIVE numbers(n) AS (SELECT {there} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {rows})"
            f" SELECT {chosen} FROM numbers CROSS JOIN (SELECT * FROM dossiers WHERE code = ?) AS one",
            (code_of(0),),
        )
        for _, statement in indexes:
            base.execute(statement)
        base.execute("COMMIT")
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        base.close()


@dataclass
class Asking:
    """Both services, and the dossiers that nobody has asked for yet."""

    ports: Ports
    http: aiohttp.ClientSession
    numbers: Iterator[int]
    connections: int

    async def bare(self, side: Side, pipe: Connection, seconds: float) -> None:
        async def read(number: int) -> bool:
            form = {"text": code_of(number)}
            async with self.http.post(f"http://127.0.0.1:{self.ports.bare}/", data=form) as answer:
                return len(await answer.json()) == 1

        pipe.send("begin")
        await self._as_fast_as_answered(side, read, seconds)
        pipe.send("tell")
        side.cpu += await asyncio.to_thread(pipe.recv)

    async def web(self, side: Side, pipe: Connection, seconds: float, visitors: Sequence[Visitor]) -> None:
        turn = iter(each for each in visitors for _ in range(_ASKED_BY_ONE))
        url = f"http://127.0.0.1:{self.ports.web}/tra-cuu"

        async def submit(number: int) -> bool:
            visitor = next(turn)
            form = {"token": visitor.token, "id": f"question-{number:08d}", "text": code_of(number)}
            headers = {"X-Forwarded-For": visitor.network, "Cookie": f"motcua={visitor.cookie}"}
            async with self.http.post(url, data=form | {"factor": secret_of(number)}, headers=headers) as answer:
                page = await answer.text()
            return answer.status == 200 and "Ngày hẹn trả" in page and page.count(code_of(number)) >= 2

        pipe.send((time.monotonic(), []))
        await self._as_fast_as_answered(side, submit, seconds)
        side.cpu += (await _told(pipe))[1]
        pipe.send("enough")

    async def chat(self, side: Side, pipe: Connection, number: int) -> None:
        asks = {f"{next(_users)}": next(self.numbers) for _ in range(number)}
        began = time.monotonic()
        pipe.send((began, [ChatAsk(0.0, CHATS[0], user, code_of(each)) for user, each in asks.items()]))
        while True:
            handed, cpu = await _told(pipe)
            answers = {user: handed.get(f"{CHATS[0]}:{user}", (began, "")) for user in asks}
            if all(text for _, text in answers.values()) or time.monotonic() > began + 60:
                break
            await asyncio.sleep(0.2)
        pipe.send("enough")
        side.cpu += cpu
        side.wall += max(at for at, _ in answers.values()) - began
        right = sum(code_of(asks[user]) in answers[user][1] for user in asks)
        side.answered += right
        side.wrong += number - right

    async def _as_fast_as_answered(self, side: Side, ask: Callable[[int], Awaitable[bool]], seconds: float) -> None:
        until = (began := time.perf_counter()) + seconds

        async def go_on() -> None:
            while (now := time.perf_counter()) < until:
                is_right = await ask(next(self.numbers))
                side.seconds.append(time.perf_counter() - now)
                side.answered += is_right
                side.wrong += not is_right

        async with asyncio.TaskGroup() as tasks:
            for _ in range(self.connections):
                tasks.create_task(go_on())
        side.wall += time.perf_counter() - began


_users = count(time.time_ns() // 1_000_000)
"""Another one in each run: who has asked already in a database that was kept would be taken for a repetition."""


async def _told(pipe: Connection) -> tuple[dict[str, tuple[float, str]], float]:
    pipe.send("tell")
    handed, cpu = await asyncio.to_thread(pipe.recv)
    return handed, cpu


async def measured(place: Path, *, rows: int, seconds: float, connections: int) -> dict[str, Any]:
    took = await filled(place, rows)
    ports, database = Ports(*free_ports(4)), place / "motcua.db"
    numbers = (each for each in random.Random(time.time_ns()).sample(range(1, rows), rows - 1) if each % 10_000 > 9)
    sides = {name: Side() for name in ("bare", "web", "chat")}
    smsc: dict[str, object] = {"port": ports.smsc, "control_port": ports.smsc_control}
    http_settings: dict[str, Any] = {
        "connector": aiohttp.TCPConnector(limit=0), "cookie_jar": aiohttp.DummyCookieJar(),
    }  # fmt: skip
    async with (
        simulator("smsc", smsc, place / "smsc.log"),
        process(serve_bare, str(database), ports.bare) as bare_pipe,
        process(serve_service, place, ports) as pipe,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60), **http_settings) as http,
    ):
        asking = Asking(ports, http, iter(numbers), connections)
        url = f"http://127.0.0.1:{ports.web}"
        warm = await visitors_of(http, url, 100)
        await asking.web(Side(), pipe, 0.5, warm)
        for _ in range(ROUNDS):
            await asking.bare(sides["bare"], bare_pipe, seconds)
            # As many as can ask at most; opening the page is not measured.
            visitors = await visitors_of(http, url, int(seconds * 1_000 / _ASKED_BY_ONE))
            await asking.web(sides["web"], pipe, seconds, visitors)
            await asking.chat(sides["chat"], pipe, int(seconds * 100))
    bare = sides["bare"]
    return {
        "rows": rows,
        "filled_in_seconds": round(took, 1),
        "database_mb": round(database.stat().st_size / 2**20),
        **{name: side.shown() for name, side in sides.items()},
        "per_core_ratio": {name: round(sides[name].per_core / bare.per_core, 4) for name in ("web", "chat")},
        "limit": _limit(sides["web"], sides["chat"], bare),
    }


def _limit(web: Side, chat: Side, bare: Side) -> str:
    """What bounds a look-up, from the figures of this run."""
    conversation, page, read = (1000 * cpu for cpu in (1 / chat.per_core, 1 / web.per_core, 1 / bare.per_core))
    return (
        f"the CPU of one Python event loop. A read and its answer as JSON take {read:.2f} ms. A conversation takes "
        f"{conversation:.2f} ms in bursts that share their commits: some twenty statements by a key, of which one "
        "finds the dossier, and the rules between them. The form, its session, the page with the answer, and commits "
        f"that few share take the other {page - conversation:.2f} ms of a web look-up. Half of a bare "
        f"read's pace would leave {2 * read:.2f} ms for all of it"
    )


async def all_sizes(
    sizes: Sequence[int], keep: Path | None, *, seconds: float, connections: int
) -> list[dict[str, Any]]:
    found = []
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            place = keep / f"lookups-{rows}" if keep else Path(folder)
            place.mkdir(parents=True, exist_ok=True)
            found.append(await measured(place, rows=rows, seconds=seconds, connections=connections))
    return found


def main(given: argparse.Namespace) -> int:
    sizes = tuple(map(int, given.sizes.split(","))) if given.sizes else SIZES[given.size]
    seconds = given.seconds or SECONDS[given.size]
    found = asyncio.run(all_sizes(sizes, given.keep, seconds=seconds, connections=given.connections))
    tell(given, {"connections": given.connections, "aim": 0.5, "mirrors": found})
    return 1 if any(each[side]["wrong"] for each in found for side in ("bare", "web", "chat")) else 0


if __name__ == "__main__":
    options = arguments("Look-ups in a small and a large mirror")
    options.add_argument("--sizes", default="", help="dossiers, such as 1000000,10000000")
    options.add_argument("--seconds", type=float, default=0.0, help="of each side in each round")
    options.add_argument("--connections", type=int, default=8, help="that ask at once")
    options.add_argument(
        "--keep", type=Path, default=None, metavar="FOLDER", help="the databases stay, and are used again"
    )
    sys.exit(main(options.parse_args()))
