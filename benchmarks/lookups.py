"""How long a look-up takes while many ask at once: `python -m benchmarks.lookups [--rows N] [--rate N] [--seconds N]`.

A mirror of a million dossiers in an SQLite file, and 300 look-ups a second that arrive at random (a Poisson process)
and wait for nobody. The service runs whole in one process, as `motcua run` does; its SMS centre, the bare handler and
the citizens run in others. Each time is counted from the planned arrival:

* a third by SMS: written on a simulated phone, through the SMS centre and our SMPP link, by the number on the dossier;
  until the reply is durable and handed to the SMPP sender;
* a third on the web, without JavaScript and with a second factor, over real HTTP: until the whole page with the answer
  is read, for which the reply was durable and handed over;
* a third as if from Telegram and Zalo, by strangers: delivered inside the service, where those adapters deliver, and
  handed to senders that accept at once, because here the providers' limits are not the point.

In the same run, before and after: a bare aiohttp handler that does one indexed read of the same table, asked over HTTP
at the same rate. Prints a table; ends with 1 if a look-up was not answered or not rightly.
"""

import argparse
import asyncio
import multiprocessing
import random
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.lookup_service import (
    CHATS,
    SHORT_CODE,
    ChatAsk,
    Handed,
    Ports,
    code_of,
    make_mirror,
    phone_of,
    secret_of,
    serve_bare,
    serve_service,
)
from bot.demo.processes import free_ports, simulator

_ASKED_BY_ONE = 3
"""Questions of one web visitor."""
_STRAGGLERS = 30.0
"""Seconds that the last replies may take."""
_ODD = range(10)
"""The SMS centre's simulator does odd things to numbers that end in 0001 to 0009."""
_HTTP_SECONDS = aiohttp.ClientTimeout(total=30)


_users = count(10_000_000)


@dataclass(frozen=True, slots=True)
class Ask:
    """A look-up that somebody is going to make."""

    after: float
    """Seconds from the start of the run."""
    kind: str
    dossier: int


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who has opened the page."""

    cookie: str
    token: str
    network: str


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of those that were answered rightly, and how many were not."""

    kind: str
    seconds: Sequence[float]
    errors: int

    def row(self) -> str:
        figures = [1000 * _quantile(self.seconds, share) for share in (0.5, 0.95, 0.99, 1.0)]
        numbers = "".join(f"{figure:10.1f}" for figure in figures)
        return f"{self.kind:<36}{len(self.seconds):>9}{numbers}{self.errors:>8}"


def _quantile(seconds: Sequence[float], share: float) -> float:
    ordered = sorted(seconds) or [float("nan")]
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def planned(kinds: Sequence[str], *, rate: float, seconds: float, rows: int, chance: random.Random) -> list[Ask]:
    """Arrivals at random, `rate` a second on average; no dossier is asked for twice."""
    asks, after = [], 0.0
    numbers = iter(chance.sample([number for number in range(rows) if number % 10_000 not in _ODD], k=rows // 2))
    while (after := after + chance.expovariate(rate)) < seconds:
        asks.append(Ask(after, chance.choice(kinds), next(numbers)))
    return asks


async def arriving(start: float, asks: Iterable[Ask], make: Callable[[Ask], Awaitable[None]]) -> None:
    """Each at its time, whether or not earlier ones are answered."""
    async with asyncio.TaskGroup() as tasks:
        for ask in asks:
            await asyncio.sleep(start + ask.after - time.monotonic())
            tasks.create_task(_made(make(ask)))


async def _made(making: Awaitable[None]) -> None:
    """What was not answered is missing among the seconds, and so is counted."""
    with suppress(aiohttp.ClientError, TimeoutError):
        await making


async def visitors_of(http: aiohttp.ClientSession, url: str, number: int) -> list[Visitor]:
    visitors = []
    for each in range(number):
        network = f"10.{each // 65_536}.{each // 256 % 256}.{each % 256}"
        async with http.get(url, headers={"X-Forwarded-For": network}) as answer:
            token = re.search(r'name="token" value="([^"]+)"', await answer.text())
            assert token, "the page has no form"
            cookie = answer.cookies["motcua"].value
        visitors.append(Visitor(cookie, token[1], network))
    return visitors


async def ours(
    ports: Ports, asks: Sequence[Ask], pipe: Connection, http: aiohttp.ClientSession
) -> tuple[list[Measured], float]:
    """What each channel has taken, and the service's seconds of CPU."""
    by_kind = {kind: [ask for ask in asks if ask.kind == kind] for kind in ("sms", "web", "chat")}
    url = f"http://127.0.0.1:{ports.web}"
    visitors = await visitors_of(http, url, len(by_kind["web"]) // _ASKED_BY_ONE + 1)
    pages: list[float] = []
    start = time.monotonic() + 1.0

    async def write(ask: Ask) -> None:
        text = {"from": phone_of(ask.dossier), "to": SHORT_CODE, "text": f"HS {code_of(ask.dossier)}"}
        async with http.post(f"http://127.0.0.1:{ports.smsc_control}/mo", json=text) as answer:
            answer.raise_for_status()

    async def submit(ask: Ask) -> None:
        visitor = visitors[ask.dossier % len(visitors)]
        form = {"token": visitor.token, "id": f"question-{ask.dossier:08d}"}
        form |= {"text": code_of(ask.dossier), "factor": secret_of(ask.dossier)}
        headers = {"X-Forwarded-For": visitor.network, "Cookie": f"motcua={visitor.cookie}"}
        async with http.post(f"{url}/tra-cuu", data=form, headers=headers) as answer:
            page = await answer.text()
        if answer.status == 200 and "Ngày hẹn trả" in page and page.count(code_of(ask.dossier)) >= 2:
            pages.append(time.monotonic() - start - ask.after)

    chats = [_in_chat(ask, number) for number, ask in enumerate(by_kind["chat"])]
    pipe.send((start, chats))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(arriving(start, by_kind["sms"], write))
        tasks.create_task(arriving(start, by_kind["web"], submit))
    handed, cpu = await _told(pipe, len(by_kind["sms"]) + len(chats))
    sms = [(ask, f"sms:{phone_of(ask.dossier)}") for ask in by_kind["sms"]]
    chat = [(ask, f"{each.scheme}:{each.user}") for ask, each in zip(by_kind["chat"], chats, strict=True)]
    return [
        _handed_over("SMS, over SMPP", start, sms, handed),
        Measured("web page, over HTTP", pages, len(by_kind["web"]) - len(pages)),
        _handed_over("Telegram and Zalo, delivered", start, chat, handed),
    ], cpu


async def _told(pipe: Connection, expected: int) -> tuple[Handed, float]:
    """What was handed over, once it is all or the last ones had their time."""
    until = time.monotonic() + _STRAGGLERS
    while True:
        await asyncio.sleep(0.5)
        pipe.send("tell")
        handed, cpu = await asyncio.to_thread(pipe.recv)
        beside_web = sum(not key.startswith("webchat:") for key in handed)
        if beside_web >= expected or time.monotonic() > until:
            pipe.send("enough")
            return handed, cpu


def _in_chat(ask: Ask, number: int) -> ChatAsk:
    return ChatAsk(ask.after, CHATS[number % len(CHATS)], f"{next(_users)}", code_of(ask.dossier))


def _handed_over(kind: str, start: float, asked: Sequence[tuple[Ask, str]], handed: Handed) -> Measured:
    seconds = []
    for ask, key in asked:
        at, text = handed.get(key, (0.0, ""))
        if code_of(ask.dossier) in text:
            seconds.append(at - start - ask.after)
    return Measured(kind, seconds, len(asked) - len(seconds))


async def bare(port: int, asks: Sequence[Ask], pipe: Connection, http: aiohttp.ClientSession) -> tuple[Measured, float]:
    seconds: list[float] = []
    pipe.send("begin")
    start = time.monotonic() + 0.5

    async def read(ask: Ask) -> None:
        async with http.post(f"http://127.0.0.1:{port}/", data={"text": code_of(ask.dossier)}) as answer:
            rows = await answer.json()
        if len(rows) == 1:
            seconds.append(time.monotonic() - start - ask.after)

    await arriving(start, asks, read)
    pipe.send("tell")
    return Measured("bare", seconds, len(asks) - len(seconds)), await asyncio.to_thread(pipe.recv)


@asynccontextmanager
async def process(target: Callable[..., None], *arguments: Any) -> AsyncIterator[Connection]:
    """A process of its own and our end of its pipe; None on the pipe ends it."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    started = spawn.Process(target=target, args=(*arguments, there), daemon=True)
    started.start()
    assert await asyncio.to_thread(here.recv) == "ready"
    try:
        yield here
    finally:
        here.send(None)
        await asyncio.to_thread(started.join, 30)


async def measure(place: Path, *, rows: int, rate: float, seconds: float) -> int:
    """Prints the table; returns how many look-ups went wrong."""
    ports = Ports(*free_ports(4))
    chance = random.Random(1)
    database = place / "motcua.db"
    took = await make_mirror(f"sqlite:{database}", rows)
    print(f"mirror: {rows:,} dossiers in {took:.0f} s, {database.stat().st_size / 2**20:.0f} MiB", flush=True)
    plan = partial(planned, rate=rate, rows=rows, chance=chance)
    smsc: dict[str, object] = {"port": ports.smsc, "control_port": ports.smsc_control}
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        simulator("smsc", smsc, place / "smsc.log"),
        process(serve_bare, str(database), ports.bare) as bare_pipe,
        process(serve_service, place, ports) as pipe,
        aiohttp.ClientSession(connector=connector, timeout=_HTTP_SECONDS, cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        await ours(ports, plan(("sms", "web", "chat"), seconds=min(3.0, seconds)), pipe, http)
        before, cpu_before = await bare(ports.bare, plan(("bare",), seconds=seconds / 2), bare_pipe, http)
        measured, cpu = await ours(ports, plan(("sms", "web", "chat"), seconds=seconds), pipe, http)
        after, cpu_after = await bare(ports.bare, plan(("bare",), seconds=seconds / 2), bare_pipe, http)
    together = Measured("all", [each for one in measured for each in one.seconds], sum(one.errors for one in measured))
    handler = Measured(
        "bare aiohttp, one indexed read", [*before.seconds, *after.seconds], before.errors + after.errors
    )
    _print(rate, [*measured, together, handler])
    cpu_of = 1000 * cpu / max(1, len(together.seconds)), 1000 * (cpu_before + cpu_after) / max(1, len(handler.seconds))
    _print_ratios(together, handler, cpu_of)
    return together.errors + handler.errors


def _print(rate: float, rows: Sequence[Measured]) -> None:
    print(f"\n{rate:g} look-ups a second, milliseconds from the arrival:\n")
    print(f"{'':<36}{'answered':>9}{'p50':>10}{'p95':>10}{'p99':>10}{'longest':>10}{'errors':>8}")
    for row in rows:
        print(row.row())


def _print_ratios(together: Measured, handler: Measured, cpu: tuple[float, float]) -> None:
    ratios = [_quantile(together.seconds, share) / _quantile(handler.seconds, share) for share in (0.5, 0.95, 0.99)]
    print(
        "\nall to bare: "
        + ", ".join(f"{name} x {ratio:.1f}" for name, ratio in zip(("p50", "p95", "p99"), ratios, strict=True))
    )
    print(f"CPU of the serving process a look-up: {cpu[0]:.2f} ms, of the bare handler {cpu[1]:.2f} ms")


def main() -> int:
    arguments = argparse.ArgumentParser(description="How long a look-up takes while many ask at once")
    arguments.add_argument("--rows", type=int, default=1_000_000, help="dossiers in the mirror")
    arguments.add_argument("--rate", type=float, default=300, help="look-ups a second")
    arguments.add_argument("--seconds", type=float, default=30, help="how long they come")
    given = arguments.parse_args()
    if given.rows < 4 * given.rate * given.seconds:
        arguments.error("too few rows: each is asked for once at most, and a half of them is left alone")
    with tempfile.TemporaryDirectory() as place:
        return 1 if asyncio.run(measure(Path(place), rows=given.rows, rate=given.rate, seconds=given.seconds)) else 0


if __name__ == "__main__":
    sys.exit(main())
