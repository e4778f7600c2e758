"""Messages a second by 1, 2 and 4 sender processes on PostgreSQL: `python -m benchmarks.scaling [--messages N]`.

For each row the same messages wait, planned; then the processes start, bind the same account without a limit of its
rate, and send them to a centre that only counts (benchmarks.peers.centre), each with its receipt. Counted from the
first message that the centre takes until it has every receipt answered, which ours does once it is durable. The rows:
a process with all roles; the roles split over two; 2 and 4 processes that send, with one that does the rest.
PostgreSQL runs here too, with fsync, and so does the centre: where all CPUs of the machine are busy (`cpus_busy` near
`cpus`) more processes cannot give more, and the row says so rather than what a larger machine would do. Prints one
JSON object; nothing may be lost.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from benchmarks.peers.costs import cpu_seconds
from benchmarks.sizes import arguments, database, postmaster, tell
from bot.demo.processes import end, free_ports
from bot.ledger import balance
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.message import Lane, OutboxItem, Situation
from bot.model.person import Address
from storage import open_storage

MESSAGES = {"ci": 2_000, "small": 10_000, "full": 200_000}
_BATCH = 1_000
_TEXT = "Ho so H56.14-261122-{:07d}: da duoc tiep nhan. Hen tra ket qua 09/03/2027. Tra cuu: nhan tin ma ho so."
_PATIENCE = 600.0
_POLL = 0.02

CONFIG = """
[storage]
url = "{url}"
[web]
port = {web}
key_file = "{place}/web.key"
[quiet]
personal = {{ begin = "00:00", end = "00:00" }}
bulk = {{ begin = "00:00", end = "00:00" }}
[channels.sms]
kind = "sms_smpp"
host = "127.0.0.1"
port = {centre}
system_id = "bench"
password = "env:MOTCUA_BENCH_PASSWORD"
source_addr = "8041"
window = 500
"""


@dataclass(frozen=True, slots=True)
class Split:
    """What runs: the roles of each process; empty: all."""

    name: str
    processes: tuple[str, ...]

    @property
    def senders(self) -> int:
        return sum(not roles or "send" in roles for roles in self.processes)


_REST = "mirror,plan,receive,web"
SPLITS = (
    Split("one process, all roles", ("",)),
    Split("1 sender, 1 for the rest", ("send", _REST)),
    Split("2 senders, 1 for the rest", ("send", "send", _REST)),
    Split("4 senders, 1 for the rest", ("send",) * 4 + (_REST,)),
)


@dataclass(frozen=True, slots=True)
class Site:
    """Where a row takes place."""

    place: Path
    url: str
    postmaster: int
    messages: int


async def plan(url: str, messages: int) -> None:
    new_id = id_maker(utc_now)
    async with open_storage(url) as storage:
        await storage.migrate()
        for first in range(0, messages, _BATCH):
            now = utc_now()
            items = [
                OutboxItem(
                    id=new_id(), dedupe_key=f"bench:{number}", origin=f"bench:{first}", channel="sms",
                    address=Address("sms", f"+8491{number:07d}"), lane=Lane.PUSH, situation=Situation.PROGRESS,
                    text=_TEXT.format(number), created_at=now, next_at=now, expires_at=now + timedelta(days=3),
                )
                for number in range(first, min(first + _BATCH, messages))
            ]  # fmt: skip
            await storage.write(lambda tx, items=items: tx.outbox.enqueue(items))  # type: ignore[misc]


@asynccontextmanager
async def process(arguments: Sequence[str], log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("ab") as said:
        started = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env=os.environ | {"MOTCUA_BENCH_PASSWORD": "bench"},
            stdout=said, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        yield started
    finally:
        await end(started)


async def counts(control: int) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", control)
    try:
        return dict(json.loads(await reader.read()))
    finally:
        writer.close()


async def row(site: Site, split: Split) -> dict[str, Any]:
    centre, control, *web = free_ports(2 + len(split.processes))
    await plan(site.url, site.messages)
    roots: dict[str, int] = {"postgres": site.postmaster} if site.postmaster else {}
    async with AsyncExitStack() as stack:
        log = site.place / "run.log"
        counting = await stack.enter_async_context(
            process(["-m", "benchmarks.peers.centre", str(centre), str(control)], log)
        )
        roots["centre"] = counting.pid
        await _listens(control)
        for number, (roles, port) in enumerate(zip(split.processes, web, strict=True)):
            config = site.place / f"config-{number}.toml"
            config.write_text(CONFIG.format(url=site.url, web=port, place=site.place, centre=centre), encoding="utf-8")
            asked = ["-m", "bot", "run", "--config", str(config), *(["--roles", roles] if roles else [])]
            roots[f"{number}: {roles or 'all'}"] = (await stack.enter_async_context(process(asked, log))).pid
        began, ended, cpu = await _sent(control, site.messages, roots)
        seen = await counts(control)
    async with open_storage(site.url) as storage:
        books = await balance(storage)
    seconds = ended - began
    return {
        "split": split.name,
        "senders": split.senders,
        "messages_per_second": round(site.messages / seconds, 1),
        "cpu_us_per_message": {name: round(each / site.messages * 1e6, 1) for name, each in cpu.items()},
        "cpus_busy": round(sum(cpu.values()) / seconds, 2),
        "cpus": os.cpu_count(),
        "sent_twice": seen["submitted"] - site.messages,
        "ledger_balanced": books.balanced,
        "states": {state.value: number for state, number in books.states.items() if number},
    }


async def _sent(control: int, messages: int, roots: dict[str, int]) -> tuple[float, float, dict[str, float]]:
    """When the first was taken and the last receipt answered, and the CPU of each in between."""
    began, before = 0.0, dict.fromkeys(roots, 0.0)
    async with asyncio.timeout(_PATIENCE):
        while True:
            seen = await counts(control)
            if not began and seen["submitted"]:
                began, before = time.monotonic(), {name: cpu_seconds({pid}) for name, pid in roots.items()}
            if seen["answered"] >= messages:
                spent = {name: cpu_seconds({pid}) - before[name] for name, pid in roots.items()}
                return began, float(seen["answered_at"]), spent
            await asyncio.sleep(_POLL if not began else 0.1)


async def _listens(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await counts(port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                return


async def measured(messages: int, splits: Sequence[Split], place: Path, server: str) -> list[dict[str, Any]]:
    found = []
    async with database("postgres", place, server) as url:
        admin = await asyncpg.connect(url)
        main = await postmaster(url)
        for number, split in enumerate(splits):
            name = f"motcua_scaling_{number}"
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await admin.execute(f"CREATE DATABASE {name}")
            site = Site(place, urlunsplit(urlsplit(url)._replace(path=f"/{name}")), main, messages)
            try:
                found.append(await row(site, split))
            except TimeoutError:
                sys.exit(await asyncio.to_thread((place / "run.log").read_text, encoding="utf-8"))
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()
    return found


def main(given: argparse.Namespace) -> None:
    most = {"ci": 2, "small": 2, "full": 4}[given.size]
    splits = [each for each in SPLITS if each.senders <= (given.senders or most)]
    messages = given.messages or MESSAGES[given.size]
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measured(messages, splits, Path(folder), given.postgres))
    tell(given, {"messages": messages, "rows": rows})


if __name__ == "__main__":
    options = arguments("Messages a second by 1, 2 and 4 sender processes on PostgreSQL")
    options.add_argument("--messages", type=int, default=0, help="that wait at the start of each row")
    options.add_argument("--senders", type=int, default=0, help="processes that send, at most")
    options.add_argument(
        "--postgres", default="", metavar="URL", help="a server of yours; else one starts for this run"
    )
    main(options.parse_args())
