"""A full disk under load, then room again: the database lies on a small disk of its own, which a file fills.

One-stop software pushes until it is answered, a citizen writes by Telegram and on the page, other messages are planned
all the time. What was acknowledged must be there in the end, and nobody may have been told that it is while it is not.
"""

import asyncio
import os
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.processes import free_ports
from storage import open_storage
from tests.chaos.family import family
from tests.chaos.figures import Report, everything, journal, judged, until_quiet
from tests.chaos.office import PUSHED, Office, session
from tests.chaos.planning import Stream
from tests.support.postgres import Server, server

RATE, PUSHES = 80, 40
"""Messages planned, and dossiers pushed, a second."""
SQLITE_MIB, POSTGRES_MIB = 32, 160
_STEADY, _DRAINS_WITHIN = 1.0, 60.0
_KEY, _SECRET = "a key of the disk drill", "a-secret-of-the-disk-drill"
_MIB = 1 << 20
FULL = "đã đầy"
"""What the log must say to the operator."""


class Disk:
    """A small file system in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """To the last byte."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (_MIB, 4096, 1):
                try:
                    while file.write(bytes(size)):
                        pass
                except OSError:
                    continue

    def empty(self) -> None:
        self._filler.unlink()


@asynccontextmanager
async def disk(folder: Path, mib: int) -> AsyncIterator[Disk]:
    folder.mkdir()
    await asyncio.to_thread(_mount, "mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0777", "chaos", folder)
    try:
        yield Disk(folder)
    finally:
        await asyncio.to_thread(_mount, "umount", "-l", folder)


def _mount(*words: object) -> None:
    subprocess.run([*map(str, words)], check=True)


def needs_mounts() -> None:
    """Skips the test where no file system can be mounted; fails it there with CI set."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return
    reason = "no small disk can be mounted here (root is needed): a full disk was NOT tested"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


async def sqlite(place: Path, *, seconds: float = 15.0) -> Report:
    async with disk(place / "disk", SQLITE_MIB) as small:
        return await _drill("full disk, SQLite", place, f"sqlite:{small.folder / 'motcua.db'}", small, seconds)


async def postgres(place: Path, *, seconds: float = 15.0) -> Report:
    """A server that ended for want of room is started again when there is some, as an operator would."""
    settings = {"max_wal_size": "48MB", "min_wal_size": "32MB", "wal_keep_size": "0"}
    async with (
        disk(place / "disk", POSTGRES_MIB) as small,
        server(small.folder / "data", settings=settings) as database,
    ):
        return await _drill("full disk, PostgreSQL", place, database.url, small, seconds, database)


async def _drill(
    name: str, place: Path, url: str, small: Disk, seconds: float, database: Server | None = None
) -> Report:
    os.environ |= {"MOTCUA_CHAOS_PASSWORD": "x", "MOTCUA_CHAOS_TOKEN": "1:disk", "MOTCUA_CHAOS_KEY": _KEY}
    os.environ["MOTCUA_CHAOS_SECRET"] = _SECRET
    smsc, control, telegram, web = free_ports(4)
    async with family(place) as children, open_storage(url) as storage, session() as http:
        await storage.migrate()
        centre = {"port": smsc, "control_port": control, "log": str(place / "smsc.jsonl"), "repeat_after": 0.3}
        await children.simulate("smsc", {**centre, "answer_timeout": 2.0})
        chats = {"port": telegram, "token": "1:disk", "log": str(place / "telegram.jsonl"), "webhook_retry": 0.2}
        await children.simulate("telegram", chats)
        settings = _configuration(url, smsc=smsc, telegram=telegram, web=web, place=place)
        service = await children.serve("service", settings)
        stream, doors = Stream(storage, rate=RATE), Doors(http, web)
        office = Office([f"http://127.0.0.1:{web}"], _KEY)
        working = [asyncio.create_task(stream.run()), asyncio.create_task(_pushed(office, http, stream))]
        await asyncio.sleep(_STEADY)
        begin = time.time()
        small.fill()
        await doors.knock(seconds)
        ended = database is not None and database.pid is None
        small.empty()
        if database and database.pid is None:
            await database.start()
        end = time.time()
        await asyncio.sleep(_STEADY)
        after = await doors.tried()
        stream.stop()
        await asyncio.gather(*working)
        await until_quiet(storage, within=_DRAINS_WITHIN, look=children.look)
        heard = await journal(place / "smsc.jsonl")
        acknowledged = {(record.source, record.code): 1 for record in office.book.values()}
        items = await everything(storage)
        missing = {item.id for item in stream.planned} - {item.id for item in items}
        assert not missing, f"{len(missing)} messages were acknowledged and are gone"
        return await judged(
            name, storage, [item for item in items if item.channel == "sms"], heard, events=acknowledged,
            pause=heard.pause(begin, end + _STEADY), rested=round(time.time() - end, 1),
            refused=stream.refused, pushes=office.pushes, dossiers=len(office.book), server_ended=ended,
            while_full={door: dict(statuses) for door, statuses in doors.statuses.items()}, after=after,
            says_what_to_do=FULL in service.said(),
        )  # fmt: skip


class Doors:
    """What citizens and providers are answered."""

    def __init__(self, http: aiohttp.ClientSession, web: int) -> None:
        self._http = http
        self._web = f"http://127.0.0.1:{web}"
        self._number = 0
        self.statuses: defaultdict[str, Counter[int]] = defaultdict(Counter)
        """Door → answers while the disk was full."""

    async def knock(self, seconds: float) -> None:
        """Again and again for so long, from the moment at which the disk is felt."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for door, status in (await self.tried()).items():
                self.statuses[door][status] += 1
            await asyncio.sleep(0.3)

    async def tried(self) -> Mapping[str, int]:
        """What each door answers just now; 0 where there is no answer."""
        self._number += 1
        update = {
            "update_id": self._number,
            "message": {
                "message_id": self._number, "date": int(time.time()), "text": "tro giup",
                "chat": {"id": 700_000 + self._number, "type": "private"},
                "from": {"id": 700_000 + self._number, "is_bot": False, "first_name": "Lan"},
            },
        }  # fmt: skip
        secret = {"X-Telegram-Bot-Api-Secret-Token": _SECRET}
        return {
            "web hook": await self._status("POST", "/webhooks/telegram", json=update, headers=secret),
            "health": await self._status("GET", "/healthz"),
            "page": await self._status("GET", "/"),
        }

    async def _status(self, method: str, path: str, **given: Any) -> int:
        try:
            async with self._http.request(method, self._web + path, **given) as answer:
                return answer.status
        except (aiohttp.ClientError, OSError, TimeoutError):
            return 0


async def _pushed(office: Office, http: aiohttp.ClientSession, stream: Stream) -> None:
    """New dossiers at a steady rate; each is pushed until it is acknowledged."""
    number = 0
    async with asyncio.TaskGroup() as tasks:
        while not stream.is_stopped:
            number += 1
            record = office.receive(number, PUSHED, due_in=timedelta(days=9))
            tasks.create_task(office.push(http, record))
            await asyncio.sleep(1 / PUSHES)


def _configuration(url: str, *, smsc: int, telegram: int, web: int, place: Path) -> dict[str, Any]:
    never = {"begin": "00:00", "end": "00:00"}
    return {
        "storage": {"url": url},
        "web": {"port": web, "key_file": str(place / "web.key"), "network_per_minute": 100_000},
        "console": {"enabled": False},
        "quiet": {"personal": never, "bulk": never},
        "outbox": {"lease": 12.0, "send": 4.0, "poll": 0.2, "sweep": 0.5},
        "channels": {
            "webchat": {"kind": "webchat"},
            "sms": {
                "kind": "sms_smpp", "host": "127.0.0.1", "port": smsc, "system_id": "disk", "source_addr": "8041",
                "password": "env:MOTCUA_CHAOS_PASSWORD", "reference_tlv": 0x1501, "reconnect_min": 0.1,
            },
            "telegram": {
                "kind": "telegram", "token": "env:MOTCUA_CHAOS_TOKEN", "mode": "webhook", "rate": 0, "chat_rate": 0,
                "webhook_secret": "env:MOTCUA_CHAOS_SECRET", "base_url": f"http://127.0.0.1:{telegram}/bot",
                "webhook_url": f"http://127.0.0.1:{web}/webhooks/telegram",
            },
        },
        "sources": {
            PUSHED: {
                "kind": "push", "keys": ["env:MOTCUA_CHAOS_KEY"], "brake_messages": 0, "brake_percent": 0,
                "go_live": "2020-01-01T00:00:00+07:00", "reconcile_at": None,
            },
        },
    }  # fmt: skip
