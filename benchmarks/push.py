"""How soon what a one-stop software pushes is durable, and told: `python -m benchmarks.push [ROWS] [RATE] [SECONDS]`.

By default a mirror of 1,000,000 dossiers on SQLite, 200 events a second for 60 seconds, each a call of its own about a
dossier that changes. The whole service runs in a process of its own, the SMS-centre simulator in another one, and the
caller here: calls start at their appointed moments, whether or not the earlier ones have been answered.

Measured for each event from the moment at which its call was due: until the answer that says that it is durable, and
until its SMS arrives at the SMS centre, by the centre's own log. Then the ledger must balance and no event be lost or
doubled. Prints one JSON object.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp

from benchmarks.mirror import BATCH, Office, applied, mirror_on, record
from bot.demo.processes import end, free_ports, simulator
from bot.ledger import balance
from bot.model.clock import VIETNAM, utc_now
from bot.model.dossier import Status
from storage import open_storage

KEY = "a-key-for-this-benchmark-alone"
_DRAIN = 30.0
"""Seconds for the last messages to leave."""

CONFIG = """
[storage]
url = "sqlite:{place}/motcua.db"
[web]
port = {web}
key_file = "{place}/web.key"
[channels.sms]
kind = "sms_smpp"
host = "127.0.0.1"
port = {smsc}
system_id = "bench"
password = "env:MOTCUA_BENCH_PASSWORD"
source_addr = "8041"
[channels.webchat]
kind = "webchat"
[sources.office]
kind = "push"
keys = ["env:MOTCUA_BENCH_KEY"]
brake_messages = 0
brake_percent = 0
"""


async def filled(url: str, rows: int) -> None:
    async with open_storage(url) as storage:
        await storage.migrate()
        await applied(mirror_on(storage), Office(rows).batches())


@asynccontextmanager
async def service(place: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    secrets = {"MOTCUA_BENCH_PASSWORD": "bench", "MOTCUA_BENCH_KEY": KEY}
    with (place / "service.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--config", str(place / "config.toml"),
            env=os.environ | secrets, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield process
    finally:
        await end(process)


def body(number: int, days: int = 3) -> dict[str, str]:
    """The `number`-th dossier, changed just now, and due in so many days."""
    dossier = record(number)
    status = Status.DONE if dossier.status is Status.PROCESSING else Status.PROCESSING
    now = utc_now().astimezone(VIETNAM)
    return {
        "MaHoSo": dossier.code,
        "TrangThaiHoSo": str(int(status)),
        "TenTTHC": dossier.procedure_name,
        "MaTTHC": dossier.procedure,
        "ChuHoSo": dossier.applicant,
        # None of the simulator's special endings: a dropped link would delay its neighbours.
        "SoDienThoai": f"091{number % 1_000_000:06d}5",
        "MaDonVi": dossier.agency,
        "DonViXuLy": dossier.agency_name,
        "NgayTiepNhan": _local(dossier.received_at),
        "NgayHenTra": _local(now + timedelta(days=days)),
        "NgayCapNhat": now.isoformat(),
    }


def _local(moment: Any) -> str:
    return f"{moment.astimezone(VIETNAM):%Y%m%d%H%M%S}"


async def called(url: str, numbers: list[int], rate: float) -> tuple[dict[str, float], dict[str, float]]:
    """By code: when each call was due, and how long until it was answered with yes."""
    due: dict[str, float] = {}
    answered: dict[str, float] = {}
    begin = time.time() + 0.5

    async def call(http: aiohttp.ClientSession, place: int, number: int) -> None:
        moment = begin + place / rate
        await asyncio.sleep(moment - time.time())
        stated = body(number)
        due[stated["MaHoSo"]] = moment
        async with http.post(url, json=stated, headers={"X-Api-Key": KEY}) as response:
            assert response.status == 200, await response.text()
        answered[stated["MaHoSo"]] = time.time() - moment

    connector = aiohttp.TCPConnector(limit=256)
    async with aiohttp.ClientSession(connector=connector) as http, asyncio.TaskGroup() as tasks:
        for place, number in enumerate(numbers):
            tasks.create_task(call(http, place, number))
    return due, answered


def arrived(log: Path, due: Mapping[str, float]) -> dict[str, list[float]]:
    """By code: seconds from the moment at which its call was due until each of its messages was at the SMS centre."""
    found: dict[str, list[float]] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        facts = json.loads(line)
        if facts["event"] != "submit":
            continue
        # Only the first part of a long message names its dossier.
        code = next((word.rstrip(".,") for word in facts["text"].split() if word.rstrip(".,") in due), None)
        if code is not None:
            found.setdefault(code, []).append(facts["at"] - due[code])
    return found


def spread(seconds: list[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=100)
    return {
        "p50_ms": round(cuts[49] * 1000, 1),
        "p95_ms": round(cuts[94] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
        "max_ms": round(max(seconds) * 1000, 1),
    }


async def measured(place: Path, rows: int, rate: float, seconds: float) -> dict[str, Any]:
    database = f"sqlite:{place / 'motcua.db'}"
    await filled(database, rows)
    smsc, control, web = free_ports(3)
    (place / "config.toml").write_text(CONFIG.format(place=place, web=web, smsc=smsc), encoding="utf-8")
    os.environ["MOTCUA_BENCH_PASSWORD"], os.environ["MOTCUA_BENCH_KEY"] = "bench", KEY
    numbers = random.Random(7).sample(range(rows), int(rate * seconds))
    settings: dict[str, object] = {"port": smsc, "control_port": control, "log": place / "smsc.jsonl"}
    async with simulator("smsc", settings, place / "smsc.log"), service(place):
        try:
            await ready(f"http://127.0.0.1:{web}/healthz")
        except TimeoutError:
            sys.exit((place / "service.log").read_text(encoding="utf-8"))
        due, answered = await called(f"http://127.0.0.1:{web}/onestop/v1/dossiers", numbers, rate)
        await _drained(place / "smsc.jsonl", due)
    found = arrived(place / "smsc.jsonl", due)
    async with open_storage(database) as storage:
        books = await balance(storage)
    return {
        "mirror_rows": rows,
        "events_per_second": rate,
        "events": len(numbers),
        "until_durable": spread(list(answered.values())),
        "until_at_the_sms_centre": spread([times[0] for times in found.values()]),
        "lost": len(numbers) - len(found),
        "doubled": sum(len(times) > 1 for times in found.values()),
        "ledger_balanced": books.balanced,
        "planned": books.planned,
        "states": {state.value: number for state, number in books.states.items() if number},
    }


async def ready(url: str) -> None:
    async with asyncio.timeout(30), aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(url) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


async def _drained(log: Path, due: Mapping[str, float]) -> None:
    until = time.monotonic() + _DRAIN
    # The file is written by another process.
    while time.monotonic() < until and len(await asyncio.to_thread(arrived, log, due)) < len(due):  # noqa: ASYNC110
        await asyncio.sleep(1.0)


def main(rows: int, rate: float, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measured(Path(folder), max(rows, BATCH), rate, seconds)), indent=2))


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    main(*(int(given[0]) if given else 1_000_000, *(given[1:] or (200.0, 60.0))))
