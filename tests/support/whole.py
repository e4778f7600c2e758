"""A whole service in this process, over SQLite, with its pages on a free port; channels are sandboxes unless given."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar

from bot.app import App, open_app, read_plan
from bot.config import Config
from bot.demo.processes import free_port
from bot.logs import hush_libraries
from bot.serving import serve_web

SANDBOX = {
    "kind": "sms_smpp", "host": "127.0.0.1", "port": 1, "system_id": "motcua", "password": "env:MOTCUA_TEST_WHOLE",
    "source_addr": "8041", "sandbox": True, "rate": 200,
}  # fmt: skip
GO_LIVE = "2026-01-01T00:00:00+07:00"
PASSWORD = "p4ss-of-the-smsc"
KEY = "a key of the office, long enough"


@dataclass
class Whole:
    """It runs until the block ends."""

    app: App
    url: str
    http: ClientSession

    async def text(self, path: str) -> str:
        async with self.http.get(self.url + path) as answer:
            return await answer.text()


def config_of(folder: Path, changes: Mapping[str, Any]) -> Config:
    return Config.model_validate(
        {
            "storage": {"url": f"sqlite:{folder / 'motcua.db'}"},
            "quiet": {"personal": {"begin": "00:00", "end": "00:00"}, "bulk": {"begin": "00:00", "end": "00:00"}},
            "web": {"port": free_port(), "key_file": folder / "web.key"},
            "channels": {"sms": SANDBOX, "webchat": {"kind": "webchat"}},
            "sources": {"office": {"kind": "push", "keys": ["env:MOTCUA_TEST_KEY"], "go_live": GO_LIVE}},
            **changes,
        }
    )


@asynccontextmanager
async def whole(folder: Path, monkeypatch: Any, **changes: Any) -> AsyncIterator[Whole]:
    """`changes` are tables of the configuration."""
    monkeypatch.setenv("MOTCUA_TEST_WHOLE", PASSWORD)
    monkeypatch.setenv("MOTCUA_TEST_KEY", KEY)
    hush_libraries()
    config = config_of(folder, changes)
    async with (
        open_app(read_plan(config), migrate=True) as app,
        serve_web(app),
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as http,
    ):
        running = asyncio.ensure_future(app.run())
        begun = asyncio.ensure_future(app.begun.wait())
        await asyncio.wait([running, begun], return_when=asyncio.FIRST_COMPLETED)
        try:
            yield Whole(app, f"http://127.0.0.1:{config.web.port}", http)
        finally:
            begun.cancel()
            app.stop()
            await running
