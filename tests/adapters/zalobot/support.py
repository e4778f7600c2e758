"""What the tests of the Bot Platform share: a running simulator with its controls, items to send, recorded calls."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from pydantic import SecretStr

from adapters.channels.zalobot import Settings
from adapters.channels.zalobot import open as open_channel
from adapters.channels.zalobot.poller import Rhythm
from adapters.simulators import zalobot as simulator
from bot.model.message import InboundMessage, OutboxItem, Receipt
from bot.model.person import Address
from bot.ports import Channel, WebhookRequest
from tests.adapters.sms_http.support import free_port
from tests.support.making import message

TOKEN = "2845046105240424:a-token-nobody-may-see"
SECRET = "a-webhook-secret-nobody-may-see"
ALICE, BOB = "6ede9afa66b88fe6d6a9", "0a1b2c3d4e5f60718293"
NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
QUICK = Rhythm(first=0.02, longest=0.05, refused=0.05)
FIXTURES = Path(__file__).parent / "fixtures"


def chat(ending: str) -> str:
    """A chat whose last four characters choose how the simulator behaves."""
    return f"6ede9afa66b88fe6{ending}"


def recorded(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def settings_for(base_url: str, **changes: Any) -> Settings:
    ordinary = {
        "token": SecretStr(TOKEN), "base_url": base_url, "mode": "polling", "poll_seconds": 5,
        "connect_timeout": 10, "read_timeout": 10,
    }  # fmt: skip
    return Settings.model_validate({**ordinary, **changes})


def item(to: str = ALICE, text: str = "Hồ sơ của Ông/Bà đã có kết quả.", *, scheme: str = "zalobot") -> OutboxItem:
    return message(address=Address(scheme, to), text=text)


def call(body: bytes | object, *, secret: str = SECRET, **changes: Any) -> WebhookRequest:
    """A call as the platform makes it."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    headers = {"x-bot-api-secret-token": secret, "content-type": "application/json"}
    ordinary = {"method": "POST", "path": "/webhooks/zalobot", "query": {}, "headers": headers, "body": raw}
    return WebhookRequest(**{**ordinary, **changes})


@dataclass
class Heard:
    """Where events are delivered; the first `failures` deliveries fail."""

    failures: int = 0
    messages: list[InboundMessage] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("cannot store: Nguyễn Thị Lan")
        self.messages.extend(event for event in events if isinstance(event, InboundMessage))
        async with self.news:
            self.news.notify_all()

    async def texts(self, number: int) -> list[str]:
        """As soon as there are so many."""
        async with asyncio.timeout(20), self.news:
            await self.news.wait_for(lambda: len(self.messages) >= number)
        return [message.text for message in self.messages]


@dataclass
class Platform:
    """A running simulator."""

    base: str
    http: ClientSession

    async def say(self, user: str, text: str = "", **more: Any) -> dict[str, Any]:
        return dict(await self.control(f"users/{user}/say", {"text": text, **more}))

    async def shown(self, user: str, *, wait: float = 0) -> list[str]:
        entries = await self.control(f"users/{user}/messages?by=office&wait={wait}")
        return [entry["text"] for entry in entries]

    async def stats(self) -> dict[str, Any]:
        return dict(await self.control("stats"))

    async def api(self, method: str, token: str = TOKEN, **body: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.base}/bot{token}/{method}", json=body) as response:
            return dict(await response.json())

    async def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        method = "GET" if body is None else "POST"
        async with self.http.request(method, f"{self.base}/_control/{path}", json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()


@asynccontextmanager
async def running(port: int | None = None, **changes: Any) -> AsyncIterator[Platform]:
    settings = simulator.Settings.model_validate({"port": port or free_port(), "token": TOKEN, **changes})
    ready = asyncio.Event()
    server = asyncio.create_task(simulator.run(settings, ready.set))
    try:
        async with ClientSession() as http:
            await ready.wait()
            yield Platform(f"http://127.0.0.1:{settings.port}", http)
    finally:
        server.cancel()
        await asyncio.wait([server])


@asynccontextmanager
async def listening(channel: Channel, heard: Heard) -> AsyncIterator[None]:
    assert channel.listener is not None
    task = asyncio.create_task(channel.listener.listen(heard.deliver))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def polled(base_url: str, *, failures: int = 0) -> AsyncIterator[tuple[Heard, "Said"]]:
    """A channel that asks for news there: what it hears, and what it logs. The first `failures` deliveries fail."""
    heard = Heard(failures)
    with saying("poller") as log:
        async with open_channel("zalobot", settings_for(base_url), rhythm=QUICK) as channel, listening(channel, heard):
            yield heard, log


@asynccontextmanager
async def served(channel: Channel, heard: Heard, port: int) -> AsyncIterator[None]:
    """The channel's webhook behind a real web server: delivered first, then answered."""

    async def hear(request: web.Request) -> web.Response:
        assert channel.webhook is not None
        headers = {name.lower(): value for name, value in request.headers.items()}
        result = channel.webhook.parse(
            WebhookRequest(request.method, request.path, dict(request.query), headers, await request.read())
        )
        try:
            await heard.deliver(result.events)
        except OSError:
            return web.Response(status=503)
        return web.Response(status=result.status, body=result.body)

    application = web.Application()
    application.router.add_route("*", "/webhooks/{rest:.*}", hear)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


@contextmanager
def saying(logger: str) -> Iterator["Said"]:
    """What the channel's part logs."""
    handler, name = Said(), f"adapters.channels.zalobot.{logger}"
    log = logging.getLogger(name)
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        yield handler
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)


class Said(logging.Handler):
    """Lets a test wait for a log record."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self._texts.put_nowait(f"{record.levelname} {record.getMessage()}")

    async def until(self, words: str) -> str:
        async with asyncio.timeout(20):
            while words not in (text := await self._texts.get()):
                pass
            return text
