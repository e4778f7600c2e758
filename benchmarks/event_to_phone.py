"""From an event that is pushed to its SMS at the SMS centre: `python -m benchmarks.event_to_phone [--rates
50,200,500]`.

The whole service in a process of its own over SQLite, the SMS centre's simulator in another, the one-stop software
here: calls start at their appointed moments, whether or not earlier ones are answered, each about a dossier that
changes. Each rate is measured alone, and then while a broadcast, approved a moment before, leaves by the same account;
its speed is `--account` parts a second. Measured from the moment at which a call was due until the answer that says it
is durable, and until the SMS centre has its SMS, by the centre's own log. Prints one JSON object with p50 and p99 in
milliseconds (aim: p99 below 250 at 200 events a second, and during the broadcast no worse than twice that without it),
and what was lost or doubled: nothing may be.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.expansion import approved
from benchmarks.mirror import BATCH
from benchmarks.push import CONFIG, KEY, arrived, called, filled, ready, service, spread
from benchmarks.sizes import arguments, tell
from bot.demo.processes import free_ports, simulator
from bot.ledger import balance
from bot.model.broadcast import BroadcastState
from storage import open_storage

_REST = """
rate = {account}
window = 100
[broadcasts]
canary = 0
[quiet]
personal = {{ begin = "00:00", end = "00:00" }}
bulk = {{ begin = "00:00", end = "00:00" }}
"""
_DRAIN = 60.0
_BETWEEN = 2.0
"""Seconds of quiet after a rate."""


@dataclass(frozen=True, slots=True)
class Size:
    rates: tuple[float, ...]
    seconds: float
    rows: int
    """Dossiers in the mirror."""
    recipients: int


SIZES = {
    "ci": Size((50.0,), 4.0, 5_000, 5_000),
    "small": Size((50.0, 200.0), 8.0, 20_000, 20_000),
    "full": Size((50.0, 200.0, 500.0), 30.0, 1_000_000, 100_000),
}


@dataclass
class Run:
    """One office: its log of arrivals, and dossiers that have not changed yet."""

    url: str
    log: Path
    numbers: list[int]

    async def at(self, rate: float, seconds: float) -> dict[str, Any]:
        count = int(rate * seconds)
        numbers, self.numbers = self.numbers[:count], self.numbers[count:]
        due, answered = await called(self.url, numbers, rate)
        found = await self._arrivals(due)
        await asyncio.sleep(_BETWEEN)
        return {
            "events": count,
            "until_durable": spread(list(answered.values())),
            "until_at_the_sms_centre": spread([times[0] for times in found.values()]),
            "lost": count - len(found),
            "doubled": sum(len(times) > 1 for times in found.values()),
        }

    async def _arrivals(self, due: Mapping[str, float]) -> dict[str, list[float]]:
        until = time.monotonic() + _DRAIN
        while True:
            # The file is written by another process.
            found = await asyncio.to_thread(arrived, self.log, due)
            if len(found) == len(due) or time.monotonic() > until:
                return found
            await asyncio.sleep(1.0)


async def measured(place: Path, size: Size, account: float) -> dict[str, Any]:
    database = f"sqlite:{place / 'motcua.db'}"
    await filled(database, max(size.rows, BATCH))
    async with open_storage(database) as storage:
        await storage.migrate()
        made = await approved(storage, size.recipients, state=BroadcastState.SUBMITTED)
    smsc, control, web = free_ports(3)
    config = _with_channel(CONFIG.format(place=place, web=web, smsc=smsc), _REST.format(account=account))
    (place / "config.toml").write_text(config, encoding="utf-8")
    os.environ["MOTCUA_BENCH_PASSWORD"], os.environ["MOTCUA_BENCH_KEY"] = "bench", KEY
    settings: dict[str, object] = {"port": smsc, "control_port": control, "log": place / "smsc.jsonl"}
    numbers = random.Random(7).sample(range(max(size.rows, BATCH)), _needed(size))
    run = Run(f"http://127.0.0.1:{web}/onestop/v1/dossiers", place / "smsc.jsonl", numbers)
    async with simulator("smsc", settings, place / "smsc.log"), service(place):
        try:
            await ready(f"http://127.0.0.1:{web}/healthz")
        except TimeoutError:
            sys.exit((place / "service.log").read_text(encoding="utf-8"))
        await run.at(20.0, 2.0)
        alone = {rate: await run.at(rate, size.seconds) for rate in size.rates}
        async with open_storage(database) as storage:
            ready_made = await storage.read(lambda tx: tx.broadcasts.get(made))
            assert ready_made is not None
            await storage.write(lambda tx: tx.broadcasts.save(replace(ready_made, state=BroadcastState.APPROVED)))
        await _leaving(run.log)
        beside = {rate: await run.at(rate, size.seconds) for rate in size.rates}
        left = await _submits(run.log)
    async with open_storage(database) as storage:
        books = await balance(storage)
        broadcast = await storage.read(lambda tx: tx.broadcasts.get(made))
    return {
        "account_parts_per_second": account,
        "mirror_rows": max(size.rows, BATCH),
        "rates": [_compared(rate, alone[rate], beside[rate]) for rate in size.rates],
        "broadcast": {
            "recipients": size.recipients, "handed_out": broadcast.handed_out if broadcast else 0,
            "still_leaving_at_the_end": bool(broadcast) and broadcast.state is BroadcastState.RUNNING,  # type: ignore[union-attr]
        },
        "submits": left,
        "ledger_balanced": books.balanced,
    }  # fmt: skip


def _compared(rate: float, alone: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    ratio = beside["until_at_the_sms_centre"]["p99_ms"] / alone["until_at_the_sms_centre"]["p99_ms"]
    return {"events_per_second": rate, "alone": alone, "during_the_broadcast": beside, "p99_ratio": round(ratio, 2)}


def _needed(size: Size) -> int:
    return 40 + 2 * sum(int(rate * size.seconds) for rate in size.rates)


def _with_channel(config: str, rest: str) -> str:
    """The settings of the account stand in its table, and the other tables behind."""
    settings, tables = rest.split("[", 1)
    return config.replace('source_addr = "8041"\n', f'source_addr = "8041"\n{settings.strip()}\n') + f"[{tables}"


async def _leaving(log: Path) -> None:
    """Until the broadcast's first thousand has left."""
    before = await _submits(log)
    async with asyncio.timeout(_DRAIN):
        while await _submits(log) < before + 1_000:  # noqa: ASYNC110 - the file is written by another process
            await asyncio.sleep(0.2)


async def _submits(log: Path) -> int:
    def count() -> int:
        with log.open(encoding="utf-8") as lines:
            return sum(json.loads(line)["event"] == "submit" for line in lines)

    return await asyncio.to_thread(count)


def main(given: argparse.Namespace) -> None:
    size = SIZES[given.size]
    if given.rates:
        size = replace(size, rates=_figures(given.rates))
    size = replace(size, rows=given.rows or size.rows, seconds=given.seconds or size.seconds)
    size = replace(size, recipients=given.recipients or size.recipients, rows=max(size.rows, 2 * _needed(size)))
    with tempfile.TemporaryDirectory() as folder:
        tell(given, asyncio.run(measured(Path(folder), size, given.account)))


def _figures(text: str) -> tuple[float, ...]:
    found: Sequence[str] = text.split(",")
    return tuple(map(float, found))


if __name__ == "__main__":
    options = arguments("From an event that is pushed to its SMS at the SMS centre")
    options.add_argument("--rates", default="", help="events a second, such as 50,200,500")
    options.add_argument("--seconds", type=float, default=0.0, help="of each rate")
    options.add_argument("--rows", type=int, default=0, help="dossiers in the mirror")
    options.add_argument("--recipients", type=int, default=0, help="of the broadcast")
    options.add_argument("--account", type=float, default=1_000.0, help="parts a second that the account may send")
    main(options.parse_args())
