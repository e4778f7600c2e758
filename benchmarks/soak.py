"""Hours of ordinary work: `python -m benchmarks.soak [--minutes 120] [--rate 100] [--every 10] [--recipients 5000]`.

The whole service in one process, over SQLite or PostgreSQL (`--engines`, one), the SMS centre's simulator in another,
the one-stop software here: calls start at their appointed moments, each about a dossier that changes, and every some
minutes a broadcast is approved beside them. Every ten seconds what the service holds is noted: memory, open files,
threads, CPU, the database's bytes. Prints one JSON object: for each window between two broadcasts p50, p99 and the
longest way from the moment at which a call was due until its SMS was at the SMS centre (by the centre's own log); the
readings at start, after a tenth and at the end; bytes in the database a message, and what of them is dead; whether
anything was lost or doubled, and whether the books balance.
"""

import argparse
import asyncio
import json
import math
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.event_to_phone import _with_channel
from benchmarks.expansion import approved
from benchmarks.mirror import BATCH
from benchmarks.push import CONFIG, KEY, body, filled, ready, service, spread
from benchmarks.sizes import arguments, database, tell, with_engines
from benchmarks.soak_readings import Readings, readings_of, tables_of
from bot.demo.processes import free_ports, simulator
from bot.ledger import balance
from bot.model.broadcast import BroadcastState
from bot.ports import Storage
from storage import open_storage

_REST = """
rate = {account}
window = 200
reference_tlv = 0x1501
[broadcasts]
canary = 0
[quiet]
personal = {{ begin = "00:00", end = "00:00" }}
bulk = {{ begin = "00:00", end = "00:00" }}
"""
_LOOK = 10.0
"""Seconds between two readings."""
_DRAIN = 180.0
_MONTH = 30
"""Days: the deadlines of the dossiers lie evenly in them, so that every tenth comes near at once."""
_AT_ONCE = 400
"""Calls that may be under way: a one-stop software has so many connections at most."""


@dataclass(frozen=True, slots=True)
class Size:
    minutes: float
    every: float
    rate: float
    recipients: int


SIZES = {
    "ci": Size(0.5, 0.25, 20.0, 200),
    "small": Size(10.0, 2.0, 100.0, 2_000),
    "full": Size(120.0, 10.0, 100.0, 5_000),
}


@dataclass
class Arrivals:
    """What the SMS centre has taken, by its own log, read on from where it was read last."""

    log: Path
    at: dict[str, float] = field(default_factory=dict)
    """By code: when the first message about it came."""
    parts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By our reference and the text: each part of a message may be there once."""
    messages: set[str] = field(default_factory=set)
    """Our references."""
    _offset: int = 0

    def read(self) -> None:
        with self.log.open("rb") as lines:
            lines.seek(self._offset)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                self._take(json.loads(line))

    def _take(self, facts: dict[str, Any]) -> None:
        if facts["event"] != "submit":
            return
        self.parts[facts["reference"], facts["text"]] += 1
        self.messages.add(facts["reference"])
        # Only the first part of a long message names its dossier.
        for word in facts["text"].split():
            code = word.rstrip(".,")
            if code.startswith("H") and code.count("-") == 2:
                self.at.setdefault(code, facts["at"])
                return

    @property
    def doubled(self) -> int:
        return sum(times > 1 for times in self.parts.values())


@dataclass
class Soak:
    """One run: its pushes, broadcasts and readings."""

    url: str
    size: Size
    arrivals: Arrivals
    due: dict[str, tuple[int, float]] = field(default_factory=dict)
    """By code: the window, and the moment at which the call was due."""
    durable: dict[int, list[float]] = field(default_factory=dict)
    """By window: seconds until the call was answered."""
    readings: list[Readings] = field(default_factory=list)
    broadcasts: list[str] = field(default_factory=list)
    unanswered: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Looks at /readyz that were not answered with 200, by what was answered."""

    async def run(self, storage: Storage, pid: int, db: str) -> None:
        begin = time.time() + 1.0
        seconds = self.size.minutes * 60
        async with asyncio.TaskGroup() as tasks:
            others = [
                tasks.create_task(self._broadcast(storage, begin, seconds)),
                tasks.create_task(self._look(pid, db)),
            ]
            await self._push(begin, int(seconds * self.size.rate))
            await self._drained()
            for task in others:
                task.cancel()

    async def _push(self, begin: float, count: int) -> None:
        """Each call at its moment, whether or not the earlier ones have been answered."""
        places = asyncio.Semaphore(_AT_ONCE)
        connector = aiohttp.TCPConnector(limit=_AT_ONCE)
        async with aiohttp.ClientSession(connector=connector) as http, asyncio.TaskGroup() as tasks:
            for number in range(count):
                moment = begin + number / self.size.rate
                await asyncio.sleep(max(0.0, moment - time.time()))
                await places.acquire()
                tasks.create_task(self._call(http, places, number, moment, begin))

    async def _call(
        self, http: aiohttp.ClientSession, places: asyncio.Semaphore, number: int, moment: float, begin: float
    ) -> None:
        stated = body(number, days=1 + number % _MONTH)
        window = int((moment - begin) / (self.size.every * 60))
        self.due[stated["MaHoSo"]] = (window, moment)
        try:
            async with http.post(self.url, json=stated, headers={"X-Api-Key": KEY}) as response:
                if response.status == 200:
                    self.durable.setdefault(window, []).append(time.time() - moment)
                    return
        except aiohttp.ClientError:
            pass
        finally:
            places.release()
        self.unanswered += 1

    async def _broadcast(self, storage: Storage, begin: float, seconds: float) -> None:
        """A while into each window, so that the readings before it are without."""
        for number in range(math.ceil(self.size.minutes / self.size.every)):
            moment = begin + (number + 0.5) * self.size.every * 60
            if moment > begin + seconds:
                return
            await asyncio.sleep(max(0.0, moment - time.time()))
            self.broadcasts.append(await approved(storage, self.size.recipients))

    async def _look(self, pid: int, db: str) -> None:
        base = self.url.split("/onestop", 1)[0]
        async with aiohttp.ClientSession() as http:
            while True:
                self.readings.append(await readings_of(pid, db))
                for path in ("/readyz", "/metrics"):
                    try:
                        async with http.get(base + path) as response:
                            if response.status != 200:
                                self.refused[f"{path} {response.status}"] += 1
                    except aiohttp.ClientError as error:
                        self.refused[f"{path} {type(error).__name__}"] += 1
                await asyncio.to_thread(self.arrivals.read)
                await asyncio.sleep(_LOOK)

    async def _drained(self) -> None:
        wanted = len(self.due) + self.size.recipients * len(self.broadcasts)
        until = time.monotonic() + _DRAIN
        while time.monotonic() < until:
            await asyncio.to_thread(self.arrivals.read)
            if len(self.arrivals.messages) >= wanted and self.due.keys() <= self.arrivals.at.keys():
                return
            await asyncio.sleep(1.0)

    def windows(self) -> list[dict[str, Any]]:
        ways: dict[int, list[float]] = {}
        for code, (window, moment) in self.due.items():
            if code in self.arrivals.at:
                ways.setdefault(window, []).append(self.arrivals.at[code] - moment)
        return [
            {
                "from_minute": round(window * self.size.every, 2),
                "events": len(found),
                "until_durable": spread(self.durable[window]),
                "until_at_the_sms_centre": spread(found),
            }
            for window, found in sorted(ways.items())
            if len(found) > 1 and len(self.durable.get(window, ())) > 1
        ]


@asynccontextmanager
async def opened(place: Path, db: str, size: Size, account: float) -> AsyncIterator[tuple[Soak, Storage, int]]:
    """The service at work over the filled database."""
    smsc, control, web = free_ports(3)
    config = _with_channel(CONFIG.format(place=place, web=web, smsc=smsc), _REST.format(account=account))
    config = config.replace(f'url = "sqlite:{place}/motcua.db"', f'url = "{db}"')
    (place / "config.toml").write_text(config, encoding="utf-8")
    os.environ["MOTCUA_BENCH_PASSWORD"], os.environ["MOTCUA_BENCH_KEY"] = "bench", KEY
    settings: dict[str, object] = {"port": smsc, "control_port": control, "log": place / "smsc.jsonl"}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(simulator("smsc", settings, place / "smsc.log"))
        process = await stack.enter_async_context(service(place))
        try:
            await ready(f"http://127.0.0.1:{web}/healthz")
        except TimeoutError:
            sys.exit((place / "service.log").read_text(encoding="utf-8"))
        storage = await stack.enter_async_context(open_storage(db))
        url = f"http://127.0.0.1:{web}/onestop/v1/dossiers"
        yield Soak(url, size, Arrivals(place / "smsc.jsonl")), storage, process.pid


async def measured(place: Path, db: str, size: Size, account: float) -> dict[str, Any]:
    await filled(db, max(int(size.minutes * 60 * size.rate) + BATCH, BATCH))
    async with opened(place, db, size, account) as (soak, storage, pid):
        before = await tables_of(db)
        await soak.run(storage, pid, db)
        soak.readings.append(await readings_of(pid, db))
        after = await tables_of(db)
        books = await balance(storage)
        states = [await storage.read(lambda tx, each=each: tx.broadcasts.get(each)) for each in soak.broadcasts]  # type: ignore[misc]
    windows, tenth = soak.windows(), len(soak.readings) // 10
    p99 = [each["until_at_the_sms_centre"]["p99_ms"] for each in windows]
    return {
        "engine": "sqlite" if db.startswith("sqlite:") else "postgres",
        "minutes": size.minutes,
        "events_per_second": size.rate,
        "broadcast_every_minutes": size.every,
        "recipients": size.recipients,
        "windows": windows,
        "p99_ms": {"first": p99[0], "last": p99[-1], "ratio": round(p99[-1] / p99[0], 2)},
        "readings": {
            "begin": soak.readings[0].told(),
            "after_a_tenth": soak.readings[tenth].told(),
            "end": soak.readings[-1].told(),
            "highest": Readings.highest(soak.readings).told(),
        },
        "tables": {"begin": before, "end": after},
        "events": len(soak.due),
        "unanswered_calls": soak.unanswered,
        "broadcasts": len(soak.broadcasts),
        "broadcasts_done": sum(each is not None and each.state is BroadcastState.DONE for each in states),
        "messages_at_the_sms_centre": len(soak.arrivals.messages),
        "submits": soak.arrivals.parts.total(),
        "lost": len(soak.due.keys() - soak.arrivals.at.keys()),
        "doubled": soak.arrivals.doubled,
        "looks_refused": dict(soak.refused),
        "ledger_balanced": books.balanced,
        "planned": books.planned,
        "states": {state.value: number for state, number in books.states.items() if number},
    }


async def main(given: argparse.Namespace, size: Size) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        # PostgreSQL runs as another user where root starts it.
        await asyncio.to_thread(place.chmod, 0o755)
        async with database(given.engines, place, given.postgres) as db:
            return await measured(place, db, size, given.account)


if __name__ == "__main__":
    options = with_engines(arguments("Hours of ordinary work"))
    options.set_defaults(engines="sqlite")
    options.add_argument("--minutes", type=float, default=0.0)
    options.add_argument("--every", type=float, default=0.0, help="minutes between two broadcasts")
    options.add_argument("--rate", type=float, default=0.0, help="events a second")
    options.add_argument("--recipients", type=int, default=0, help="of each broadcast")
    options.add_argument("--account", type=float, default=300.0, help="parts a second that the account may send")
    chosen = options.parse_args()
    wanted = SIZES[chosen.size]
    for name in ("minutes", "every", "rate", "recipients"):
        if getattr(chosen, name):
            wanted = replace(wanted, **{name: getattr(chosen, name)})
    tell(chosen, asyncio.run(main(chosen, wanted)))
