"""Sets the stage of the demo: simulators, service, citizens; and clears it afterwards."""

import asyncio
import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from pydantic import HttpUrl
from rich.live import Live

from bot import app, show
from bot.config import Config
from bot.demo.board import live, quiet, report
from bot.demo.citizens import SHORT_CODE, Citizens, Places
from bot.demo.processes import end, free_ports, simulator
from bot.demo.staff import Account, hire
from bot.logs import start_logging
from bot.pace import wait
from bot.serving import serve_web
from bot.vaults import vault_for
from bot.web.context import DemoSettings

SMS = "sms"
HOST = "127.0.0.1"

_LETTING_GO = 5.0
"""Seconds before the end at which the one-stop office stops making news, so that all can arrive."""

_GRACE = 10.0
"""Seconds beyond the end that messages under way may still take."""

_HASTY: dict[str, object] = {"dossiers_per_day": 300, "speed": 14_400, "interval": 0.25, "late": 0.03}
"""The one-stop office of a demo that ends: two seconds for a working day, 150 new dossiers a second."""

_CALM: dict[str, object] = {"dossiers_per_day": 60, "speed": 7_200, "interval": 0.5}
"""The same for a demo that is watched: four seconds for a working day, 15 new dossiers a second."""

_ODD_PHONES = {
    "0001": 0.002, "0002": 0.002, "0003": 0.002, "0004": 0.002, "0005": 0.002, "0006": 0.002,
    "0007": 0.0003, "0008": 0.0003, "0009": 0.002,
}  # fmt: skip
"""Share of citizens by the last digits of their number, each a misfortune in the SMS-centre simulator. Dropped links
(0007) and swallowed messages (0008) concern more than their own message, so they are rarer."""

_TELEGRAM_TOKEN = "1000000001:demo-token-for-the-simulator-only"  # noqa: S105 opens nothing
_ZALO_SECRET = "demo-secret-for-the-simulator-only"  # noqa: S105 opens nothing
_ZALO_APP = "1180424000000000001"
_BOT_TOKEN = "2845046105240424:demo-token-for-the-simulator-only"  # noqa: S105 opens nothing
_OURS = (
    "motcua.log",
    "exports",
    "motcua.db",
    "motcua.db-wal",
    "motcua.db-shm",
    "smsc.jsonl",
    "telegram.jsonl",
    "web.key",
    "zalo-spool",
)


@dataclass(frozen=True, slots=True)
class Ports:
    smsc: int
    smsc_control: int
    telegram: int
    zalo: int
    zalobot: int
    web: int


async def run(*, data: Path, port: int, seconds: float | None, silent: bool) -> dict[str, Any]:
    """Runs the demo, for ever or for `seconds`; returns its figures. `silent` prints nothing."""
    _clear(data)
    smsc, control, telegram, zalo, zalobot = free_ports(5)
    ports = Ports(smsc, control, telegram, zalo, zalobot, port)
    os.environ["MOTCUA_DEMO_PASSWORD"] = secrets.token_hex(4)
    os.environ["MOTCUA_DEMO_TOKEN"] = _TELEGRAM_TOKEN
    os.environ["MOTCUA_DEMO_ZALO_SECRET"] = _ZALO_SECRET
    os.environ["MOTCUA_DEMO_BOT_TOKEN"] = _BOT_TOKEN
    blotting = start_logging("INFO", data / "motcua.log")
    plan = app.read_plan(_config(data, ports))
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(app.open_app(plan, migrate=True, hide=blotting.hide))
        await stack.enter_async_context(serve_web(running, demo=_demo_page(ports)))
        office = await stack.enter_async_context(_simulators(data, ports, _HASTY if seconds else _CALM))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        await _consent(running, ports, http)
        citizens = Citizens(_places(ports), http)
        accounts = await hire(running)
        if not silent:
            _introduce(data, ports, accounts)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(running.run())
            asking = tasks.create_task(citizens.ask_for_ever(0.5 if seconds else 3.0))
            figures = await _watch(running, citizens, office, stopped, seconds, show_table=not silent)
            asking.cancel()
            running.stop()
        return figures


async def _watch(
    running: app.App,
    citizens: Citizens,
    office: asyncio.subprocess.Process,
    stopped: asyncio.Event,
    seconds: float | None,
    *,
    show_table: bool,
) -> dict[str, Any]:
    """Shows what happens until the time is over or somebody stops it; returns the last figures."""
    start = time.monotonic()
    with Live(console=show.console, refresh_per_second=2, transient=False) as table:
        while not stopped.is_set():
            figures = await report(running.storage, citizens, SMS)
            if show_table:
                table.update(live(figures))
            passed = time.monotonic() - start
            if seconds and passed > seconds - _LETTING_GO:
                await end(office)
            if seconds and passed > seconds and (quiet(figures) or passed > seconds + _GRACE):
                break
            await wait(stopped, 0.5)
    return await report(running.storage, citizens, SMS) | {"seconds": round(time.monotonic() - start, 1)}


def _clear(data: Path) -> None:
    """Every demo begins anew; only what earlier ones left in the folder is removed."""
    data.mkdir(parents=True, exist_ok=True)
    for name in _OURS:
        path = data / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    (data / "exports").mkdir()


def _config(data: Path, ports: Ports) -> Config:
    return Config.model_validate(
        {
            "storage": {"url": f"sqlite:{data / 'motcua.db'}"},
            "web": {
                "host": HOST,
                "port": ports.web,
                "short_code": SHORT_CODE,
                "key_file": str(data / "web.key"),
                "network_per_minute": 10_000,
            },
            # The passwords of the demo's people are good until it ends.
            "console": {"require_totp": False},
            "texts": {"example": "H32.15-261122-0001"},
            # Whoever looks at night wants to see something, too.
            "quiet": {"personal": {"begin": "00:00", "end": "00:00"}},
            "channels": _channels(data, ports),
            "sources": {
                "demo": {
                    "kind": "folder",
                    "path": str(data / "exports"),
                    "pause": 0.1,
                    "settle": 0.0,
                    # Weeks pass in a minute: what no office would say in an hour is said here.
                    "brake_messages": 0,
                    "brake_percent": 0,
                }
            },
        }
    )


def _channels(data: Path, ports: Ports) -> dict[str, object]:
    return {
        SMS: {
            "kind": "sms_smpp",
            "host": HOST,
            "port": ports.smsc,
            "system_id": "motcua",
            "password": "env:MOTCUA_DEMO_PASSWORD",
            "source_addr": SHORT_CODE,
            "reference_tlv": 0x1501,
            "reconnect_min": 0.2,
        },
        "telegram": {
            "kind": "telegram",
            "token": "env:MOTCUA_DEMO_TOKEN",
            "base_url": f"http://{HOST}:{ports.telegram}/bot",
        },
        "zalo": {
            "kind": "zalo",
            "app_id": _ZALO_APP,
            "app_secret": "env:MOTCUA_DEMO_ZALO_SECRET",
            "redirect_uri": "https://motcua.example.vn/zalo",
            "oauth_url": f"http://{HOST}:{ports.zalo}",
            "api_url": f"http://{HOST}:{ports.zalo}",
            "business_url": f"http://{HOST}:{ports.zalo}",
            "spool": str(data / "zalo-spool"),
        },
        "zalobot": {
            "kind": "zalobot",
            "token": "env:MOTCUA_DEMO_BOT_TOKEN",
            "base_url": f"http://{HOST}:{ports.zalobot}",
            "mode": "polling",
        },
        "webchat": {"kind": "webchat"},
    }


@asynccontextmanager
async def _simulators(data: Path, ports: Ports, pace: dict[str, object]) -> AsyncIterator[asyncio.subprocess.Process]:
    """The provider's sides; yields the process of the one-stop office."""
    async with AsyncExitStack() as stack:
        smsc: dict[str, object] = {
            "host": HOST, "port": ports.smsc, "control_port": ports.smsc_control, "log": data / "smsc.jsonl",
            "slow_delay": 3.0,
        }  # fmt: skip
        telegram: dict[str, object] = {"host": HOST, "port": ports.telegram, "token": _TELEGRAM_TOKEN}
        await stack.enter_async_context(simulator("smsc", smsc, data / "smsc.log"))
        await stack.enter_async_context(simulator("telegram", telegram, data / "telegram.log"))
        zalo: dict[str, object] = {
            "host": HOST, "port": ports.zalo, "app_id": _ZALO_APP, "app_secret": _ZALO_SECRET,
            "oa_secret": _ZALO_SECRET, "webhook_url": f"http://{HOST}:{ports.web}/webhooks/zalo",
        }  # fmt: skip
        zalobot: dict[str, object] = {"host": HOST, "port": ports.zalobot, "token": _BOT_TOKEN}
        await stack.enter_async_context(simulator("zalo", zalo, data / "zalo.log"))
        await stack.enter_async_context(simulator("zalobot", zalobot, data / "zalobot.log"))
        office = pace | {"out": data / "exports", "backlog": 200, "special_phones": json.dumps(_ODD_PHONES)}
        yield await stack.enter_async_context(simulator("onestop", office, data / "onestop.log"))


async def _consent(running: app.App, ports: Ports, http: aiohttp.ClientSession) -> None:
    """What `motcua zalo login` does with an administrator of the account, who presses the button here by herself."""
    channel = next(each for each in running.plan.channels if each.name == "zalo")
    consent = app.zalo_consent(channel)
    async with http.post(consent.url, allow_redirects=False) as response:
        code = parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]
    vault = vault_for(running.storage, channel.name, clock=running.clock)
    await app.zalo_exchange(channel, vault, code, consent.verifier)


def _places(ports: Ports) -> Places:
    return Places(
        smsc=f"http://{HOST}:{ports.smsc_control}",
        telegram=f"http://{HOST}:{ports.telegram}",
        web=f"http://{HOST}:{ports.web}",
    )


def _demo_page(ports: Ports) -> DemoSettings:
    return DemoSettings(
        smsc_control=HttpUrl(f"http://{HOST}:{ports.smsc_control}"),
        short_code=SHORT_CODE,
        note="Hồ sơ, cơ quan và công dân ở đây đều do máy tạo ra.",
    )


def _introduce(data: Path, ports: Ports, accounts: list[Account]) -> None:
    doors = ", ".join(f"{each.login} {each.password}" for each in accounts)
    show.console.print(
        f"Trang chạy thử / demo page:    http://{HOST}:{ports.web}/demo\n"
        f"Trang tra cứu / public page:   http://{HOST}:{ports.web}/\n"
        f"Bàn làm việc / console:        http://{HOST}:{ports.web}/can-bo/\n"
        f"  đăng nhập / log in:          {doors}\n"
        f"Tổng đài SMS giả lập / SMSC:   smpp://{HOST}:{ports.smsc}\n"
        f"Telegram giả lập / simulator:  http://{HOST}:{ports.telegram}/\n"
        f"Zalo OA giả lập / simulator:   http://{HOST}:{ports.zalo}/\n"
        f"Zalo Bot giả lập / simulator:  http://{HOST}:{ports.zalobot}/\n"
        f"Dữ liệu / data:                {data}/\n"
    )
