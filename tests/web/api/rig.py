"""A running service with its API on a free port: real database, real senders, and software that calls it."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import ClientSession, ClientTimeout

from adapters.callbacks import callback_door
from adapters.channels import webchat
from adapters.sandbox import stand_in
from bot.api_keys import fresh_key
from bot.app import read_plan
from bot.config import Config
from bot.demo.processes import free_port
from bot.model.api import TRIAL, ApiKey, ApiRight, KeyKind
from bot.model.audit import Entry
from bot.model.dossier import Dossier, Status
from bot.ports import Storage
from bot.service import App
from bot.settings import SmsSettings
from bot.web.context import WebContext
from bot.web.server import build_app, serve
from tests.contract.storage_values import kept
from tests.web.office import SECRET, Clock

_numbers = itertools.count(1)
CODE = "H56.14-240823-0001"
PHONE = "+84912345678"
ALL = frozenset(ApiRight)


@dataclass
class Answer:
    """What came back."""

    status: int
    said: Any
    headers: Mapping[str, str]
    text: str = field(repr=False)

    @property
    def problem(self) -> str:
        """Its name."""
        return str(self.said["type"]).rpartition("#")[2]

    @property
    def pointers(self) -> list[str]:
        return [each["pointer"] for each in self.said["errors"]]


@dataclass
class Software:
    """Something that holds a key."""

    http: ClientSession
    url: str
    key: ApiKey
    shown: str = field(repr=False)

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`body` as JSON; bytes as they are."""
        sent = {
            "Authorization": f"Bearer {self.shown}",
            **{name.replace("_", "-"): each for name, each in headers.items()},
        }
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if raw is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.http.request(method, f"{self.url}/api/v1{path}", data=raw, headers=sent) as answer:
            text = await answer.text()
            said = json.loads(text) if "json" in answer.content_type else None
            return Answer(answer.status, said, answer.headers, text)

    async def send(self, phone: str = PHONE, **headers: str) -> Answer:
        """A result, to a phone."""
        return await self.call("POST", "/notifications", to_phone(phone), **headers)

    async def until(self, item_id: str, *states: str) -> dict[str, Any]:
        """The message, once it is in one of these states."""
        async with asyncio.timeout(15):
            while True:
                seen = (await self.call("GET", f"/notifications/{item_id}")).said
                if seen["state"] in states:
                    return dict(seen)
                await asyncio.sleep(0.02)


@dataclass
class Rig:
    """The running API."""

    url: str
    storage: Storage
    clock: Clock
    app: App
    http: ClientSession

    async def software(
        self,
        kind: KeyKind = KeyKind.TEST,
        *,
        agency: str = "",
        rights: frozenset[ApiRight] = ALL,
        name: str = "",
        lives: timedelta | None = None,
    ) -> Software:
        now = self.clock()
        fresh = fresh_key(
            kind, name or f"phan-mem-{next(_numbers)}", agency=agency, rights=rights, by="lan", at=now,
            expires_at=now + lives if lives else None,
        )  # fmt: skip
        assert await self.storage.write(lambda tx: tx.api.add(fresh.key))
        return Software(self.http, self.url, fresh.key, fresh.shown)

    async def dossier(self, **values: Any) -> Dossier:
        """One that is in the mirror."""
        now = self.clock()
        given = {
            "source": "mc", "code": CODE, "status": Status.DONE, "agency": "H56.14", "agency_name": "UBND xã Mẫu",
            "procedure": "1.000001", "procedure_name": "Khai sinh", "phone": PHONE, "received_at": now, **values,
        }  # fmt: skip
        dossier = Dossier(**given)
        await self.storage.write(lambda tx: tx.dossiers.save(kept(dossier), at=now))
        return dossier

    async def recorded(self, what: str = "") -> list[Entry]:
        """The record, oldest first."""
        return (await self.storage.read(lambda tx: tx.audit.listed((), what=what, limit=1000)))[::-1]


def to_phone(phone: str = PHONE, **more: Any) -> dict[str, Any]:
    values = {"code": CODE, "agency": "UBND xã Mẫu", "place": "quầy 2"}
    return {"situation": "result", "to": {"kind": "phone", "phone": phone, "values": values}, **more}


def to_dossier(code: str = CODE, situation: str = "result", **more: Any) -> dict[str, Any]:
    return {"situation": situation, "to": {"kind": "dossier", "code": code}, **more}


@asynccontextmanager
async def open_rig(storage: Storage, *, sends: bool = True, **config: Any) -> AsyncIterator[Rig]:
    """With the senders running where `sends`. `config` are tables of the configuration."""
    async with AsyncExitStack() as stack:
        clock, port = Clock(), free_port()
        given = {"channels": {"webchat": {"kind": "webchat"}, "sms": {"kind": "log"}}, **config}
        given["api"] = {"callback_private": True, "per_minute": 1_000_000, **config.get("api", {})}
        given.setdefault("quiet", {"silent": ["sms"]})
        plan = read_plan(Config.model_validate(given))
        chat = await stack.enter_async_context(webchat.open("webchat", webchat.Settings()))
        assert chat.feed is not None
        door = await stack.enter_async_context(
            callback_door(ports=(443,), timeout=1.0, is_open_to_private=plan.config.api.callback_private)
        )
        sms, trial = (stand_in(name, SmsSettings(), delay=0.05, slow_delay=0.2, clock=clock) for name in ("sms", TRIAL))
        app = App(plan, storage, [chat, sms, trial], [], clock, callback_door=door)
        context = WebContext(
            storage=storage, deliver=app.deliver, feed=chat.feed, secret=SECRET, clock=clock, settings=plan.config.web
        )
        await stack.enter_async_context(serve(build_app(context, None, app), "127.0.0.1", port))
        http = await stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=30)))
        if sends:
            await stack.enter_async_context(_running(app))
        yield Rig(f"http://127.0.0.1:{port}", storage, clock, app, http)


@asynccontextmanager
async def _running(app: App) -> AsyncIterator[None]:
    work = asyncio.create_task(app.run())
    try:
        yield
    finally:
        app.stop()
        with suppress(asyncio.CancelledError):
            await work
