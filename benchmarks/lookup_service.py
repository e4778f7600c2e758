"""The sides that `benchmarks.lookups` measures: a mirror, the whole service in a process, a bare handler in another."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import aiosqlite
from aiohttp import web

from bot import app
from bot.collector import calm
from bot.config import Config
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.model.dossier import Dossier, Status
from bot.model.ids import id_maker
from bot.model.message import Accepted, InboundMessage, OutboxItem, Outcome
from bot.model.person import Address
from bot.planning import Planner, Route
from bot.ports import Batch, Channel, Limits, Mirrored, Sender, Transaction
from bot.serving import serve_web
from bot.texts import Library
from storage import open_storage

SHORT_CODE = "8041"
CHATS = ("telegram", "zalo")
_BATCH = 5_000
_PASSWORD = "MOTCUA_BENCH_PASSWORD"  # noqa: S105 (the name of a variable)


@dataclass(frozen=True, slots=True)
class Ports:
    smsc: int
    smsc_control: int
    web: int
    bare: int


@dataclass(frozen=True, slots=True)
class ChatAsk:
    """A question in a chat, `after` seconds from the start of the run."""

    after: float
    scheme: str
    user: str
    text: str


Handed = dict[str, tuple[float, str]]
"""Address key → when the reply was handed to the channel's sender, by the clock all processes share, and its text."""


def code_of(number: int) -> str:
    return f"H56.{10 + number % 90}-{260_101 + number % 28}-{number:07d}"


def phone_of(number: int) -> str:
    return f"+8490{number:07d}"


def secret_of(number: int) -> str:
    """The mã tra cứu: four signs, one of them a digit."""
    return f"{number * 7919 % 10}{number * 104_729 % 46_656:03x}".upper()


def dossier(number: int) -> Dossier:
    received = utc_now() - timedelta(days=2)
    return Dossier(
        source="office",
        code=code_of(number),
        status=Status.PROCESSING,
        agency=f"H56.{10 + number % 90}",
        agency_name="UBND phường Vĩnh Hải",
        procedure="1.005129",
        procedure_name="Đăng ký khai sinh",
        applicant="Nguyễn Thị Minh Khai",
        phone=phone_of(number),
        received_at=received,
        appointment_at=received + timedelta(days=7),
        lookup_code=secret_of(number),
        id_tail=f"{number * 31 % 10_000:04d}",
    )


async def make_mirror(url: str, rows: int) -> float:
    """Seconds for `rows` dossiers, and a source that has just been read."""
    start = time.monotonic()
    async with open_storage(url) as storage:
        await storage.migrate()
        for first in range(0, rows, _BATCH):
            batch = [Mirrored.of(dossier(number), 0) for number in range(first, min(first + _BATCH, rows))]
            await storage.write(partial(_add, batch))
        planner = Planner(Route("sms", "sms", plain=True), Library(), id_maker(utc_now), "")
        await Mirror("office", storage, planner, utc_now).apply(Batch((), "1", as_of=utc_now()))
    return time.monotonic() - start


async def _add(batch: Sequence[Mirrored], tx: Transaction) -> None:
    await tx.dossiers.add(batch, at=utc_now())


def config(place: Path, ports: Ports) -> Config:
    os.environ[_PASSWORD] = "bench"
    return Config.model_validate(
        {
            "storage": {"url": f"sqlite:{place / 'motcua.db'}"},
            "quiet": {"personal": {"begin": "00:00", "end": "00:00"}},  # whatever the hour is
            "web": {
                "port": ports.web, "key_file": str(place / "web.key"), "trusted_proxies": ["127.0.0.0/8"],
                "visitor_per_minute": 1000, "network_per_minute": 100_000,
            },
            "channels": {
                "sms": {
                    "kind": "sms_smpp", "host": "127.0.0.1", "port": ports.smsc, "system_id": "bench",
                    "password": f"env:{_PASSWORD}", "source_addr": SHORT_CODE,
                },
                "webchat": {"kind": "webchat"},
            },
        }
    )  # fmt: skip


@dataclass
class Accepting:
    """A provider that takes everything at once."""

    async def send(self, item: OutboxItem) -> Outcome:
        return Accepted()


@dataclass
class Noting:
    """Notes when a reply is handed over, and hands it on."""

    sender: Sender
    handed: Handed = field(default_factory=dict)

    async def send(self, item: OutboxItem) -> Outcome:
        self.handed.setdefault(item.address.key, (time.monotonic(), item.text))
        return await self.sender.send(item)


@asynccontextmanager
async def service(place: Path, ports: Ports) -> AsyncIterator[tuple[app.App, Handed]]:
    """Everything that runs in production but for the providers of the two chats."""
    plan = app.read_plan(config(place, ports))
    handed: Handed = {}
    async with app.open_app(plan) as opened:
        limits = Limits(longest=4000, rate=0, window=64, buttons=True)
        channels = [*opened.channels, *(Channel(name, Accepting(), limits) for name in CHATS)]
        noting = [replace(channel, sender=Noting(channel.sender, handed)) for channel in channels]
        running = app.App(plan, opened.storage, noting, opened.sources, utc_now)
        async with serve_web(running), asyncio.TaskGroup() as tasks:
            tasks.create_task(running.run())
            yield running, handed
            running.stop()


def serve_service(place: Path, ports: Ports, pipe: Connection) -> None:
    """For a process of its own. Takes `(start, questions)` as an order; then says at each `tell` what was handed over,
    and its seconds of CPU; anything else ends the order, and None in an order's place the service."""
    calm()
    asyncio.run(_serve_service(place, ports, pipe))


async def _serve_service(place: Path, ports: Ports, pipe: Connection) -> None:
    async with service(place, ports) as (running, handed):
        pipe.send("ready")
        while order := await asyncio.to_thread(pipe.recv):
            start, questions = order
            cpu = time.process_time()
            async with asyncio.TaskGroup() as tasks:
                for question in questions:
                    await asyncio.sleep(start + question.after - time.monotonic())
                    tasks.create_task(running.deliver([_message(question)]))
            while await asyncio.to_thread(pipe.recv) == "tell":
                pipe.send((dict(handed), time.process_time() - cpu))
            handed.clear()


def _message(question: ChatAsk) -> InboundMessage:
    sender = Address(question.scheme, question.user)
    return InboundMessage(
        channel=question.scheme, message_id=question.user, sender=sender, text=question.text, at=utc_now()
    )


def serve_bare(database: str, port: int, pipe: Connection) -> None:
    """For a process of its own: one indexed read of the same table for each request, and the row as JSON."""
    calm()
    asyncio.run(_serve_bare(database, port, pipe))


async def _serve_bare(database: str, port: int, pipe: Connection) -> None:
    async with aiosqlite.connect(database) as rows:

        async def read(request: web.Request) -> web.Response:
            code = (await request.post())["text"]
            found = await rows.execute_fetchall("SELECT * FROM dossiers WHERE code = ?", (code,))
            return web.json_response([list(row) for row in found])

        bare = web.Application()
        bare.router.add_post("/", read)
        runner = web.AppRunner(bare, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        pipe.send("ready")
        while await asyncio.to_thread(pipe.recv):
            cpu = time.process_time()
            await asyncio.to_thread(pipe.recv)
            pipe.send(time.process_time() - cpu)
        await runner.cleanup()
