"""The wall clock of one process jumps by an hour and by a day, both ways, while another process runs beside it.

Messages live for half an hour, some are due in twenty minutes only, and an hour from now is a quiet hour: whoever
believed the wrong clock would let messages expire, send them early, hold them back, or take the other one's leases.
"""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from bot.demo.processes import free_ports
from bot.model.clock import VIETNAM, utc_now
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, OutboxItem
from bot.model.person import Address
from storage import open_storage
from tests.chaos.family import Child, family
from tests.chaos.figures import Report, journal, judged, kept, until_quiet
from tests.chaos.planning import Stream
from tests.support.making import message
from tests.support.postgres import server

RATE = 100
HOUR, DAY = 3600.0, 86_400.0
JUMPS = (HOUR, -HOUR, DAY, -DAY)
_LIVES, _LATER = timedelta(minutes=30), timedelta(minutes=20)
_STEADY, _DRAINS_WITHIN = 1.0, 60.0
_LAPSED = "lost their sender"


async def run(place: Path, *, seconds: float = 10.0) -> Report:
    """The clock of the first process is wrong for `seconds` by each of the jumps, and right in between."""
    os.environ["MOTCUA_CHAOS_PASSWORD"] = "x"
    port, control = free_ports(2)
    log = place / "smsc.jsonl"
    async with (
        server(place / "data", settings={"fsync": "off"}) as database,
        family(place) as children,
        open_storage(database.url) as storage,
    ):
        await storage.migrate()
        await children.simulate("smsc", {"port": port, "control_port": control, "log": str(log), "delay": 0.3})
        jumping, steady = [await children.serve(name, _configuration(database.url, port)) for name in ("one", "two")]
        later = _later()
        await storage.write(lambda tx: tx.outbox.enqueue(later))
        stream = Stream(storage, rate=RATE, lives=_LIVES)
        planning = asyncio.create_task(stream.run())
        await asyncio.sleep(_STEADY)
        begin, before = time.time(), await _posts(database.url)
        await _jump(jumping, seconds)
        after, end = await _posts(database.url), time.time()
        stream.stop()
        await planning
        await until_quiet(storage, within=_DRAINS_WITHIN, look=children.look, waiting=len(later))
        early = (await kept(storage, [item.id for item in later])).values()
        heard = await journal(log)
        return await judged(
            "jumping clock", storage, stream.planned, heard, pause=heard.pause(begin, end),
            sent_early=sum(each.state is not DeliveryState.QUEUED for each in early),
            lapsed=sum(child.said().count(_LAPSED) for child in (jumping, steady)),
            posts=len(before), posts_moved=sorted(name for name in before if before[name] != after.get(name)),
            held_jumps=jumping.said().count("it is not followed at once"),
        )  # fmt: skip


async def _jump(child: Child, seconds: float) -> None:
    for jump in JUMPS:
        child.wall.set(jump)
        await asyncio.sleep(seconds)
        child.wall.set(0.0)
        await asyncio.sleep(seconds / 4)


async def _posts(url: str) -> Mapping[str, tuple[str, int]]:
    """Lease → who has it, and its fence."""
    connection = await asyncpg.connect(url)
    try:
        return {row[0]: (row[1], row[2]) for row in await connection.fetch("SELECT name, owner, fence FROM leases")}
    finally:
        await connection.close()


def _later() -> Sequence[OutboxItem]:
    """Not to be sent while the drill lasts."""
    now, new_id = utc_now(), id_maker(utc_now)
    return [
        message(
            id=new_id(), address=Address("sms", f"+8493{number:06}5"), created_at=now, next_at=now + _LATER,
            expires_at=now + timedelta(days=3),
        )
        for number in range(20)
    ]  # fmt: skip


def _configuration(url: str, port: int) -> dict[str, Any]:
    never = {"begin": "00:00", "end": "00:00"}
    in_an_hour = {"begin": _hour(minutes=30), "end": _hour(minutes=90)}
    return {
        "storage": {"url": url},
        "web": {"enabled": False},
        "quiet": {"personal": in_an_hour, "bulk": never},
        "outbox": {"lease": 12.0, "send": 4.0, "poll": 0.2, "sweep": 0.3},
        "channels": {
            "sms": {
                "kind": "sms_smpp", "host": "127.0.0.1", "port": port, "system_id": "clock", "rate": 300,
                "password": "env:MOTCUA_CHAOS_PASSWORD", "source_addr": "8041", "reference_tlv": 0x1501,
            },
        },
    }  # fmt: skip


def _hour(*, minutes: float) -> str:
    """What a clock in Vietnam shows so many minutes from now."""
    return f"{datetime.now(VIETNAM) + timedelta(minutes=minutes):%H:%M}"
