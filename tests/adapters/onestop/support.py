"""A running province with its ports, and a listener that it pushes to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from adapters.simulators.onestop import Province, Record, Settings, run
from adapters.simulators.onestop.hours import DAY, moment_at, worked
from bot.demo.processes import free_port
from bot.model.clock import Clock, utc_now

START = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
"""A Monday, 07:00 in Vietnam: offices open."""

KEY = "a-key-for-the-province"


def states(settings: Settings, days: float = 1.0) -> list[Record]:
    """What the province of these settings goes through in its first days, in order of time."""
    return list(Province(settings, START).states(moment_at(worked(START) + int(days * DAY))))


@dataclass
class Office:
    """The running simulator as its clients see it."""

    http: aiohttp.ClientSession
    api: str
    control: str

    async def told(self, path: str) -> Any:
        async with self.http.get(self.control + path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def misbehave(self, **given: Any) -> None:
        async with self.http.patch(f"{self.control}/misbehaviour", json=given) as answer:
            assert answer.status == 200, await answer.text()

    async def token(self) -> dict[str, str]:
        """The header that lets in."""
        async with self.http.post(f"{self.api}/getToken", json={"username": "a", "password": "b"}) as answer:
            return {"Authorization": f"Bearer {(await answer.json())['token']}"}

    async def page(self, token: dict[str, str], **query: Any) -> Any:
        """A page of /ho-so; raises for an HTTP error."""
        async with self.http.get(f"{self.api}/ho-so", params=query, headers=token) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def until(self, path: str, fits: Callable[[Any], bool]) -> Any:
        """What `path` tells as soon as it fits."""
        async with asyncio.timeout(20):
            while not fits(found := await self.told(path)):
                await asyncio.sleep(0.01)
        return found


@asynccontextmanager
async def running(clock: Clock = utc_now, **changes: Any) -> AsyncIterator[Office]:
    """A province that has just opened, with the API and the control port. Its clock stands almost still unless the
    settings say otherwise."""
    api, control = free_port(), free_port()
    ordinary = {
        "start": START, "interval": 0.02, "speed": 0.001, "rest_port": api, "control_port": control, "bad_rows": 0,
    }  # fmt: skip
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as tasks, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as http:
        office = tasks.create_task(run(Settings.model_validate(ordinary | changes), ready.set, clock))
        try:
            await asyncio.wait_for(ready.wait(), 10)
            yield Office(http, f"http://127.0.0.1:{api}", f"http://127.0.0.1:{control}")
        finally:
            office.cancel()


@dataclass
class Listener:
    """Takes what is pushed; `answer` decides what is said to each call."""

    url: str = ""
    calls: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    """Path, headers, body; in the order of their coming."""
    busy: int = 0
    busiest: int = 0
    """Calls that were under way at once."""
    answer: Callable[[str, Any], web.Response] = lambda path, body: web.json_response({"accepted": 1})
    pause: float = 0.0

    def bodies(self) -> list[Any]:
        return [body for _, _, body in self.calls]

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await asyncio.sleep(self.pause)
        self.busy -= 1
        answer = self.answer(request.path, body)
        if answer.status == 200:
            self.calls.append((request.path, {name.lower(): value for name, value in request.headers.items()}, body))
        return answer


@asynccontextmanager
async def listening(listener: Listener, port: int | None = None) -> AsyncIterator[Listener]:
    port = port or free_port()
    application = web.Application()
    application.router.add_post("/onestop/v1/{what}", listener.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        listener.url = f"http://127.0.0.1:{port}/onestop/v1"
        yield listener
    finally:
        await runner.cleanup()
