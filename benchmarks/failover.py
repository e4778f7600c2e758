"""How soon the other gateway has everything when one fails, and how it comes back: `python -m benchmarks.failover`.

Two gateways stand behind one route: SMPP with weight 70, eSMS's HTTP API with weight 30, each against its simulator in
a process of its own. 50 messages a second are planned without a pause while one gateway fails and returns. Measured:
from the fault until its weight is gone, for how long messages planned after the fault waited, how many are uncertain,
and from the end of the fault until it has weight again. The simulators' logs are held against the ledger. Prints JSON.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp

from bot import app
from bot.config import Config
from bot.demo.processes import free_ports, simulator
from bot.ledger import balance
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Move, Transaction

RATE = 50
STEADY, FAULTY, AFTER = 3.0, 30.0, 5.0
"""Seconds before the fault, of the fault, and after the gateway came back."""
_RETURN_WITHIN = 90.0
SMPP, HTTP = "smpp", "esms"
_ACCOUNT = {"ApiKey": "bench-api-key", "SecretKey": "bench-secret-key"}


class Ports:
    def __init__(self) -> None:
        self.smsc, self.smsc_control, self.http, self.http_control = free_ports(4)


def config(place: Path, ports: Ports) -> Config:
    os.environ |= {"MOTCUA_BENCH_A": _ACCOUNT["ApiKey"], "MOTCUA_BENCH_B": _ACCOUNT["SecretKey"]}
    return Config.model_validate(
        {
            "storage": {"url": f"sqlite:{place / 'motcua.db'}"},
            "quiet": {"personal": {"begin": "00:00", "end": "00:00"}},  # whatever the hour is
            "channels": {
                SMPP: {
                    "kind": "sms_smpp", "host": "127.0.0.1", "port": ports.smsc, "system_id": "bench",
                    "password": "env:MOTCUA_BENCH_A", "source_addr": "8041",
                },
                HTTP: {
                    "kind": "sms_http", "provider": "esms", "sender": "MOTCUA",
                    "url": f"http://127.0.0.1:{ports.http}/MainService.svc/json",
                    "api_key": "env:MOTCUA_BENCH_A", "secret_key": "env:MOTCUA_BENCH_B",
                },
            },
            "routes": {"default": {"gateways": {SMPP: 70, HTTP: 30}}},
        }
    )  # fmt: skip


@asynccontextmanager
async def smsc(place: Path, ports: Ports) -> AsyncIterator[asyncio.subprocess.Process]:
    settings: dict[str, object] = {
        "port": ports.smsc, "control_port": ports.smsc_control, "log": place / "smsc.jsonl"
    }  # fmt: skip
    async with simulator("smsc", settings, place / "smsc.log") as process:
        yield process


@asynccontextmanager
async def provider(place: Path, ports: Ports) -> AsyncIterator[None]:
    settings: dict[str, object] = {
        "port": ports.http,
        "control_port": ports.http_control,
        "log": place / "http.jsonl",
        "accounts": json.dumps({"esms": _ACCOUNT}),
    }
    async with simulator("sms_http", settings, place / "http.log"):
        yield


async def _enqueued(tx: Transaction, item: OutboxItem) -> int:
    return await tx.outbox.enqueue([item])


async def _found(tx: Transaction, item_id: str) -> OutboxItem | None:
    return await tx.outbox.get(item_id)


class Stream:
    """Plans messages at a steady rate until stopped, and remembers when."""

    def __init__(self, running: app.App) -> None:
        self._running = running
        self._new_id = id_maker(utc_now)
        self.planned: dict[str, datetime] = {}
        self._stopped = False

    async def run(self) -> None:
        begin, number = time.monotonic(), 0
        while not self._stopped:
            number += 1
            await self._running.storage.write(partial(_enqueued, item=self._item(number)))
            await asyncio.sleep(max(0.0, begin + number / RATE - time.monotonic()))

    def stop(self) -> None:
        self._stopped = True

    def _item(self, number: int) -> OutboxItem:
        now, fresh = utc_now(), self._new_id()
        self.planned[fresh] = now
        return OutboxItem(
            id=fresh, dedupe_key=fresh, origin=f"bench:{fresh}", channel="default", route="default",
            address=Address("sms", f"+8491{number % 1_000_000:06d}5"), lane=Lane.PUSH, situation=Situation.PROGRESS,
            text=f"Ho so so {fresh} da duoc tiep nhan.", created_at=now, next_at=now,
            expires_at=now + timedelta(hours=1),
        )  # fmt: skip


async def told(port: int, method: str, **fault: object) -> None:
    url = f"http://127.0.0.1:{port}/fault"
    async with aiohttp.ClientSession() as http, http.request(method, url, json=fault or None) as answer:
        answer.raise_for_status()


async def moved(running: app.App, gateway: str, since: datetime, wanted: Callable[[Move], bool], within: float) -> Move:
    """The first move of a gateway that is wanted."""
    async with asyncio.timeout(within):
        while True:
            moves = await running.storage.read(lambda tx: tx.routing.moves(limit=50, name=gateway))
            if found := [move for move in moves if move.at >= since and wanted(move)]:
                return found[-1]
            await asyncio.sleep(0.05)


async def measured(
    gateway: str, begin: Callable[["Stage"], Awaitable[None]], finish: Callable[["Stage"], Awaitable[None]]
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder)) as here:
            await asyncio.sleep(STEADY)
            failed_at = utc_now()
            await begin(here)
            out = await moved(here.running, gateway, failed_at, lambda move: move.after == 0, FAULTY)
            await asyncio.sleep(max(0.0, FAULTY - (utc_now() - failed_at).total_seconds()))
            mended_at = utc_now()
            await finish(here)
            back = await moved(here.running, gateway, mended_at, lambda move: move.after > 0, _RETURN_WITHIN)
            await asyncio.sleep(AFTER)
            here.stream.stop()
            await _quiet(here)
            return await _figures(here, failed_at, out, mended_at, back)


class Stage:
    """A running service with two gateways."""

    def __init__(self, place: Path, ports: Ports, running: app.App, smsc_process: asyncio.subprocess.Process) -> None:
        self.place, self.ports, self.running, self.smsc = place, ports, running, smsc_process
        self.stream = Stream(running)
        self.reborn: Any = None


@asynccontextmanager
async def stage(place: Path) -> AsyncIterator[Stage]:
    ports = Ports()
    async with (
        smsc(place, ports) as process,
        provider(place, ports),
        app.open_app(app.read_plan(config(place, ports)), migrate=True) as running,
        asyncio.TaskGroup() as tasks,
    ):
        here = Stage(place, ports, running, process)
        tasks.create_task(running.run())
        await asyncio.sleep(1.0)
        tasks.create_task(here.stream.run())
        try:
            yield here
        finally:
            here.stream.stop()
            running.stop()
            if here.reborn:
                await here.reborn.__aexit__(None, None, None)


async def _quiet(here: Stage) -> None:
    async with asyncio.timeout(60):
        while True:
            counts = await here.running.storage.read(lambda tx: tx.outbox.counts())
            if not any(state in (DeliveryState.QUEUED, DeliveryState.SENDING) for _, state in counts):
                return
            await asyncio.sleep(0.2)


def _sent(place: Path) -> Counter[str]:
    """How often each message was taken, by the simulators' own logs."""
    taken: Counter[str] = Counter()
    for name in ("smsc.jsonl", "http.jsonl"):
        path = place / name
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            facts = json.loads(line)
            if facts["event"] in ("submit", "submission", "taken") and facts.get("message_id"):
                taken[facts["text"].split()[3]] += 1
    return taken


async def _figures(here: Stage, failed_at: datetime, out: Move, mended_at: datetime, back: Move) -> dict[str, Any]:
    storage, planned = here.running.storage, here.stream.planned
    waits, states = [], Counter[str]()
    taken = await asyncio.to_thread(_sent, here.place)
    lost = 0
    for item_id, at in planned.items():
        item = await storage.read(partial(_found, item_id=item_id))
        assert item
        states[item.state] += 1
        lost += item.state in (DeliveryState.ACCEPTED, DeliveryState.DELIVERED) and not taken[item_id]
        if at >= failed_at and item.sent_at:
            waits.append((item.sent_at - at).total_seconds())
    cuts = quantiles(waits, n=100)
    return {
        "seconds_until_its_weight_is_gone": round((out.at - failed_at).total_seconds(), 2),
        "reason": out.reason,
        "wait_of_later_messages_s": {"p50": round(cuts[49], 3), "p99": round(cuts[98], 3), "max": round(max(waits), 3)},
        "seconds_from_the_end_of_the_fault_until_it_has_weight_again": round((back.at - mended_at).total_seconds(), 2),
        "planned": len(planned),
        "states": dict(states),
        "sent_twice": sum(number > 1 for number in taken.values()),
        "said_to_be_sent_and_not": lost,
        "ledger_balanced": (await balance(storage)).balanced,
    }


async def _kill_smsc(here: Stage) -> None:
    here.smsc.kill()
    await here.smsc.wait()


async def _start_smsc(here: Stage) -> None:
    here.reborn = smsc(here.place, here.ports)
    await here.reborn.__aenter__()


async def main() -> None:
    results = {
        "the SMSC is killed, and started again": await measured(SMPP, _kill_smsc, _start_smsc),
        "the SMSC answers nothing": await measured(
            SMPP,
            lambda here: told(here.ports.smsc_control, "POST", kind="silence"),
            lambda here: told(here.ports.smsc_control, "DELETE"),
        ),
        "the HTTP provider hangs": await measured(
            HTTP,
            lambda here: told(here.ports.http_control, "POST", kind="hang"),
            lambda here: told(here.ports.http_control, "DELETE"),
        ),
        "the HTTP provider answers errors": await measured(
            HTTP,
            lambda here: told(here.ports.http_control, "POST", kind="error"),
            lambda here: told(here.ports.http_control, "DELETE"),
        ),
    }
    print(json.dumps(results, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    asyncio.run(main())
    sys.exit(0)
