"""The control API of an SMS-centre simulator, small: what the demo page asks for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.web.office import free_port


class Control:
    """Keeps texts; answers what the phone writes."""

    def __init__(self) -> None:
        self.url = ""
        self.texts: list[dict[str, Any]] = []
        self.written: list[dict[str, Any]] = []
        self.is_hanging = False
        self._changed = asyncio.Condition()

    async def text(self, number: str, text: str, sender: str = "8041", state: str = "delivered") -> None:
        async with self._changed:
            self.texts.append(
                {
                    "seq": len(self.texts) + 1,
                    "number": number,
                    "from": sender,
                    "text": text,
                    "at": "2026-03-02T03:04:05+00:00",
                    "state": state,
                }
            )
            self._changed.notify_all()

    async def numbers(self, request: web.Request) -> web.Response:
        if self.is_hanging:
            await asyncio.sleep(30)
        latest = dict.fromkeys(text["number"] for text in reversed(self.texts))
        return web.json_response([{"number": number} for number in latest])

    async def messages(self, request: web.Request) -> web.Response:
        number, after = request.query["number"], int(request.query["after"])

        def new() -> list[dict[str, Any]]:
            return [text for text in self.texts if text["number"] == number and text["seq"] > after]

        async with self._changed:
            try:
                async with asyncio.timeout(float(request.query["wait"])):
                    await self._changed.wait_for(lambda: bool(new()))
            except TimeoutError:
                pass
            return web.json_response(new())

    async def write(self, request: web.Request) -> web.Response:
        written = await request.json()
        self.written.append(written)
        await self.text(written["from"], written["text"], sender=written["from"], state="sent")
        await self.text(written["from"], f"Tra loi: {written['text']}")
        return web.json_response({"status": 0})


@asynccontextmanager
async def open_control() -> AsyncIterator[Control]:
    control, port = Control(), free_port()
    app = web.Application()
    app.add_routes(
        [
            web.get("/numbers", control.numbers),
            web.get("/messages", control.messages),
            web.post("/mo", control.write),
        ]
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        control.url = f"http://127.0.0.1:{port}"
        yield control
    finally:
        await runner.cleanup()
