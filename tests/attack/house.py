"""A whole service to be attacked: every way in is open, on a real port, over a database file; and who tries."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, CookieJar

from bot.api_keys import fresh_key
from bot.app import App, open_app, read_plan
from bot.config import Config
from bot.demo.processes import free_port
from bot.model.api import ApiKey, ApiRight, KeyKind
from bot.model.clock import utc_now
from bot.model.dossier import Dossier, Status
from bot.ports import Mirrored
from bot.serving import serve_web
from bot.web.console.console import Console
from tests.adapters.zalo.support import APP_ID, APP_SECRET, OA_ID, OA_SECRET
from tests.web.console.rig import Clerk
from tests.web.console.rig import Rig as ConsoleRig
from tests.web.office import Visitor

NOWHERE = "http://127.0.0.1:9"
PUSH_KEY = "a key of the one-stop software"
SIGNING_KEY = "a signing key of the one-stop software"
BOT_SECRET = "a-secret-of-the-bot-platform"
GATEWAY_SECRET = "s3cret-path-0f-the-gateway"
WARD, OTHER = "H56.14", "H56.20"
CODE, OTHER_CODE = f"{WARD}-240823-0001", f"{OTHER}-240823-0001"
PHONE = "+84912345678"
SECRETS = {
    "ATTACK_PUSH": PUSH_KEY, "ATTACK_SIGN": SIGNING_KEY, "ATTACK_APP": APP_SECRET, "ATTACK_OA": OA_SECRET,
    "ATTACK_BOT": BOT_SECRET, "ATTACK_TOKEN": "123:abc", "ATTACK_PATH": GATEWAY_SECRET, "ATTACK_PASSWORD": "gateway-pw",
}  # fmt: skip
GATEWAY = {
    "kind": "sms_http", "provider": "generic", "url": f"{NOWHERE}/send", "sender": "MOTCUA",
    "callback_secret": "env:ATTACK_PATH",
    "answers": [{"verdict": "accepted"}],
    "mo": {name: {"query": name} for name in ("id", "from", "text")},
}  # fmt: skip


@dataclass
class Reply:
    """What came back on a bare connection."""

    raw: bytes = field(repr=False)

    @property
    def status(self) -> int:
        """0: the connection ended without an answer."""
        found = re.match(rb"HTTP/1\.[01] (\d{3})", self.raw)
        return int(found[1]) if found else 0

    @property
    def statuses(self) -> list[int]:
        """Of all answers on the connection."""
        return [int(each) for each in re.findall(rb"(?:^|\n)HTTP/1\.[01] (\d{3})", self.raw)]


@dataclass
class House:
    """The running service."""

    url: str
    port: int
    app: App
    console: Console
    http: ClientSession
    rig: ConsoleRig

    database: Path

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database, asked past the service."""
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(query, values).fetchall()

    def heard(self, channel: str) -> list[str]:
        """What citizens said by this channel, as it was kept."""
        return [
            text for (text,) in self.rows("SELECT text FROM inbound WHERE channel = ? ORDER BY message_id", channel)
        ]

    async def staff(self, *grants: Any, login: str = "") -> Clerk:
        return await self.rig.staff(*grants, login=login)

    async def key(self, agency: str = WARD, *, lives: timedelta | None = None) -> tuple[ApiKey, dict[str, str]]:
        """A live key with every right, and the header that shows it."""
        now = self.app.clock()
        fresh = fresh_key(
            KeyKind.LIVE, f"phan-mem-{now.microsecond}", agency=agency, rights=frozenset(ApiRight), by="lan", at=now,
            expires_at=now + lives if lives else None,
        )  # fmt: skip
        assert await self.app.storage.write(lambda tx: tx.api.add(fresh.key))
        return fresh.key, {"Authorization": f"Bearer {fresh.shown}"}

    async def visitor(self) -> Visitor:
        http = ClientSession(cookie_jar=CookieJar(unsafe=True), timeout=ClientTimeout(total=20))
        visitor = Visitor(await self.rig.stack.enter_async_context(http), self.url)
        await visitor.come()
        return visitor

    async def raw(self, *pieces: bytes, patience: float = 5.0, all_of_it: bool = False) -> Reply:
        """What a bare connection is answered: the first head, or with `all_of_it` everything until it ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        got = b""
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            async with asyncio.timeout(patience):
                while more := await reader.read(65_536):
                    got += more
                    if b"\r\n\r\n" in got and not all_of_it:
                        break
        except (TimeoutError, ConnectionError):
            pass
        finally:
            writer.close()
        return Reply(got)

    async def status(self, method: str, path: str, **more: Any) -> int:
        async with self.http.request(method, f"{self.url}{path}", allow_redirects=False, **more) as answer:
            await answer.read()
            return answer.status


def dossier(code: str = CODE, **changes: Any) -> Dossier:
    now = utc_now()
    values = {
        "source": "ward", "code": code, "status": Status.PROCESSING, "agency": code.partition("-")[0], "phone": PHONE,
        "agency_name": "UBND xã Mẫu", "procedure_name": "Khai sinh", "applicant": "Nguyễn Thị Ánh",
        "received_at": now - timedelta(days=2), "appointment_at": now + timedelta(days=5),
    }  # fmt: skip
    return Dossier(**{**values, **changes})


@asynccontextmanager
async def open_house(place: Path, monkeypatch: pytest.MonkeyPatch, **config: Any) -> AsyncIterator[House]:
    """Serves on a free port; nothing is sent, so that nothing leaves. `config` are further tables."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    port = free_port()
    given: dict[str, Any] = {
        "storage": {"url": f"sqlite:{place / 'motcua.db'}"},
        "channels": {
            "webchat": {"kind": "webchat"},
            "sms": {"kind": "log", "path": place / "sms.jsonl"},
            "zalo": {
                "kind": "zalo", "app_id": APP_ID, "oa_id": OA_ID, "app_secret": "env:ATTACK_APP",
                "oa_secret": "env:ATTACK_OA",
                "oauth_url": NOWHERE, "api_url": NOWHERE, "business_url": NOWHERE, "spool": place / "zalo",
            },
            "zalobot": {"kind": "zalobot", "token": "env:ATTACK_TOKEN", "webhook_secret": "env:ATTACK_BOT",
            "base_url": NOWHERE},
            "gateway": GATEWAY,
        },
        "sources": {"ward": {"kind": "push", "keys": ["env:ATTACK_PUSH"], "signing_keys": ["env:ATTACK_SIGN"]}},
        **{name: table for name, table in config.items() if name != "web"},
        "web": {"port": port, "key_file": place / "web.key", **config.get("web", {})},
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_app(read_plan(Config.model_validate(given)), migrate=True))
        await stack.enter_async_context(serve_web(app))
        console = Console(app=app, secret=(place / "web.key").read_bytes())
        http = await stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=20)))
        browsers = await stack.enter_async_context(AsyncExitStack())
        url = f"http://127.0.0.1:{port}"
        rig = ConsoleRig(url, app.storage, app.clock, app, console, browsers)  # type: ignore[arg-type]
        yield House(url, port, app, console, http, rig, place / "motcua.db")


async def put(house: House, *dossiers: Dossier) -> None:
    """They are in the mirror."""
    await house.app.storage.write(lambda tx: tx.dossiers.add([Mirrored.of(each, 1) for each in dossiers], at=utc_now()))


def plain(page: str) -> str:
    """A page without what differs from one showing to the next: tokens and ids of forms."""
    page = re.sub(r'(name="(?:token|id)" value=")[^"]*', r"\1", page)
    return re.sub(r"\?v=[0-9a-f]+", "", page)
