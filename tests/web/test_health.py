"""/healthz and /readyz over a whole service of which one part after another is really broken."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest

from bot import watch
from bot.app import App, open_app, read_plan
from bot.config import Config
from bot.demo.processes import free_port
from bot.model.errors import StorageError
from bot.serving import serve_web
from storage import engine, sqlite_connection

WELL = {"/healthz": (200, "ok\n"), "/readyz": (200, "ready\n")}
ALIVE = (200, "ok\n")


@dataclass
class Service:
    app: App
    http: aiohttp.ClientSession
    url: str

    async def says(self) -> dict[str, tuple[int, str]]:
        found = {}
        for path in ("/healthz", "/readyz"):
            async with self.http.get(self.url + path) as answer:
                found[path] = (answer.status, await answer.text())
        return found

    async def until(self, ready: tuple[int, str]) -> dict[str, tuple[int, str]]:
        """What is said when `/readyz` says this."""
        async with asyncio.timeout(20):
            while (found := await self.says())["/readyz"] != ready:
                await asyncio.sleep(0.02)
        return found


@asynccontextmanager
async def service(place: Path, url: str = "") -> AsyncIterator[Service]:
    port = free_port()
    settings = {
        "storage": {"url": url or f"sqlite:{place / 'motcua.db'}"},
        "web": {"port": port, "key_file": str(place / "web.key")},
        "channels": {"webchat": {"kind": "webchat"}},
        "watch": {"every": 0.2},
    }
    plan = read_plan(Config.model_validate(settings))
    async with open_app(plan, migrate=True) as app, serve_web(app), aiohttp.ClientSession() as http:
        running = asyncio.create_task(app.run())
        here = Service(app, http, f"http://127.0.0.1:{port}")
        try:
            await here.until((200, "ready\n"))
            yield here
        finally:
            app.stop()
            await running


@asynccontextmanager
async def door_to(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def test_while_it_stops_it_is_alive_and_wants_no_calls(tmp_path: Path) -> None:
    async with service(tmp_path) as here:
        before = await here.says()
        here.app.stop()
        after = await here.says()

    assert before == WELL
    assert after == {"/healthz": ALIVE, "/readyz": (503, "stopping\n")}


async def test_a_database_that_another_process_holds_is_named_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "FLUSH_EVERY", 0.1)
    monkeypatch.setattr(sqlite_connection, "_PATIENT", "PRAGMA busy_timeout = 50")
    async with service(tmp_path) as here:
        path = tmp_path / "motcua.db"
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            held = await here.until((503, "the storage cannot be written\n"))
            other.execute("ROLLBACK")
        free = await here.until((200, "ready\n"))

    assert held["/healthz"] == ALIVE
    assert free == WELL


async def test_a_database_that_a_newer_program_has_changed_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "RECHECK", 0.0)
    async with service(tmp_path) as here:
        path = tmp_path / "motcua.db"
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as newer:
            note = "INSERT INTO migrations (name, checksum, applied_at) VALUES ('9999_newer', '', 0)"
            await asyncio.to_thread(newer.execute, note)
            said = await here.until((503, "the storage is of another program version\n"))
            await asyncio.to_thread(newer.execute, "DELETE FROM migrations WHERE name = '9999_newer'")
        back = await here.until((200, "ready\n"))

    assert said["/healthz"] == ALIVE
    assert back == WELL


@pytest.mark.parametrize("storage_url", ["postgres"], indirect=True)
async def test_a_database_that_is_gone_does_not_make_the_process_dead(
    storage_url: str, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "FLUSH_EVERY", 0.3)
    name = urlsplit(storage_url).path.removeprefix("/")
    async with door_to(postgres_url) as door, service(tmp_path, storage_url) as here:
        await door.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await door.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        try:
            async with asyncio.timeout(20):
                while (said := await here.says())["/readyz"][0] == 200:
                    await asyncio.sleep(0.02)
            # All jobs fall silent for as long as nobody can wait, and yet a new start would mend nothing.
            async with asyncio.timeout(20):
                while not any(each.name == "database" for each in here.app.watch.alarms):
                    await asyncio.sleep(0.02)
            for name_of_job, pulse in here.app.beats._pulses.items():
                pulse.at -= 0 if name_of_job == watch.TURNS else 10_000
            alive = (await here.says())["/healthz"]
        finally:
            await door.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        back = await here.until((200, "ready\n"))

    assert said["/readyz"][1].startswith("the storage ")
    assert os.environ.get("PGPASSWORD", "no password") not in said["/readyz"][1]
    assert alive == ALIVE
    assert back == WELL


async def test_a_watch_that_no_longer_turns_is_dead_with_or_without_a_database(tmp_path: Path) -> None:
    async with service(tmp_path) as here:
        here.app.beats._pulses[watch.TURNS].at -= 125
        said = await here.says()
        here.app.watch.writable.failed(StorageError("away"), is_known=False)
        without = (await here.says())["/healthz"]

    assert said == {"/healthz": (503, "still: watch\n"), "/readyz": (503, "still: watch\n")}
    assert without == (503, "still: watch\n")


async def test_who_waits_for_others_or_has_much_to_do_is_not_still(tmp_path: Path) -> None:
    async with service(tmp_path) as here:
        for job, every in (("source:office", 1.0), ("listener:tele", 60.0), ("ledger", 300.0), ("deadlines", 60.0)):
            here.app.beats.beat(job, every=every)
            here.app.beats._pulses[job].at -= 100_000

        assert await here.says() == WELL
