"""What the Telegram tests share: a running simulator with its controls, servers that misbehave, items to send."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientSession
from pydantic import SecretStr

from adapters.channels.telegram import Settings
from adapters.channels.telegram.poller import Rhythm
from adapters.simulators import telegram as simulator
from bot.model.message import Lane, OutboxItem, Situation
from bot.model.person import Address

TOKEN = "110201543:a-token-nobody-may-see"
NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
POLLER = "adapters.channels.telegram.poller"
QUICK = Rhythm(first=0.02, longest=0.05, conflict=0.2, refused=0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_for(port: int, **changes: Any) -> Settings:
    ordinary = {
        "token": SecretStr(TOKEN),
        "base_url": f"http://127.0.0.1:{port}/bot",
        "poll_seconds": 5,
        "connect_timeout": 2,
        "read_timeout": 2,
    }
    return Settings.model_validate({**ordinary, **changes})


def item(chat: int | str, text: str = "Hồ sơ của ông/bà đã có kết quả.", *, scheme: str = "telegram") -> OutboxItem:
    return OutboxItem(
        id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        dedupe_key=f"test:{chat}",
        origin="test:1",
        channel="tele",
        address=Address(scheme, str(chat)),
        lane=Lane.PUSH,
        situation=Situation.RESULT,
        text=text,
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
        async with asyncio.timeout(5):
            while words not in (text := await self.texts.get()):
                pass
            return text


@dataclass
class Telegram:
    """A running simulator."""

    port: int
    http: ClientSession

    async def say(self, user: int, text: str) -> int:
        return int((await self._post(f"users/{user}/say", {"text": text}))["update_id"])

    async def press(self, user: int, data: str) -> str:
        return str((await self._post(f"users/{user}/press", {"data": data}))["callback_query_id"])

    async def inject(self, update: dict[str, Any], *, numbered: bool = True) -> None:
        await self._post(f"updates{'?number=1' if numbered else ''}", update)

    async def messages(self, chat: int, *, after: int = 0, wait: float = 0) -> list[dict[str, Any]]:
        return list(await self._get(f"chats/{chat}/messages?after={after}&wait={wait}"))

    async def stats(self) -> dict[str, Any]:
        return dict(await self._get("stats"))

    async def answered_presses(self) -> list[str]:
        """As soon as there is one; nothing tells us when, so it is asked for."""
        for _ in range(500):
            if answered := (await self.stats())["answered"]:
                return list(answered)
            await asyncio.sleep(0.01)
        raise AssertionError("no button press was answered in 5 s")

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
        for writer in connections:
            writer.close()
        await server.wait_closed()


def http_answer(status: str, body: str, content_type: str = "application/json") -> bytes:
    payload = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(payload)}\r\n\r\n"
    return head.encode() + payload
