"""The calls to a watch outside of the house, over real sockets: when they are made, and what they tell."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from adapters.heartbeats import heart_door
from bot import heartbeat
from bot.app import open_app, read_plan
from bot.config import Config
from bot.demo.processes import free_port
from bot.heartbeat import HeartbeatCalls
from bot.heartbeat_settings import HeartbeatSettings
from bot.looks import CONFIG
from bot.ports import Storage
from tests.support.watching import Guard

KEY = "a7c1-key-of-the-outside-watch"


@dataclass
class Outside:
    """The watch outside: what it heard, and how it answers."""

    port: int
    status: int = 200
    silence: float = 0.0
    heard: list[str] = field(default_factory=list)

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port}/{KEY}{path}"

    async def answer(self, request: web.Request) -> web.Response:
        self.heard.append(f"{request.method} {request.path.removeprefix(f'/{KEY}')}")
        await asyncio.sleep(self.silence)
        return web.Response(status=self.status, headers={"Location": "/elsewhere"} if self.status == 302 else {})


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    made, application = Outside(free_port()), web.Application()
    application.router.add_route("*", "/{any:.*}", made.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", made.port).start()
    yield made
    await runner.cleanup()


@dataclass
class House:
    guard: Guard
    calls: HeartbeatCalls
    is_leading: bool = True

    async def minute(self, seconds: float = 60.0) -> None:
        """Time passes, the watch looks, a call is made if it is due."""
        self.guard.time.pass_(seconds=seconds)
        await self.guard.look()
        await self.calls.look()


@asynccontextmanager
async def house(storage: Storage, outside: Outside, *, alarm: bool = True, **settings: Any) -> AsyncIterator[House]:
    guard = Guard(storage)
    urls = {"url": outside.url(), "alarm_url": outside.url("/fail")}
    given = HeartbeatSettings.model_construct(**{"alarm_url": urls["alarm_url"] if alarm else None, **settings})
    async with heart_door(**urls, method=given.method, timeout=0.3) as door:
        made = House(guard, None)  # type: ignore[arg-type]
        made.calls = HeartbeatCalls(door, given, guard.watch, leads=lambda: made.is_leading, monotonic=guard.monotonic)
        yield made


async def test_it_is_called_each_minute_by_the_process_that_watches_and_by_no_other(
    sqlite_storage: Storage, outside: Outside
) -> None:
    async with house(sqlite_storage, outside) as here:
        await here.calls.look()
        before_the_first_look = list(outside.heard)
        for _ in range(4):
            await here.minute(30)
        here.is_leading = False
        for _ in range(4):
            await here.minute()

    assert before_the_first_look == []
    assert outside.heard == ["GET ", "GET "]


async def test_an_alarm_is_told_at_once_and_so_is_its_end(sqlite_storage: Storage, outside: Outside) -> None:
    async with house(sqlite_storage, outside, method="POST") as here:
        await here.minute()
        here.guard.beats.complain(f"{CONFIG}file", "sai", "wrong", every=60)
        await here.minute(1)
        await here.minute(1)
        here.guard.beats.end(f"{CONFIG}file")
        await here.minute(1)

    assert outside.heard == ["POST ", "POST /fail", "POST "]


async def test_without_an_address_for_alarms_an_alarm_is_silence(sqlite_storage: Storage, outside: Outside) -> None:
    async with house(sqlite_storage, outside, alarm=False) as here:
        await here.minute()
        here.guard.beats.complain(f"{CONFIG}file", "sai", "wrong", every=60)
        for _ in range(3):
            await here.minute()
        here.guard.beats.end(f"{CONFIG}file")
        await here.minute(1)

    assert outside.heard == ["GET ", "GET "]


async def test_a_watch_that_no_longer_looks_says_nothing(sqlite_storage: Storage, outside: Outside) -> None:
    async with house(sqlite_storage, outside) as here:
        await here.minute()
        here.guard.time.now += timedelta(minutes=10)
        await here.calls.look()

    assert outside.heard == ["GET "]


@pytest.mark.parametrize(
    ("breaks", "why"),
    [
        (lambda outside: setattr(outside, "status", 500), "it answers 500"),
        (lambda outside: setattr(outside, "status", 302), "it answers 302"),
        (lambda outside: setattr(outside, "silence", 5.0), "no answer in time"),
        (lambda outside: setattr(outside, "port", free_port()), "no connection (ECONNREFUSED)"),
    ],
    ids=["error", "redirect", "slow", "shut"],
)
async def test_a_failure_is_logged_once_without_the_address_and_tried_again_soon(
    sqlite_storage: Storage,
    outside: Outside,
    breaks: Callable[[Outside], None],
    why: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    good = Outside(outside.port)
    breaks(outside)
    async with house(sqlite_storage, outside) as here:
        for _ in range(3):
            await here.minute(10)
        outside.status, outside.silence = 200, 0.0
        here.calls._door._urls[True] = good.url()  # type: ignore[attr-defined]
        await here.minute(10)
        await here.minute(10)

    told = [each.getMessage() for each in caplog.records if each.name == "bot.heartbeat"]
    assert told == [
        f"the watch outside could not be told how the service fares: {why}",
        "the watch outside is told again how the service fares",
    ]
    assert KEY not in caplog.text
    assert not any("elsewhere" in each for each in outside.heard)


async def test_the_whole_service_calls_soon_after_its_start_and_at_an_alarm(
    tmp_path: Path, outside: Outside, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(heartbeat, "LOOK", 0.05)
    (tmp_path / "url").write_text(outside.url())
    (tmp_path / "alarm").write_text(outside.url("/fail"))
    settings = {
        "storage": {"url": f"sqlite:{tmp_path / 'motcua.db'}"},
        "web": {"enabled": False},
        "channels": {"sms": {"kind": "log", "path": str(tmp_path / "sms.jsonl")}},
        "watch": {"every": 0.1},
        "heartbeat": {"url": f"file:{tmp_path / 'url'}", "alarm_url": f"file:{tmp_path / 'alarm'}"},
    }
    hidden: list[str] = []
    async with open_app(read_plan(Config.model_validate(settings)), migrate=True, hide=hidden.extend) as app:
        running = asyncio.create_task(app.run())
        async with asyncio.timeout(20):
            while not outside.heard:
                await asyncio.sleep(0.01)
            app.beats.complain(f"{CONFIG}file", "sai", "wrong", every=60)
            while len(outside.heard) < 2:
                await asyncio.sleep(0.01)
        app.stop()
        await running

    assert outside.heard == ["GET ", "GET /fail"]
    assert {outside.url(), outside.url("/fail")} <= set(hidden)
    assert KEY not in caplog.text


@pytest.mark.parametrize("address", ["a-key-without-a-scheme", "ftp://watch.test/key", "https://", "https://[bad/key"])
def test_an_address_that_is_none_is_refused_and_not_quoted(address: str, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(address)

    with pytest.raises(ValidationError, match="https://") as refused:
        HeartbeatSettings.model_validate({"url": f"file:{tmp_path / 'url'}"})
    told = "".join(each["msg"] for each in refused.value.errors())
    with pytest.raises(ValidationError, match="needs url"):
        HeartbeatSettings.model_validate({"alarm_url": f"file:{_good(tmp_path)}"})

    assert "key" not in told


def _good(place: Path) -> Path:
    path = place / "good"
    path.write_text("https://watch.test/key")
    return path
