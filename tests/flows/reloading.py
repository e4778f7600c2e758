"""A service whose configuration file a test changes while messages and calls go through it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot.config import load_config
from bot.demo.processes import free_port
from bot.model.clock import utc_now
from bot.reloading import Process
from bot.roles import ALL
from bot.supervision import Supervisor
from tests.adapters.sms_smpp.support import Centre, centre

KEY = "a key of the one-stop software"
NEVER = '{ begin = "00:00", end = "00:00" }'
_FILE = """
[storage]
url = "{url}"
[web]
port = {port}
host = "{host}"
office = "{office}"
key_file = "{place}/web.key"
answer_wait = 0.05
visitor_per_minute = 100000
network_per_minute = 100000
[console]
enabled = false
[log]
level = "{level}"
[quiet]
personal = {never}
bulk = {never}
[outbox]
poll = 0.1
[watch]
every = 0.2
[channels.webchat]
kind = "webchat"
[channels.sms]
kind = "sms_smpp"
host = "127.0.0.1"
port = {smsc}
system_id = "motcua"
password = "file:{place}/password"
source_addr = "8041"
reconnect_min = 0.05
[sources.office]
kind = "push"
keys = ["file:{place}/key"]
go_live = 2020-01-01T00:00:00+07:00
brake_messages = 0
brake_percent = 0
"""


@dataclass
class House:
    """The process, its file, and the SMS centre that it sends by."""

    place: Path
    centre: Centre
    settings: dict[str, Any]
    process: Process
    pushed: list[str] = field(default_factory=list)
    """Phone numbers of dossiers that the service said it has."""
    statuses: Counter[int] = field(default_factory=Counter)
    """Of all calls; whatever else becomes of a call raises."""

    @property
    def file(self) -> Path:
        return self.place / "config.toml"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings['port']}"

    def write(self, **changes: Any) -> None:
        self.settings |= changes
        self.file.write_text(_FILE.format(**self.settings, never=NEVER), "utf-8")

    async def reloaded(self, **changes: Any) -> None:
        """Changes the file, and returns when the service that follows it runs."""
        before = self.process.app
        self.write(**changes)
        self.process.reload()
        await until(lambda: self.process.app is not before)

    async def refused(self) -> None:
        """Reads the file as it is, and returns when it was refused."""
        before = self.process.refused
        self.process.reload()
        await until(lambda: self.process.refused > before)

    async def page(self, http: aiohttp.ClientSession) -> str:
        async with http.get(f"{self.url}/") as answer:
            return await answer.text()

    async def push(self, http: aiohttp.ClientSession, number: int, key: str = KEY) -> None:
        phone, now = f"09123{number:04}5", utc_now()
        record = {
            "MaHoSo": f"H56.14-{now:%y%m%d}-{number:04}", "TenTTHC": "Đăng ký khai sinh", "ChuHoSo": "Trần Thị Ẩn",
            "SoDienThoai": phone, "NgayTiepNhan": f"{now:%Y%m%d%H%M%S}", "TrangThaiHoSo": "2",
        }  # fmt: skip
        async with http.post(f"{self.url}/onestop/v1/dossiers", json=record, headers={"X-Api-Key": key}) as answer:
            self.statuses[answer.status] += 1
            if answer.status == 200:
                self.pushed.append(f"84{phone[1:]}")

    async def sent(self) -> Counter[str]:
        """Messages that the SMS centre took, by number; concatenated ones once."""
        submits = await self.centre.journal("submit")
        return Counter(each["to"].lstrip("+") for each in submits if each["part"] is None or each["part"][0] == 1)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def house(
    place: Path, url: str = "", *, supervisor: Supervisor | None = None, **changes: Any
) -> AsyncIterator[House]:
    """`changes` are fields of the file."""
    (place / "password").write_text("secret")
    (place / "key").write_text(KEY)
    async with AsyncExitStack() as stack:
        smsc = await stack.enter_async_context(centre(place / "smsc.jsonl"))
        settings = {
            "url": url or f"sqlite:{place / 'motcua.db'}", "port": free_port(), "host": "127.0.0.1", "level": "INFO",
            "office": "Office 0", "place": place, "smsc": smsc.port,
        }  # fmt: skip
        process = Process(
            read=lambda: load_config(place / "config.toml"),
            roles=ALL,
            migrate=True,
            supervisor=supervisor or Supervisor(),
        )
        made = House(place, smsc, settings, process)
        made.write(**changes)
        running = asyncio.create_task(process.run())
        try:
            await until(lambda: process.app is not None or running.done())
            if running.done():
                await running
            yield made
        finally:
            process.stop()
            await running
