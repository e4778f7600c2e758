"""This service: one HTTP request a message into a real `motcua run`, or a broadcast that it plans by itself."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from benchmarks.peers.stage import WINDOW, Centre, Figures, by_http, by_itself, listening, phone, process
from bot.api_keys import fresh_key
from bot.demo.processes import end, free_ports
from bot.ledger import balance
from bot.model.api import ApiRight, KeyKind
from bot.model.clock import utc_now
from bot.model.message import DeliveryState
from storage import open_storage

_CONFIG = """
[storage]
url = "{url}"
[web]
port = {web}
key_file = "{place}/web.key"
[api]
per_minute = 100000000
[quiet.personal]
begin = "00:00"
end = "00:00"
[quiet.bulk]
begin = "00:00"
end = "00:00"
[broadcasts]
canary = 0
waiting = 20000
[channels.webchat]
kind = "webchat"
[channels.sms]
kind = "sms_smpp"
host = "127.0.0.1"
port = {centre}
system_id = "bench"
password = "env:MOTCUA_BENCH_PASSWORD"
source_addr = "8041"
window = {window}
"""
_TWO = ("web", "mirror,plan,send,receive")
_SECRETS = {"MOTCUA_BENCH_PASSWORD": "bench"}


def configured(place: Path, url: str, at: Centre, web: int) -> Path:
    config = place / "config.toml"
    config.write_text(_CONFIG.format(url=url, place=place, web=web, centre=at.port, window=WINDOW), encoding="utf-8")
    return config


async def key(url: str) -> str:
    """A live key, in a database that is ready."""
    fresh = fresh_key(
        KeyKind.LIVE, "bench", agency="", rights={ApiRight.SEND}, by="bench", at=utc_now() - timedelta(minutes=1)
    )
    async with open_storage(url) as storage:
        await storage.migrate()
        await storage.write(lambda tx: tx.api.add(fresh.key))
    return fresh.shown


def requests(count: int, shown: str) -> list[str]:
    head = (
        "POST /api/v1/notifications HTTP/1.1\r\nHost: motcua\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {shown}\r\n"
    )
    return [f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}" for body in map(_body, range(count))]


def _body(number: int) -> str:
    values = {"code": f"H56.14-240823-{number:05d}", "agency": "UBND xã Mẫu", "place": "quầy số 2"}
    to = {"kind": "phone", "phone": phone(number), "values": values}
    return json.dumps({"situation": "result", "to": to}, ensure_ascii=False)


@asynccontextmanager
async def service(place: Path, url: str, at: Centre, roles: tuple[str, ...]) -> AsyncIterator[tuple[int, list[int]]]:
    """Its port, and its processes: one, or one for each of the `roles`."""
    web = free_ports(1)[0]
    config, environment = configured(place, url, at, web), os.environ | _SECRETS
    run = (sys.executable, "-m", "bot", "run", "--config", config)
    words = (*run, "--roles", roles[0]) if roles else run
    async with process(*words, log=place / "service.log", env=environment) as first:
        await listening(web)
        if not roles:
            await asyncio.sleep(1.0)
            yield web, [first.pid]
            return
        elsewhere = ("--port", str(free_ports(1)[0]))
        async with process(*run, "--roles", roles[1], *elsewhere, log=place / "sender.log", env=environment) as second:
            await asyncio.sleep(3.0)
            yield web, [first.pid, second.pid]


async def run_http(
    place: Path, url: str, at: Centre, count: int, servers: tuple[int, ...], roles: tuple[str, ...] = ()
) -> Figures:
    shown = await key(url)
    async with service(place, url, at, roles) as (web, pids):
        figures = await by_http(at, web, requests(count, shown), roots=[*pids, *servers])
    return await _proved(figures, url, count)


async def run_http_by_two(place: Path, url: str, at: Centre, count: int, servers: tuple[int, ...]) -> Figures:
    return await run_http(place, url, at, count, servers, _TWO)


async def run_itself(place: Path, url: str, at: Centre, count: int, servers: tuple[int, ...]) -> Figures:
    config = configured(place, url, at, free_ports(1)[0])
    with (place / "office.log").open("wb") as log:
        office = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.peers.office", str(config), str(count),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, env=os.environ | _SECRETS,
        )  # fmt: skip
    said, told = office.stdout, office.stdin
    assert said
    assert told

    async def begin() -> float:
        told.write(b"approve\n")
        return float(json.loads(await said.readline())["began"])

    async def planned() -> float:
        return float(json.loads(await said.readline())["planned"])

    try:
        if await said.readline() != b"ready\n":
            raise RuntimeError((place / "office.log").read_text(encoding="utf-8")[-3000:])
        # The trial that comes before an approval.
        await at.until(1)
        await asyncio.sleep(1.0)
        figures = await by_itself(at, count, begin, planned, roots=[office.pid, *servers], before=1)
        told.write(b"end\n")
        await asyncio.wait_for(office.wait(), 30)
    finally:
        await end(office)
    return await _proved(figures, url, count + 1)


async def _proved(figures: Figures, url: str, count: int) -> Figures:
    """By the books: each message planned, and each receipt recorded."""
    async with open_storage(url) as storage:
        books = await balance(storage)
    delivered = books.states.get(DeliveryState.DELIVERED, 0)
    if not books.balanced or delivered != count:
        return figures.failed(f"balanced: {books.balanced}, delivered: {delivered} of {count}")
    return figures
