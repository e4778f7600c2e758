"""Kannel's bearerbox and smsbox between HTTP and the centre, with its spool store or its file store."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import aiohttp

from benchmarks.peers.stage import TEXT, WINDOW, Centre, Figures, by_http, listening, phone, process
from bot.demo.processes import free_ports

BOXES = ("bearerbox", "smsbox")
_CONFIG = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = "pw"
status-password = "pw"
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
log-file = "{place}/bearerbox.log"
log-level = 3
dlr-storage = internal
store-type = {store}
store-location = "{place}/store"

group = smsc
smsc = smpp
smsc-id = centre
host = 127.0.0.1
port = {centre}
transceiver-mode = true
smsc-username = "bench"
smsc-password = "bench"
system-type = ""
interface-version = 34
max-pending-submits = {window}
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {boxes}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-file = "{place}/smsbox.log"
log-level = 3

group = sendsms-user
username = "bench"
password = "bench"
max-messages = 10
"""


def missing() -> str:
    """What is not installed; empty where all is."""
    return ", ".join(box for box in BOXES if _program(box) is None)


@dataclass(frozen=True, slots=True)
class Kannel:
    sendsms: int
    pids: tuple[int, ...]


@asynccontextmanager
async def running(place: Path, store: str, at: Centre) -> AsyncIterator[Kannel]:
    """`store` is spool or file."""
    admin, boxes, sendsms = free_ports(3)
    if store == "spool":
        (place / "store").mkdir()
    config = place / "kannel.conf"
    config.write_text(
        _CONFIG.format(
            admin=admin, boxes=boxes, sendsms=sendsms, place=place, store=store, centre=at.port, window=WINDOW
        ),
        encoding="utf-8",
    )
    async with process(_program("bearerbox") or "", config, log=place / "bearerbox.out", cwd=place) as bearer:
        await listening(boxes)
        async with process(_program("smsbox") or "", config, log=place / "smsbox.out", cwd=place) as sms:
            await listening(sendsms)
            await _online(admin)
            yield Kannel(sendsms, (bearer.pid, sms.pid))


async def _online(admin: int) -> None:
    said = ""
    async with aiohttp.ClientSession() as http:
        while "(online" not in said or "smsbox:" not in said:
            async with http.get(f"http://127.0.0.1:{admin}/status.txt?password=pw") as answer:
                said = await answer.text()


def requests(count: int, sink: int) -> list[str]:
    """`dlr-mask=3`: a callback for the receipt alone, delivered or failed."""
    back = quote(f"http://127.0.0.1:{sink}/dlr?state=%d", safe="")
    fixed = f"username=bench&password=bench&from=8041&text={quote(TEXT)}&dlr-mask=3&dlr-url={back}"
    return [
        f"GET /cgi-bin/sendsms?{fixed}&to=%2B84{phone(number)[1:]} HTTP/1.1\r\nHost: kannel\r\n\r\n"
        for number in range(count)
    ]


async def run(place: Path, store: str, at: Centre, count: int) -> Figures:
    sink = free_ports(1)[0]
    async with running(place, store, at) as kannel:
        return await by_http(at, kannel.sendsms, requests(count, sink), roots=kannel.pids, sink=sink)


def _program(name: str) -> str | None:
    """Debian puts its daemons where ordinary users do not look."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
