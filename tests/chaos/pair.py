"""Two services on one database, in this process but with nothing in common, and the providers around them."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.app import App, open_app, read_plan, simulate
from bot.config import Config
from bot.demo.processes import free_ports
from bot.serving import serve_web
from tests.adapters.sms_smpp.support import Centre, centre
from tests.chaos.office import PUSHED

ASKED, FILED = "asked", "filed"
KEY, GATEWAY_SECRET = "a key for everything twice", "0123456789abcdef-XYZ"
TELEGRAM_SECRET = {"X-Telegram-Bot-Api-Secret-Token": "a-secret-for-everything-twice"}
OA = {"app_id": "1180424000000000001", "oa_id": "2780424000000000002", "secret": "a-secret-of-the-account"}
_SECRETS = {
    "PASSWORD": "x", "KEY": KEY, "TOKEN": "1:twice", "HOOK": next(iter(TELEGRAM_SECRET.values())), "OA": OA["secret"],
    "GATEWAY": GATEWAY_SECRET,
}  # fmt: skip


@dataclass
class Pair:
    """Both services, and the SMS centre."""

    apps: tuple[App, App]
    urls: tuple[str, str]
    centre: Centre


@asynccontextmanager
async def pair(place: Path, url: str) -> AsyncIterator[Pair]:
    os.environ |= {f"MOTCUA_CHAOS_{name}": value for name, value in _SECRETS.items()}
    (place / "exports").mkdir()
    first, second, telegram, gateway = free_ports(4)
    async with AsyncExitStack() as stack:
        smsc = await stack.enter_async_context(centre(place / "smsc.jsonl"))
        await stack.enter_async_context(_telegram(telegram))
        await stack.enter_async_context(_gateway(gateway))
        apps = []
        for port in (first, second):
            table = _configuration(place, url, web=port, smsc=smsc.port, telegram=telegram, gateway=gateway)
            plan = read_plan(Config.model_validate(table))
            app = await stack.enter_async_context(open_app(plan, migrate=not apps))
            await stack.enter_async_context(serve_web(app))
            await stack.enter_async_context(_running(app))
            apps.append(app)
        one, other = apps
        yield Pair((one, other), (f"http://127.0.0.1:{first}", f"http://127.0.0.1:{second}"), smsc)


@asynccontextmanager
async def _running(app: App) -> AsyncIterator[None]:
    working = asyncio.create_task(app.run())
    try:
        yield
    finally:
        app.stop()
        await working


@asynccontextmanager
async def _telegram(port: int) -> AsyncIterator[None]:
    ready = asyncio.Event()
    serving = asyncio.create_task(simulate("telegram", {"port": port, "token": "1:twice"}, ready.set))
    await ready.wait()
    try:
        yield
    finally:
        serving.cancel()
        await asyncio.wait([serving])


@asynccontextmanager
async def _gateway(port: int) -> AsyncIterator[None]:
    """Takes every message."""

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text="OK")

    application = web.Application()
    application.router.add_route("*", "/send", take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


def _configuration(place: Path, url: str, *, web: int, smsc: int, telegram: int, gateway: int) -> dict[str, Any]:
    never = {"begin": "00:00", "end": "00:00"}
    calm = {"brake_messages": 0, "brake_percent": 0, "go_live": "2020-01-01T00:00:00+07:00", "reconcile_at": None}
    return {
        "storage": {"url": url},
        "web": {"port": web, "key_file": str(place / "web.key"), "network_per_minute": 100_000},
        "console": {"enabled": False},
        "quiet": {"personal": never, "bulk": never},
        "outbox": {"poll": 0.1, "sweep": 0.2},
        "broadcasts": {"canary": 0, "approve_people": 1, "approve_cost": 100_000_000},
        "channels": {
            "sms": {
                "kind": "sms_smpp", "host": "127.0.0.1", "port": smsc, "system_id": "twice", "source_addr": "8041",
                "password": "env:MOTCUA_CHAOS_PASSWORD", "reference_tlv": 0x1501, "reconnect_min": 0.05,
            },
            "gateway": {
                "kind": "sms_http", "provider": "generic", "sender": "MOTCUA", "url": f"http://127.0.0.1:{gateway}/send",
                "callback_secret": "env:MOTCUA_CHAOS_GATEWAY", "answers": [{"verdict": "accepted"}],
                "receipts": {"id": {"query": "id"}, "status": {"query": "s"}, "delivered": ["1"], "answer": "OK"},
                "mo": {"id": {"query": "id"}, "from": {"query": "from"}, "text": {"query": "text"}, "answer": "OK"},
            },
            "telegram": {
                "kind": "telegram", "token": "env:MOTCUA_CHAOS_TOKEN", "mode": "webhook", "rate": 0, "chat_rate": 0,
                "webhook_secret": "env:MOTCUA_CHAOS_HOOK", "base_url": f"http://127.0.0.1:{telegram}/bot",
                "webhook_url": f"http://127.0.0.1:{web}/webhooks/telegram",
            },
            "zalo": {
                "kind": "zalo", "app_id": OA["app_id"], "app_secret": "env:MOTCUA_CHAOS_OA", "oa_id": OA["oa_id"],
                "oa_secret": "env:MOTCUA_CHAOS_OA", "spool": str(place / f"spool-{web}"),
                "redirect_uri": "https://motcua.test/zalo",
            },
        },
        "sources": {
            PUSHED: {"kind": "push", "keys": ["env:MOTCUA_CHAOS_KEY"], **calm},
            ASKED: {"kind": "push", "keys": ["env:MOTCUA_CHAOS_KEY"], **calm},
            FILED: {"kind": "folder", "path": str(place / "exports"), **calm},
        },
    }  # fmt: skip
