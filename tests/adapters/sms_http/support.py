"""What the tests of HTTP gateways share: a channel, its webhook on a real server, and the simulated providers."""

import asyncio
import itertools
import re
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from aiohttp import ClientSession, web
from pydantic import SecretStr

from adapters.channels import sms_http
from adapters.channels.sms_http.providers import PROVIDERS
from adapters.channels.sms_http.settings import HttpSettings
from adapters.fates import Fate
from adapters.simulators import sms_http as simulator
from bot.demo.processes import free_port
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.message import InboundMessage, OutboxItem, Receipt
from bot.model.person import Address
from bot.ports import Channel, Webhook, WebhookRequest
from tests.support.making import message

NAME = "gateway"
"""The channel's name."""
CALLBACK_SECRET = "s3cret-path-0f-the-0ffice"
HASTE = 1.5
"""Seconds that an answer has in a test in which one never comes."""
SOON = 20.0
"""Seconds after which a test gives up on something that should have happened at once."""
TEXT = "Ho so H32.15-261122-0001 da co ket qua."

new_id = id_maker(utc_now)
_subscribers = itertools.count(100)


def phone(fate: Fate = Fate.ARRIVES) -> str:
    """A subscriber's number of its own for each call, E.164, that meets this fate."""
    return f"+8491{next(_subscribers) % 900 + 100}{fate.value or '7777'}"


def item(text: str = TEXT, *, to: str | Fate = Fate.ARRIVES, **changes: Any) -> OutboxItem:
    """A message to a number, or to a fresh one with that fate; its id is a real one."""
    number = phone(to) if isinstance(to, Fate) else to
    return message(**{"id": new_id(), "channel": NAME, "address": Address("sms", number), "text": text} | changes)


@dataclass
class Heard:
    """What the channel delivered, from its listener or by callbacks. `failing` makes the next deliveries fail."""

    all: list[Receipt | InboundMessage] = field(default_factory=list)
    failing: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
        async with self._news:
            self._news.notify_all()
            if self.failing:
                self.failing -= 1
                raise OSError("the database is away")
            self.all += events

    @property
    def receipts(self) -> list[Receipt]:
        return [event for event in self.all if isinstance(event, Receipt)]

    @property
    def messages(self) -> list[InboundMessage]:
        return [event for event in self.all if isinstance(event, InboundMessage)]

    async def until(self, true: Callable[[Self], bool], within: float = SOON) -> None:
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: true(self))

    async def receipt(self, number: int = 0) -> Receipt:
        """The receipt with this place, as soon as it is there."""
        await self.until(lambda heard: len(heard.receipts) > number)
        return self.receipts[number]

    async def inbound(self, number: int = 0) -> InboundMessage:
        await self.until(lambda heard: len(heard.messages) > number)
        return self.messages[number]


@dataclass
class Control:
    """The control API of the simulator."""

    http: ClientSession
    url: str

    async def texts(self, to: str, *, after: int = 0, wait: float = SOON) -> list[dict[str, Any]]:
        """What this phone (E.164) shows, as soon as there is anything after `after`."""
        return list(await self._get("messages", number=to, after=str(after), wait=str(wait)))

    async def write(self, provider: str, sender: str, text: str, **changes: Any) -> dict[str, Any]:
        """A citizen writes; the answer says `acknowledged` and, where it came so, `reply`."""
        body = {"from": sender, "to": "8041", "text": text, "provider": provider} | changes
        async with self.http.post(f"{self.url}/mo", json=body) as answer:
            return dict(await answer.json())

    async def fault(self, kind: str, *, share: float = 1.0, latency: float = 1.0) -> None:
        body = {"kind": kind, "share": share, "latency": latency}
        async with self.http.post(f"{self.url}/fault", json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def no_fault(self) -> None:
        async with self.http.delete(f"{self.url}/fault") as answer:
            assert answer.status == 200

    async def stats(self) -> dict[str, int]:
        return dict(await self._get("stats"))

    async def log(self, event: str) -> list[dict[str, Any]]:
        """The journal's lines of one kind: `submit`, `receipt_taken`, `mo` …"""
        return list(await self._get("log", event=event))

    async def until(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """The journal's lines of one kind, once there are so many."""
        async with asyncio.timeout(SOON):
            while len(lines := await self.log(event)) < count:
                await asyncio.sleep(0.01)
        return lines

    async def _get(self, path: str, **query: str) -> Any:
        async with self.http.get(f"{self.url}/{path}", params=query) as answer:
            return await answer.json()


@dataclass
class HttpBench:
    """An open channel whose provider is the simulator, and everything around it."""

    channel: Channel
    heard: Heard
    provider: Control
    settings: HttpSettings
    callback: str
    """Base of the channel's callbacks: `http://127.0.0.1:PORT/webhooks/gateway/SECRET`."""
    api: str
    """Origin of the simulated providers: `http://127.0.0.1:PORT`."""

    async def send(self, item: OutboxItem) -> Any:
        return await self.channel.sender.send(item)


@asynccontextmanager
async def http_bench(
    provider: str, *, simulated: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[HttpBench]:
    """A channel of this provider with these settings over the ordinary ones, its listener running, its webhook served.

    The origin of `url` is replaced by the simulator's; in other strings `{api}` stands for that origin and `{callback}`
    for the base of the channel's callbacks. `simulated` are settings of the simulator.
    """
    api_port, control_port, web_port = free_port(), free_port(), free_port()
    api = f"http://127.0.0.1:{api_port}"
    callback = f"http://127.0.0.1:{web_port}/webhooks/{NAME}/{CALLBACK_SECRET}"
    table = settings_of(provider, api=api, callback=callback, changes=settings)
    ordinary = {"delay": 0.02, "slow_delay": 1.0, "repeat_after": 0.05}
    places = {"callback": f"{callback}/dlr", "mo_callback": f"{callback}/mo"}
    centre = simulator.Settings.model_validate(
        {"port": api_port, "control_port": control_port} | ordinary | places | (simulated or {})
    )
    heard = Heard()
    async with (
        ClientSession() as http,
        sms_http.open(NAME, table) as channel,
        _served(channel, heard, web_port),
        _simulating(centre),
        _listening(channel, heard),
    ):
        control = Control(http, f"http://127.0.0.1:{control_port}")
        yield HttpBench(channel, heard, control, table, callback, api)


def settings_of(provider: str, *, api: str, callback: str, changes: dict[str, Any]) -> HttpSettings:
    """The provider's own settings, pointing at `api`."""
    ordinary = {
        "provider": provider,
        "sender": "MOTCUA",
        "connect_timeout": 10.0,
        "response_timeout": 10.0,
        "callback_secret": SecretStr(CALLBACK_SECRET),
    }
    kind = PROVIDERS[provider].settings_class
    given = _placed({**ordinary, **changes}, {"{api}": api, "{callback}": callback})
    settings = kind.model_validate({"url": api} | given if kind.model_fields["url"].is_required() else given)
    return settings.model_copy(update={"url": _moved(settings.url, api)})


def _placed(value: Any, places: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _placed(each, places) for key, each in value.items()}
    if isinstance(value, str):
        for place, real in places.items():
            value = value.replace(place, real)
    return value


def _moved(url: str, origin: str) -> str:
    parts, there = urlsplit(url), urlsplit(origin)
    return urlunsplit(parts._replace(scheme=there.scheme, netloc=there.netloc))


@asynccontextmanager
async def _simulating(settings: simulator.Settings) -> AsyncIterator[None]:
    ready = asyncio.Event()
    serving = asyncio.create_task(simulator.run(settings, ready.set))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait([serving, waiting], timeout=SOON, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        yield
    finally:
        for task in (serving, waiting):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(serving, waiting)


@asynccontextmanager
async def _listening(channel: Channel, heard: Heard) -> AsyncIterator[None]:
    if channel.listener is None:
        yield
        return
    listening = asyncio.create_task(channel.listener.listen(heard.deliver))
    try:
        yield
    finally:
        listening.cancel()
        await asyncio.wait([listening])


@asynccontextmanager
async def _served(channel: Channel, heard: Heard, port: int) -> AsyncIterator[None]:
    """The channel's webhook behind a real web server: delivered first, then answered."""
    assert channel.webhook is not None
    app = web.Application(client_max_size=1024 * 1024)
    app.router.add_route("*", "/webhooks/{tail:.*}", _hearing(channel.webhook, heard))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


def _hearing(webhook: Webhook, heard: Heard) -> Callable[[web.Request], Any]:
    async def hear(request: web.Request) -> web.StreamResponse:
        result = webhook.parse(await asked(request))
        if result.events:
            try:
                await heard.deliver(result.events)
            except OSError:
                return web.Response(status=503)
        body = await result.answer() if result.answer else result.body
        return web.Response(status=result.status, body=body, headers={"Content-Type": result.content_type})

    return hear


async def asked(request: web.Request) -> WebhookRequest:
    return WebhookRequest(
        method=request.method,
        path=request.path,
        query=dict(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.read(),
        remote=request.remote or "",
    )


@dataclass
class Canned:
    """A server that reads requests and gives what it was told."""

    url: str
    requests: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def canned(*answers: bytes | None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Canned]:
    """Gives one answer to each request, the last one to all that follow; then leaves the connection open. An empty
    answer closes the connection unanswered, None never answers."""
    seen = Canned("")
    connections: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                seen.requests.append(await _whole_request(reader))
                answer = answers[min(len(seen.requests), len(answers)) - 1]
                if answer == b"":
                    break
                if answer is not None:
                    writer.write(answer)
                    await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    host = "localhost" if tls else "127.0.0.1"
    seen.url = f"{'https' if tls else 'http'}://{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield seen
    finally:
        server.close()
        for writer in connections:
            writer.transport.abort()
        await server.wait_closed()


async def _whole_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *([0-9]+)", head)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


def http_answer(status: str, body: str = "", **headers: str) -> bytes:
    """A whole answer; underscores in the names of headers stand for hyphens."""
    payload = body.encode()
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(payload)}", "", ""])
    return head.encode() + payload
