"""The upgrade from an older release while calls come in: `python -m benchmarks.upgrade OLD [--rate 100]`.

OLD is a checkout of the older release. Its program fills a database, runs over it and takes calls; then it is asked to
stop, this release's `motcua migrate` upgrades the database, and this release runs over it. Afterwards this release is
restarted twice under the same calls, once asked to stop and once killed. The one-stop software calls at its appointed
moments and does what such software does: whatever is not answered with yes is called again, until it is. The SMS
centre's own log is the judge. Prints one JSON object: for each change of programs the seconds in which no call was
answered, how many calls had to be repeated, and in the end what was lost, doubled or is uncertain.
"""

import argparse
import asyncio
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.event_to_phone import _with_channel
from benchmarks.mirror import BATCH
from benchmarks.push import CONFIG, KEY, body, ready
from benchmarks.sizes import arguments, database, tell, with_engines
from benchmarks.soak import Arrivals
from bot.demo.processes import end, free_ports, simulator
from bot.ledger import balance
from storage import open_storage

_REST = """
rate = 500
window = 100
reference_tlv = 0x1501
[quiet]
personal = {{ begin = "00:00", end = "00:00" }}
bulk = {{ begin = "00:00", end = "00:00" }}
"""
_FILL = "import asyncio, sys; from benchmarks.push import filled; asyncio.run(filled(sys.argv[1], int(sys.argv[2])))"
_AGAIN = 0.1
"""Seconds until a call is repeated."""
_DRAIN = 60.0
NEW = Path(__file__).parents[1]


@dataclass
class Caller:
    """The one-stop software: calls until it hears yes."""

    url: str
    rate: float
    due: dict[str, float] = field(default_factory=dict)
    answered: list[float] = field(default_factory=list)
    """Moments."""
    repeated: int = 0
    is_over: bool = False

    async def run(self) -> None:
        begin, number = time.time(), 0
        async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
            while not self.is_over:
                moment = begin + number / self.rate
                await asyncio.sleep(max(0.0, moment - time.time()))
                tasks.create_task(self._call(http, number, moment))
                number += 1

    async def _call(self, http: aiohttp.ClientSession, number: int, moment: float) -> None:
        stated = body(number)
        self.due[stated["MaHoSo"]] = moment
        while not await self._is_taken(http, stated):
            self.repeated += 1
            await asyncio.sleep(_AGAIN)
        self.answered.append(time.time())

    async def _is_taken(self, http: aiohttp.ClientSession, stated: dict[str, str]) -> bool:
        try:
            async with http.post(self.url, json=stated, headers={"X-Api-Key": KEY}) as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    def pause(self, since: float) -> float:
        """Seconds of the longest time without an answer from `since` on."""
        moments = [since, *sorted(each for each in self.answered if each >= since)]
        return round(max(later - earlier for earlier, later in itertools.pairwise(moments)), 2)


@dataclass
class Office:
    """One machine with its database and whichever program runs over it."""

    place: Path
    db: str
    web: int

    async def program(self, release: Path, *words: str) -> asyncio.subprocess.Process:
        environment = {**os.environ, "MOTCUA_BENCH_PASSWORD": "bench", "MOTCUA_BENCH_KEY": KEY}
        with (self.place / "service.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", *words, "--config", str(self.place / "config.toml"),
                cwd=release, env=environment, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    async def running(self, release: Path) -> asyncio.subprocess.Process:
        process = await self.program(release, "run")
        try:
            await ready(f"http://127.0.0.1:{self.web}/healthz")
        except TimeoutError:
            process.kill()
            sys.exit((self.place / "service.log").read_text(encoding="utf-8"))
        return process

    async def migrated(self) -> float:
        """Seconds."""
        began = time.perf_counter()
        process = await self.program(NEW, "migrate")
        if await process.wait():
            sys.exit((self.place / "service.log").read_text(encoding="utf-8"))
        return round(time.perf_counter() - began, 2)


async def _fill(release: Path, db: str, rows: int) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _FILL, db, str(rows), cwd=release)
    if await process.wait():
        sys.exit("the older release could not fill its database")


async def measured(place: Path, db: str, given: argparse.Namespace) -> dict[str, Any]:
    await _fill(given.old, db, max(given.rows, BATCH))
    smsc, control, web = free_ports(3)
    config = _with_channel(CONFIG.format(place=place, web=web, smsc=smsc), _REST.format())
    config = config.replace(f'url = "sqlite:{place}/motcua.db"', f'url = "{db}"')
    (place / "config.toml").write_text(config, encoding="utf-8")
    settings: dict[str, object] = {"port": smsc, "control_port": control, "log": place / "smsc.jsonl"}
    office = Office(place, db, web)
    caller = Caller(f"http://127.0.0.1:{web}/onestop/v1/dossiers", given.rate)
    found: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(simulator("smsc", settings, place / "smsc.log"))
        program = await office.running(given.old)
        calling = asyncio.create_task(caller.run())
        try:
            for name, number in (("upgrade", signal.SIGTERM), ("restart", signal.SIGTERM), ("kill", signal.SIGKILL)):
                await asyncio.sleep(given.seconds)
                since, before = time.time(), caller.repeated
                program.send_signal(number)
                await program.wait()
                migrating = await office.migrated() if name == "upgrade" else 0.0
                program = await office.running(NEW)
                await asyncio.sleep(given.seconds)
                found[name] = {"pause_s": caller.pause(since), "calls_repeated": caller.repeated - before}
                if migrating:
                    found[name]["migrating_s"] = migrating
            caller.is_over = True
            await calling
            arrivals = Arrivals(place / "smsc.jsonl")
            await _drained(arrivals, caller.due)
        finally:
            calling.cancel()
            await end(program)
    return {"mirror_rows": max(given.rows, BATCH), **found, **await judged(db, arrivals, caller.due)}


async def _drained(arrivals: Arrivals, due: dict[str, float]) -> None:
    until = time.monotonic() + _DRAIN
    while time.monotonic() < until:
        await asyncio.to_thread(arrivals.read)
        if due.keys() <= arrivals.at.keys():
            return
        await asyncio.sleep(0.5)


async def judged(db: str, arrivals: Arrivals, due: dict[str, float]) -> dict[str, Any]:
    async with open_storage(db) as storage:
        books = await balance(storage)
    states = {state.value: number for state, number in books.states.items() if number}
    return {
        "events": len(due),
        "not_at_the_sms_centre": len(due.keys() - arrivals.at.keys()),
        "uncertain": states.get("uncertain", 0),
        "doubled": arrivals.doubled,
        "ledger_balanced": books.balanced,
        "states": states,
    }


async def main(given: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {"events_per_second": given.rate}
    engines: Sequence[str] = given.engines.split(",")
    for engine in engines:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            # PostgreSQL runs as another user where root starts it.
            await asyncio.to_thread(place.chmod, 0o755)
            async with database(engine, place, given.postgres) as db:
                found[engine] = await measured(place, db, given)
    return found


if __name__ == "__main__":
    options = with_engines(arguments("The upgrade from an older release while calls come in"))
    options.add_argument("old", type=Path, help="a checkout of the older release")
    options.add_argument("--rate", type=float, default=100.0, help="calls a second")
    options.add_argument("--seconds", type=float, default=10.0, help="before and after each change of programs")
    options.add_argument("--rows", type=int, default=100_000, help="dossiers in the mirror")
    chosen = options.parse_args()
    tell(chosen, asyncio.run(main(chosen)))
