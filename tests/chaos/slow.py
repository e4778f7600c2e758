"""A database that is slow for a while: every round trip to PostgreSQL takes up to half a second longer, or another
process holds SQLite's write lock for seconds, again and again. Citizens' answers are planned among the notices."""

import asyncio
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from bot.demo.processes import free_ports
from bot.model.message import Lane, OutboxItem
from bot.roles import Role
from storage import open_storage
from tests.chaos.family import family
from tests.chaos.figures import Journal, Report, journal, judged, until_quiet
from tests.chaos.planning import Stream
from tests.chaos.proxy import proxy
from tests.support.postgres import server

RATE, ANSWERS = 100, 10
"""Notices and answers planned a second."""
PACE = 150
"""Parts that may leave a second."""
_STEADY, _DRAINS_WITHIN = 1.0, 90.0
_SLOWEST = (0.05, 0.2, 0.5)
"""Seconds that a round trip takes longer, one after the other."""
_LAPSED = "lost their sender"


async def postgres(place: Path, *, seconds: float = 30.0) -> Report:
    """Each of the delays lasts for a third of `seconds`."""
    async with server(place / "data", settings={"fsync": "off"}) as database:
        (door,) = free_ports(1)
        async with proxy(door, to=database.port) as slow:

            async def spoil() -> None:
                for delay in _SLOWEST:
                    slow.delay = delay / 2
                    await asyncio.sleep(seconds / len(_SLOWEST))
                slow.delay = 0.0

            return await _drill(
                "slow PostgreSQL", place, database.url, database.url.replace(str(database.port), str(door)), spoil
            )


async def sqlite(place: Path, *, seconds: float = 30.0, hold: float = 8.0) -> Report:
    """The lock is held for `hold` seconds again and again, a second apart."""
    path = place / "motcua.db"

    async def spoil() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.to_thread(_hold, path, hold)
            await asyncio.sleep(1.0)

    return await _drill("held SQLite", place, f"sqlite:{path}", f"sqlite:{path}", spoil)


def _hold(path: Path, seconds: float) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=60)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")


async def _drill(name: str, place: Path, url: str, by_the_door: str, spoil: Any) -> Report:
    os.environ["MOTCUA_CHAOS_PASSWORD"] = "x"
    port, control = free_ports(2)
    log = place / "smsc.jsonl"
    async with family(place) as children, open_storage(url) as storage:
        await storage.migrate()
        centre = {"port": port, "control_port": control, "log": str(log), "delay": 0.3}
        await children.simulate("smsc", centre)
        sender = await children.serve("sender", _configuration(by_the_door, port), roles=[Role.SEND])
        streams = [Stream(storage, rate=RATE), Stream(storage, rate=ANSWERS, lane=Lane.REPLY)]
        planning = [asyncio.create_task(stream.run()) for stream in streams]
        await asyncio.sleep(_STEADY)
        begin = time.time()
        await spoil()
        end = time.time()
        await asyncio.sleep(_STEADY)
        for stream in streams:
            stream.stop()
        await asyncio.gather(*planning)
        await until_quiet(storage, within=_DRAINS_WITHIN, look=children.look)
        heard = await journal(log)
        notices, answers = (stream.planned for stream in streams)
        return await judged(
            name, storage, notices + answers, heard, pause=heard.pause(begin, end),
            rested=round(time.time() - end, 1), lapsed=sender.said().count(_LAPSED),
            refused=sum(stream.refused for stream in streams),
            waited={"notices": _waits(heard, notices, begin), "answers": _waits(heard, answers, begin)},
        )  # fmt: skip


def _waits(heard: Journal, items: Sequence[OutboxItem], since: float) -> dict[str, float]:
    """Seconds from the plan to the centre, of what was planned while the database was slow."""
    planned = {item.id: item.created_at.timestamp() for item in items if item.created_at.timestamp() >= since}
    waits = sorted(line["at"] - planned[line["reference"]] for line in heard.taken if line["reference"] in planned)
    return {"median": round(median(waits), 2), "longest": round(waits[-1], 2)}


def _configuration(url: str, port: int) -> dict[str, Any]:
    never = {"begin": "00:00", "end": "00:00"}
    return {
        "storage": {"url": url},
        "web": {"enabled": False},
        "quiet": {"personal": never, "bulk": never},
        "outbox": {"lease": 12.0, "send": 4.0, "fresh": 2.0, "poll": 0.2, "sweep": 0.5},
        "channels": {
            "sms": {
                "kind": "sms_smpp", "host": "127.0.0.1", "port": port, "system_id": "slow", "rate": PACE,
                "password": "env:MOTCUA_CHAOS_PASSWORD", "source_addr": "8041", "window": 50, "reference_tlv": 0x1501,
            },
        },
    }  # fmt: skip
