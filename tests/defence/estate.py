"""The whole web face with every way in open: each channel that is called, each page, the demo, a portal's frame."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, web
from pydantic import HttpUrl

from bot.api_keys import fresh_key
from bot.app import App, open_app, read_plan
from bot.config import Config
from bot.demo.processes import free_port
from bot.model.api import ApiRight, KeyKind
from bot.model.staff import Role
from bot.serving import face_of
from bot.web.bodies import HELD, Held
from bot.web.console.console import Console
from bot.web.console.route import Route
from bot.web.console.server import routes_of
from bot.web.context import DemoSettings
from bot.web.server import serve
from tests.adapters.zalo.support import APP_ID, APP_SECRET, OA_ID, OA_SECRET
from tests.web.console.rig import Clerk
from tests.web.console.rig import Rig as ConsoleRig
from tests.web.office import Clock

NOWHERE = "http://127.0.0.1:9"
PUSH_KEY = "a key of the one-stop software"
SIGNING_KEY = "a signing key of the one-stop software"
BOT_SECRET = "a-secret-of-the-bot-platform"
TELEGRAM_SECRET = "a-secret-of-telegram"
GATEWAY_SECRET = "s3cret-path-0f-the-gateway"
CODE = "H56.14-240823-0001"
SECRETS = {
    "ESTATE_PUSH": PUSH_KEY, "ESTATE_SIGN": SIGNING_KEY, "ESTATE_APP": APP_SECRET, "ESTATE_OA": OA_SECRET,
    "ESTATE_BOT": BOT_SECRET, "ESTATE_TOKEN": "123456:a-token-of-telegram", "ESTATE_PATH": GATEWAY_SECRET,
    "ESTATE_TELEGRAM": TELEGRAM_SECRET,
}  # fmt: skip


@dataclass
class Estate:
    """Serves on a free port; nothing is sent, so that nothing leaves."""

    url: str
    port: int
    app: App
    face: web.Application
    console: Console
    http: ClientSession
    rig: ConsoleRig
    database: Path
    clock: Clock

    @property
    def held(self) -> Held:
        return self.face[HELD]

    @property
    def routes(self) -> list[tuple[str, str]]:
        """(method, path with its `{…}`) of all that is served, mounted applications included."""
        found = {(route.method, route.resource.canonical) for route in self.face.router.routes() if route.resource}
        return sorted((method, path) for method, path in found if method != "HEAD")

    @property
    def pages_of_staff(self) -> list[Route]:
        return routes_of(self.console)

    async def administrator(self) -> Clerk:
        return await self.rig.staff(*Role)

    async def key(self) -> dict[str, str]:
        """The header that shows a live key with every right."""
        fresh = fresh_key(
            KeyKind.LIVE, "phan-mem", agency="", rights=frozenset(ApiRight), by="lan", at=self.app.clock()
        )
        assert await self.app.storage.write(lambda tx: tx.api.add(fresh.key))
        return {"Authorization": f"Bearer {fresh.shown}"}

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database, asked past the service."""
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(query, values).fetchall()

    def heard(self, channel: str) -> list[str]:
        """What citizens said by this channel, as it was kept."""
        return [text for (text,) in self.rows("SELECT text FROM inbound WHERE channel = ?", channel)]


@asynccontextmanager
async def open_estate(place: Path, monkeypatch: pytest.MonkeyPatch, **config: Any) -> AsyncIterator[Estate]:
    """`config` are further tables of the configuration, and further settings of `[web]`."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    port, clock = free_port(), Clock()
    at_zalo = {"oauth_url": NOWHERE, "api_url": NOWHERE, "business_url": NOWHERE, "spool": place / "zalo"}
    given: dict[str, Any] = {
        "storage": {"url": f"sqlite:{place / 'motcua.db'}"},
        "links": {"web": "https://hoso.example.vn"},
        "reports": {"public": True},
        "channels": {
            "webchat": {"kind": "webchat"},
            "zalo": {
                "kind": "zalo", "app_id": APP_ID, "oa_id": OA_ID, "app_secret": "env:ESTATE_APP",
                "oa_secret": "env:ESTATE_OA", **at_zalo,
            },
            "zalobot": {
                "kind": "zalobot", "token": "env:ESTATE_TOKEN", "webhook_secret": "env:ESTATE_BOT", "base_url": NOWHERE,
            },
            "telegram": {
                "kind": "telegram", "mode": "webhook", "token": "env:ESTATE_TOKEN",
                "webhook_secret": "env:ESTATE_TELEGRAM", "webhook_url": "https://hoso.example.vn/webhooks/telegram",
            },
            "gateway": {
                "kind": "sms_http", "provider": "generic", "url": f"{NOWHERE}/send", "sender": "MOTCUA",
                "callback_secret": "env:ESTATE_PATH", "answers": [{"verdict": "accepted"}],
                "mo": {name: {"query": name} for name in ("id", "from", "text")},
            },
            "esms": {
                "kind": "sms_http", "provider": "esms", "url": NOWHERE, "api_key": "env:ESTATE_OA", "sender": "MOTCUA",
                "secret_key": "env:ESTATE_OA", "private_key": "env:ESTATE_SIGN", "callback_secret": "env:ESTATE_PATH",
            },
        },
        "sources": {"ward": {"kind": "push", "keys": ["env:ESTATE_PUSH"], "signing_keys": ["env:ESTATE_SIGN"]}},
        **{name: table for name, table in config.items() if name != "web"},
        "web": {
            "port": port, "key_file": place / "web.key", "frame_ancestors": ["https://dichvucong.example.vn"],
            **config.get("web", {}),
        },
    }  # fmt: skip
    demo = DemoSettings(smsc_control=HttpUrl(NOWHERE), short_code="8041")
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(
            open_app(read_plan(Config.model_validate(given)), clock=clock, migrate=True)
        )
        face = face_of(app, demo)
        assert face is not None
        await stack.enter_async_context(serve(face.application, face.host, face.port, face.limits))
        console = Console(app=app, secret=(place / "web.key").read_bytes())
        http = await stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=30)))
        browsers = await stack.enter_async_context(AsyncExitStack())
        url = f"http://127.0.0.1:{port}"
        rig = ConsoleRig(url, app.storage, clock, app, console, browsers)
        yield Estate(url, port, app, face.application, console, http, rig, place / "motcua.db", clock)
