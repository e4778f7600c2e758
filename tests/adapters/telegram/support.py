"""What the Telegram tests share: a running simulator with its controls, servers that misbehave, items to send."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientSession
from pydantic import SecretStr

from adapters.channels.telegram import Settings
from adapters.channels.telegram import open as open_channel
from adapters.channels.telegram.rhythm import Rhythm
from adapters.simulators import telegram as simulator
from bot.demo.processes import free_port
from bot.model.message import InboundMessage, Lane, Option, OutboxItem, Receipt, Situation
from bot.model.person import Address
from bot.ports import Channel

ALICE = 5_000_000_100
TOKEN = "110201543:a-token-nobody-may-see"
NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
POLLER = "adapters.channels.telegram.poller"
QUICK = Rhythm(first=0.02, longest=0.05, conflict=0.2, refused=0.05, watch=0.05)


def settings_for(port: int, **changes: Any) -> Settings:
    ordinary = {
        "token": SecretStr(TOKEN),
        "base_url": f"http://127.0.0.1:{port}/bot",
        "poll_seconds": 5,
        "connect_timeout": 10,
        "read_timeout": 10,
        # Tests that are not about the pace need not wait for it.
        "rate": 0,
        "chat_rate": 0,
    }
    return Settings.model_validate({**ordinary, **changes})


def item(
    chat: int | str,
    text: str = "Hồ sơ của ông/bà đã có kết quả.",
    *,
    scheme: str = "telegram",
    options: tuple[Option, ...] = (),
    lane: Lane = Lane.PUSH,
) -> OutboxItem:
    return OutboxItem(
        id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        dedupe_key=f"test:{chat}",
        origin="test:1",
        channel="tele",
        address=Address(scheme, str(chat)),
        lane=lane,
        situation=Situation.RESULT,
        text=text,
        options=options,
        created_at=NOON,
        next_at=NOON,
        expires_at=NOON + timedelta(days=1),
    )


class Said(logging.Handler):
    """Lets a test wait for a log record of the poller."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.put_nowait(f"{record.levelname} {record.getMessage()}")

    async def until(self, words: str) -> str:
        async with asyncio.timeout(20):
            while words not in (text := await self.texts.get()):
                pass
            return text


@dataclass
class Telegram:
    """A running simulator."""

    port: int
    http: ClientSession

    async def say(self, user: int, text: str, **more: str) -> int:
        return int((await self._post(f"users/{user}/say", {"text": text, **more}))["update_id"])

    async def share(self, user: int, phone: str, **how: object) -> None:
        await self._post(f"users/{user}/contact", {"phone": phone, **how})

    async def block(self, user: int, what: str = "block") -> None:
        await self._post(f"users/{user}/{what}", {})

    async def hold(self, chat: int, seconds: float, *, after: int = 0) -> None:
        await self._post(f"chats/{chat}/wait", {"seconds": seconds, "after": after})

    async def migrate(self, chat: int, to: int) -> None:
        await self._post(f"chats/{chat}/migrate", {"to": to})

    async def talk(self, chat: int, *, after: int = 0, wait: float = 0) -> list[dict[str, Any]]:
        return list(await self._get(f"chats/{chat}/talk?after={after}&wait={wait}"))

    async def press(self, user: int, data: str) -> str:
        return str((await self._post(f"users/{user}/press", {"data": data}))["callback_query_id"])

    async def inject(self, update: dict[str, Any], *, numbered: bool = True) -> None:
        await self._post(f"updates{'?number=1' if numbered else ''}", update)

    async def messages(self, chat: int, *, after: int = 0, wait: float = 0) -> list[dict[str, Any]]:
        return list(await self._get(f"chats/{chat}/messages?after={after}&wait={wait}"))

    async def stats(self) -> dict[str, Any]:
        return dict(await self._get("stats"))

    async def answered_presses(self) -> list[str]:
        """As soon as there is one."""
        return list((await self.until("answered"))["answered"])

    async def until(self, name: str, value: object = None) -> dict[str, Any]:
        """The stats as soon as one of them is there, or has this value; nothing tells us when, so it is asked for."""
        for _ in range(500):
            stats = await self.stats()
            if stats.get(name) and value in (None, stats[name]):
                return stats
            await asyncio.sleep(0.01)
        raise AssertionError(f"{name} did not come in 5 s")

    async def call(self, method: str, token: str = TOKEN, **body: Any) -> dict[str, Any]:
        async with self.http.post(f"http://127.0.0.1:{self.port}/bot{token}/{method}", json=body) as response:
            return dict(await response.json())

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self.http.post(f"http://127.0.0.1:{self.port}/_control/{path}", json=body) as response:
            return dict(await response.json())

    async def _get(self, path: str) -> Any:
        async with self.http.get(f"http://127.0.0.1:{self.port}/_control/{path}") as response:
            return await response.json()


@asynccontextmanager
async def running(port: int | None = None, **changes: Any) -> AsyncIterator[Telegram]:
    """The simulator, on a free port unless one is given."""
    settings = simulator.Settings.model_validate({"port": port or free_port(), "token": TOKEN, **changes})
    ready = asyncio.Event()
    async with ClientSession() as http, asyncio.TaskGroup() as tasks:
        server = tasks.create_task(simulator.run(settings, ready.set))
        await ready.wait()
        try:
            yield Telegram(settings.port, http)
        finally:
            server.cancel()


@dataclass
class Canned:
    """A server that reads a request and gives one and the same answer, or none."""

    port: int = 0
    requests: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)


@asynccontextmanager
async def canned(answer: bytes | None) -> AsyncIterator[Canned]:
    """Answers every request with `answer` and closes; holds the connection open for ever where it is None."""
    seen = Canned()
    connections: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        with suppress(ConnectionError):
            seen.requests.put_nowait(await reader.read(65536))
            if answer is not None:
                writer.write(answer)
                await writer.drain()
                writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        # Who was let in at the last moment gets a connection some turns of the event loop later.
        for _ in range(5):
            await asyncio.sleep(0)
        for writer in connections:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        await server.wait_closed()


@dataclass
class InTurn:
    """A server that gives prepared answers, one a connection, and keeps what it was sent."""

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def in_turn(answers: Sequence[bytes]) -> AsyncIterator[InTurn]:
    seen, left = InTurn(), list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = [int(line.split()[1]) for line in head.lower().splitlines() if line.startswith(b"content-length:")]
        seen.bodies.append(await reader.readexactly(length))
        writer.write(left.pop(0))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        await server.wait_closed()


def http_answer(status: str, body: str, content_type: str = "application/json") -> bytes:
    payload = body.encode()
    head = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(payload)}"]
    return "\r\n".join([*head, "Connection: close", "", ""]).encode() + payload


class Desk:
    """Stores what is delivered, or fails as often as it is told to."""

    def __init__(self, *, failures: int = 0) -> None:
        self.failures = failures
        self.offered: list[list[InboundMessage]] = []
        self.attempts: asyncio.Queue[str] = asyncio.Queue()
        self.stored: asyncio.Queue[InboundMessage] = asyncio.Queue()

    async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
        messages = [event for event in events if isinstance(event, InboundMessage)]
        self.offered.append(messages)
        self.attempts.put_nowait(messages[0].text)
        if self.failures:
            self.failures -= 1
            raise OSError("database is locked: Nguyễn Văn A, 0912345678")
        for message in messages:
            self.stored.put_nowait(message)

    async def next(self) -> InboundMessage:
        async with asyncio.timeout(20):
            return await self.stored.get()

    async def until_offered(self, text: str) -> None:
        async with asyncio.timeout(20):
            while await self.attempts.get() != text:
                pass


@asynccontextmanager
async def listening(
    port: int, desk: Desk, *, settings: Settings | None = None, **changes: Any
) -> AsyncIterator[Channel]:
    """An open channel that listens."""
    async with (
        open_channel("tele", settings or settings_for(port, **changes), rhythm=QUICK, clock=lambda: NOON) as channel,
        asyncio.TaskGroup() as tasks,
    ):
        assert channel.listener
        assert channel.aside
        # One process may do both, as here; in a split service the second runs where messages are sent.
        listeners = [tasks.create_task(each.listen(desk.deliver)) for each in (channel.listener, channel.aside)]
        try:
            yield channel
        finally:
            for each in listeners:
                each.cancel()
