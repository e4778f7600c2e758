"""What the Zalo tests share: the simulator, a vault in a real database, a channel with its webhook served."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from pydantic import SecretStr

from adapters.channels import zalo
from adapters.channels.zalo import Grant, Settings
from adapters.simulators import zalo as simulator
from bot.demo.processes import free_port
from bot.model.clock import Clock, utc_now
from bot.model.ids import id_maker
from bot.model.message import InboundMessage, OutboxItem, Receipt, Situation
from bot.model.person import Address
from bot.ports import Channel, Storage, Vault, WebhookRequest
from bot.vaults import vault_for
from storage import open_storage
from tests.support.making import message

NAME = "zalo"
APP_ID, OA_ID = "1180424000000000001", "2780424000000000002"
APP_SECRET, OA_SECRET = "zalo-app-t3st-secret", "zalo-oa-t3st-secret"
ACCESS, REFRESH = "zalo-t3st-access-token", "zalo-t3st-refresh-token"
CALLBACK = "https://motcua.test/zalo"
USER, PHONE = "8800000912345678", "+84912345678"
VALUES = {
    "code": "H32.15-261122-0001",
    "procedure": "Đăng ký khai sinh",
    "status": "Đã có kết quả",
    "status_label": "Đã có kết quả",
    "agency": "UBND phường Vĩnh Hải",
    "appointment": "16:30 30/11/2026",
    "reason": "Chờ xác minh",
    "place": "Bộ phận Một cửa phường Vĩnh Hải",
}
TEMPLATES: dict[str, Any] = {
    "result": {
        "id": "100001",
        "params": {
            "ma_ho_so": {"value": "code", "type": "code"},
            "trang_thai": {"value": "status_label", "type": "status"},
        },
        "price_phone": 300,
        "price_uid": 200,
    },
    "apology": {
        "id": "100003",
        "params": {
            "ma_ho_so": {"value": "code", "type": "code"},
            "ngay_hen_moi": {"value": "appointment", "type": "date"},
            "ly_do": {"value": "reason", "type": "address"},
        },
    },
}

new_id = id_maker(utc_now)
_people = itertools.count(100)


def person(ending: str = "7777") -> tuple[str, str]:
    """User id and phone (E.164) of somebody new whose last digits choose what happens."""
    number = f"91{next(_people) % 900 + 100}{ending}"
    return f"8800000{number}", f"+84{number}"


def settings_for(base: str, spool: Path, **changes: Any) -> Settings:
    ordinary = {
        "app_id": APP_ID,
        "app_secret": SecretStr(APP_SECRET),
        "oa_secret": SecretStr(OA_SECRET),
        "oa_id": OA_ID,
        "redirect_uri": CALLBACK,
        "oauth_url": base,
        "api_url": base,
        "business_url": base,
        "templates": TEMPLATES,
        "price_late": 55,
        "connect_timeout": 10.0,
        "response_timeout": 10.0,
        "spool": spool,
    }
    return Settings.model_validate({**ordinary, **changes})


def grant(now: datetime, *, hours: float = 25, age: float = 0, **changes: Any) -> Grant:
    """The simulator's first pair, renewed `age` hours ago and good for `hours` more."""
    ordinary = {
        "access_token": ACCESS,
        "refresh_token": REFRESH,
        "expires_at": now + timedelta(hours=hours),
        "refreshed_at": now - timedelta(hours=age),
    }
    return Grant.model_validate({**ordinary, **changes})


def item(
    user: str = USER,
    *,
    phone: str = "",
    heard: timedelta | None = timedelta(minutes=1),
    situation: Situation = Situation.RESULT,
    **changes: Any,
) -> OutboxItem:
    """A message to a user of the account who was heard so long ago, or to a phone."""
    now = utc_now()
    ordinary = {
        "id": new_id(),
        "channel": NAME,
        "address": Address("zalophone", phone) if phone else Address("zalo", user),
        "situation": situation,
        "text": "Hồ sơ H32.15-261122-0001 của Ông/Bà đã có kết quả.",
        "values": VALUES,
        "heard_at": now - heard if heard is not None else None,
        "created_at": now,
        "next_at": now,
        "expires_at": now + timedelta(days=1),
    }
    return message(**{**ordinary, **changes})


@dataclass
class Zalo:
    """A running simulator."""

    base: str
    http: ClientSession

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        async with self.http.post(f"{self.base}/_control/{path}", json=body or {}) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def get(self, path: str) -> Any:
        async with self.http.get(f"{self.base}/_control/{path}") as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def fault(self, **faults: Any) -> None:
        await self.post("faults", faults)

    async def heard(self, user: str, *, ago: timedelta = timedelta(minutes=1)) -> None:
        """Zalo's own idea of when this user was heard."""
        await self.post(f"users/{user}/heard", {"ago": ago.total_seconds()})

    async def shown(self, user: str) -> list[dict[str, Any]]:
        """What the office's account shows her, once there is something."""
        return list(await self.get(f"users/{user}/messages?by=office&wait=5"))

    async def rotations(self) -> int:
        return int((await self.get("stats"))["rotations"])

    async def consented(self, url: str) -> str:
        """The address to which an administrator's browser is led who consents."""
        async with self.http.post(url, allow_redirects=False) as response:
            assert response.status == 302, await response.text()
            return response.headers["Location"]


@asynccontextmanager
async def simulated(**changes: Any) -> AsyncIterator[Zalo]:
    port = changes.pop("port", None) or free_port()
    settings = simulator.Settings.model_validate({"port": port, "delay": 0.02, **changes})
    ready = asyncio.Event()
    async with ClientSession() as http:
        serving = asyncio.create_task(simulator.run(settings, ready.set))
        waiting = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait([serving, waiting], timeout=20, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
            yield Zalo(f"http://127.0.0.1:{port}", http)
        finally:
            for task in (serving, waiting):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(serving, waiting)


@dataclass
class Heard:
    """What the channel's webhook delivered."""

    all: list[Receipt | InboundMessage] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
        async with self._news:
            self.all += events
            self._news.notify_all()

    async def next(self, number: int = 0) -> Receipt | InboundMessage:
        """The event with this place, as soon as it is there."""
        async with asyncio.timeout(20), self._news:
            await self._news.wait_for(lambda: len(self.all) > number)
        return self.all[number]


@dataclass
class Bench:
    """An open channel on a simulator."""

    channel: Channel
    zalo: Zalo
    vault: Vault
    settings: Settings
    heard: Heard

    async def send(self, item: OutboxItem) -> Any:
        return await self.channel.sender.send(item)

    async def kept(self) -> Grant:
        found = Grant.read(await self.vault.read())
        assert found is not None
        return found


@asynccontextmanager
async def database(place: Path) -> AsyncIterator[Storage]:
    async with open_storage(f"sqlite:{place / 'vault.db'}") as storage:
        await storage.migrate()
        yield storage


@asynccontextmanager
async def bench(
    place: Path, *, simulated_with: dict[str, Any] | None = None, clock: Clock = utc_now, kept: Grant | None = None,
    **changes: Any,
) -> AsyncIterator[Bench]:  # fmt: skip
    """With the pair `kept` in the vault, else the simulator's first one, and the webhook served."""
    web_port = free_port()
    webhook = {"webhook_url": f"http://127.0.0.1:{web_port}/webhooks/{NAME}"}
    async with simulated(**webhook, **(simulated_with or {})) as simulation, database(place) as storage:
        vault = vault_for(storage, NAME, clock=clock)
        await vault.keep((kept or grant(clock())).text)
        settings, heard = settings_for(simulation.base, place / "spool", **changes), Heard()
        async with zalo.open(NAME, settings, vault=vault, clock=clock) as channel, _served(channel, heard, web_port):
            yield Bench(channel, simulation, vault, settings, heard)


@asynccontextmanager
async def _served(channel: Channel, heard: Heard, port: int) -> AsyncIterator[None]:
    assert channel.webhook is not None
    webhook = channel.webhook

    async def hear(request: web.Request) -> web.Response:
        result = webhook.parse(
            WebhookRequest(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=await request.read(),
            )
        )
        await heard.deliver(result.events)
        return web.Response(status=result.status, body=result.body)

    served = web.Application()
    served.router.add_route("*", "/webhooks/{tail:.*}", hear)
    runner = web.AppRunner(served, access_log=None, shutdown_timeout=0.1)
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()
