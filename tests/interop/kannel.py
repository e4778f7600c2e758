"""Kannel, the SMS gateway that much of the world runs: its bearerbox and smsbox between HTTP and an SMPP centre."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from bot.demo.processes import free_ports

_BOXES = ("bearerbox", "smsbox")
_START = 20.0
PATIENCE = 20.0
"""Seconds: Kannel mostly takes milliseconds, now and then some seconds."""
_ACCOUNT, _USER, _PASSWORD = "kannel", "motcua", "pw"

_CONFIG = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = "{password}"
status-password = "{password}"
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
log-file = "{place}/bearerbox.log"
log-level = 0
dlr-storage = internal
sms-resend-retry = 0

{smsc}
group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {boxes}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-file = "{place}/smsbox.log"
log-level = 0

group = sendsms-user
username = "{user}"
password = "{password}"
max-messages = 10
concatenation = true

group = sms-service
keyword = default
{mo}
max-messages = 0
catch-all = true
omit-empty = true
"""

_LINK = """
group = smsc
smsc = smpp
smsc-id = centre
host = 127.0.0.1
{direction}
smsc-username = "{account}"
smsc-password = "{password}"
system-type = ""
interface-version = 34
source-addr-ton = 5
source-addr-npi = 0
dest-addr-ton = 1
dest-addr-npi = 1
reconnect-delay = 1
{more}
"""


@dataclass(frozen=True, slots=True)
class Kannel:
    """Where to send to, and as whom. What a `dlr-url` of a send may ask for is in `DLR` below."""

    sendsms: str
    """`http://127.0.0.1:…/cgi-bin/sendsms`."""
    user: str
    password: str


DLR = "state=%d&reference=%F&answer=%A"
"""For the end of a `dlr-url`: 1 delivered, 2 failed, 4 queued, 8 taken by the centre, 16 refused by it; the centre's id
of the message; its words. Goes with `dlr-mask=31`."""
MO = "from=%p&to=%P&text=%b&charset=%C&coding=%c"
"""For the end of a `get-url`. By a `post-url` the text is the body, and its charset in the header."""


def missing() -> None:
    """Skips, or fails with CI set, where Kannel is not installed."""
    absent = [box for box in _BOXES if shutil.which(box, path=_path()) is None]
    if not absent:
        return
    reason = f"Kannel ({', '.join(absent)}) is not installed, so nothing was tried with it: apt-get install kannel"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@asynccontextmanager
async def kannel(
    place: Path,
    *,
    smsc_port: int,
    mo: str = 'get-url = "http://127.0.0.1:9/"',
    separate: bool = False,
    smsc_lines: str = "",
) -> AsyncIterator[Kannel]:
    """Kannel bound to the centre on `smsc_port`, as transceiver or by two `separate` links. `mo` is
    the line that says where citizens' messages go. `smsc_lines` are added to the configuration of the links."""
    missing()
    admin, boxes, sendsms = free_ports(3)
    config = place / "kannel.conf"
    config.write_text(
        _CONFIG.format(
            admin=admin, boxes=boxes, sendsms=sendsms, smsc="".join(_links(smsc_port, separate, smsc_lines)),
            place=place, user=_USER, password=_PASSWORD, mo=mo,
        ),
        encoding="utf-8",
    )  # fmt: skip
    page = f"http://127.0.0.1:{admin}/status.txt?password={_PASSWORD}"
    async with AsyncExitStack() as stack:
        bearerbox = await stack.enter_async_context(_box("bearerbox", config, place))
        await _said(bearerbox, page, "(online", 2 if separate else 1)
        smsbox = await stack.enter_async_context(_box("smsbox", config, place))
        await _said(smsbox, page, "smsbox:", 1)
        yield Kannel(f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms", _USER, _PASSWORD)


def _links(port: int, separate: bool, more: str) -> Iterator[str]:
    """Kannel wants a group of its own for each direction."""
    ways = (f"port = {port}", f"receive-port = {port}") if separate else (f"port = {port}\ntransceiver-mode = true",)
    for way in ways:
        yield _LINK.format(direction=way, account=_ACCOUNT, password=_PASSWORD, more=more)


@dataclass(frozen=True, slots=True)
class _Box:
    process: asyncio.subprocess.Process
    log: Path


@asynccontextmanager
async def _box(name: str, config: Path, place: Path) -> AsyncIterator[_Box]:
    program = shutil.which(name, path=_path())
    assert program
    with (place / f"{name}.out").open("wb") as out:
        process = await asyncio.create_subprocess_exec(program, str(config), stdout=out, stderr=out, cwd=place)
    try:
        yield _Box(process, place / f"{name}.log")
    finally:
        # It would finish what it has for seconds; nothing here needs that.
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _said(box: _Box, page: str, word: str, number: int) -> None:
    """Waits until Kannel's status page says a word so often."""
    said = ""
    deadline = time.monotonic() + _START
    async with ClientSession() as http:
        while said.count(word) < number:
            if box.process.returncode is not None or time.monotonic() > deadline:
                log = box.log.read_text(encoding="utf-8", errors="replace")
                raise AssertionError(f"Kannel did not start: {said}\n{log[-3000:]}")
            try:
                async with http.get(page) as answer:
                    said = await answer.text()
            except ClientError:
                said = ""
            await asyncio.sleep(0.05)


def _path() -> str:
    """Debian puts its daemons where ordinary users do not look."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin"
