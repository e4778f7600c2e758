"""Software of an office that is called back: a real HTTP server, which does as a test tells it."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiohttp import web

from bot.demo.processes import free_port


@dataclass
class Heard:
    """One call."""

    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def said(self) -> Any:
        return json.loads(self.body)

    @property
    def state(self) -> str:
        return str(self.said["notification"]["state"])

    def is_signed_with(self, secret: str) -> bool:
        """Checked by hand, as the documentation says."""
        parts = dict(each.split("=", 1) for each in self.headers["Motcua-Signature"].split(","))
        right = hmac.new(secret.encode(), f"{parts['t']}.".encode() + self.body, sha256).hexdigest()
        return hmac.compare_digest(right, parts["v1"])


@dataclass
class Receiver:
    url: str
    heard: list[Heard] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """What it answers, in turn; then 204."""
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0

    async def take(self, request: web.Request) -> web.Response:
        self.heard.append(Heard(dict(request.headers), await request.read()))
        await asyncio.sleep(self.pause)
        status = self.answers.pop(0) if self.answers else 204
        return web.Response(status=status, headers=self.headers)


@asynccontextmanager
async def open_receiver() -> AsyncIterator[Receiver]:
    port = free_port()
    receiver = Receiver(f"http://127.0.0.1:{port}/hook")
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield receiver
    finally:
        await runner.cleanup()
