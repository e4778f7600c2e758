"""Two senders, the database and the SMS centre, each on a host of its own, while the wires between them are spoiled:
loss and delay, and partitions of which nobody is told, under a steady load."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bot.ports import Storage
from bot.roles import Role
from storage import open_storage
from tests.chaos.bridge import Bridge, bridge
from tests.chaos.family import Child, Family, family
from tests.chaos.figures import Journal, Report, journal, judged, until_quiet
from tests.chaos.planning import Stream
from tests.support.postgres import server

DATABASE, CENTRE, ONE, TWO = "db", "centre", "one", "two"
SENDERS = (ONE, TWO)
RATE = 120
"""Messages planned a second."""
LEASE, DRAINS_WITHIN = 4.0, 60.0
_SMPP, _CONTROL, _DOOR = 2775, 2776, 5432
_STEADY = 2.0
_BURST = 300
"""Messages planned at once just before a cut, so that both senders have their hands full."""
_NEARLY = 0.5
"""Seconds before the wire is mended at which nobody looks at it any more."""


@dataclass
class Stage:
    """What a drill works with."""

    place: Path
    bridge: Bridge
    door: str
    """The database's address on a socket that no wire leads to."""
    family: Family
    storage: Storage
    """By that door: what the drill plans and reads is never cut."""
    senders: dict[str, Child]
    stream: Stream

    async def heard(self) -> Journal:
        return await journal(self.place / "smsc.jsonl")


Fault = Callable[[Stage, float], Awaitable[Mapping[str, Any]]]


async def run(place: Path, fault: "Fault", *, seconds: float = 30.0) -> Report:
    """The fault lasts so long; then all must come to rest."""
    async with stage(place) as here:
        stream = here.stream
        planning = asyncio.create_task(stream.run())
        await asyncio.sleep(_STEADY)
        begin = time.time()
        notes = dict(await fault(here, seconds))
        end = time.time()
        await asyncio.sleep(_STEADY)
        stream.stop()
        await planning
        await until_quiet(here.storage, within=DRAINS_WITHIN, look=here.family.look)
        rested = time.time() - end
        heard = await here.heard()
        return await judged(
            fault.__name__, here.storage, stream.planned, heard, pause=heard.pause(begin, end + _STEADY),
            rested=round(rested, 1), packets=dict(here.bridge.carried), **notes,
        )  # fmt: skip


async def lossy(here: Stage, seconds: float) -> Mapping[str, Any]:
    """2 % of the packets are lost and all are late, between both senders and the centre."""
    for sender in SENDERS:
        here.bridge.spoil(sender, CENTRE, delay=0.08, jitter=0.02, loss=0.02)
    await asyncio.sleep(seconds)
    for sender in SENDERS:
        here.bridge.mend(sender, CENTRE)
    return {}


async def no_database(here: Stage, seconds: float) -> Mapping[str, Any]:
    """One sender cannot reach the database, and nobody is told; the centre it reaches as before."""
    await here.stream.burst(_BURST)
    began = time.time()
    here.bridge.cut(ONE, DATABASE)
    gone = asyncio.create_task(_locks_gone(here, seconds - _NEARLY))
    await asyncio.sleep(seconds)
    here.bridge.mend(ONE, DATABASE)
    links = _links(await here.heard())
    by_cut_off = [line["at"] - began for line in links.get(ONE, []) if began <= line["at"] < began + seconds]
    by_other = [line for line in links.get(TWO, []) if began <= line["at"] < began + seconds]
    return {
        "cut_off_sent_before": sum(line["at"] < began for line in links.get(ONE, [])),
        "cut_off_sent_for": round(max(by_cut_off, default=0.0), 2),
        "other_sent": len(by_other),
        "locks_gone_after": await gone,
    }


async def no_centre(here: Stage, seconds: float) -> Mapping[str, Any]:
    """Both senders' links to the centre are dead, and no FIN has said so."""
    for sender in SENDERS:
        here.bridge.cut(sender, CENTRE)
    await asyncio.sleep(seconds)
    for sender in SENDERS:
        here.bridge.mend(sender, CENTRE)
    return {}


async def one_without_centre(here: Stage, seconds: float) -> Mapping[str, Any]:
    """One sender's link is half open; the other one has to carry all."""
    here.bridge.cut(ONE, CENTRE)
    await asyncio.sleep(seconds)
    here.bridge.mend(ONE, CENTRE)
    return {}


async def _locks_gone(here: Stage, seconds: float) -> float:
    """Seconds for which the database still had transactions of the cut-off host; looks for as long as it is cut off."""
    address, began, last = here.bridge.hosts[ONE].address, time.monotonic(), 0.0
    query = "SELECT COUNT(*) FROM pg_stat_activity WHERE host(client_addr) = $1 AND xact_start IS NOT NULL"
    connection = await asyncpg.connect(here.door)
    try:
        while time.monotonic() - began < seconds:
            if await connection.fetchval(query, address):
                last = time.monotonic() - began
            await asyncio.sleep(0.1)
    finally:
        await connection.close()
    return round(last, 1)


def _links(heard: Journal) -> dict[str, list[Mapping[str, Any]]]:
    """What each sender has sent, by the account that it binds with."""
    accounts = {line["link"]: line["account"] for line in heard.lines if line["event"] == "bind"}
    found: dict[str, list[Mapping[str, Any]]] = {}
    for line in heard.taken:
        found.setdefault(accounts.get(line["link"], ""), []).append(line)
    return found


@asynccontextmanager
async def stage(place: Path) -> AsyncIterator[Stage]:
    """All hosts, with everything running on them."""
    os.environ["MOTCUA_CHAOS_PASSWORD"] = "x"
    # The path of a Unix socket may have no more than a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="mc-"))
    folder.chmod(0o777)
    try:
        async with bridge(DATABASE, CENTRE, *SENDERS) as wires, family(place) as children:
            settings = {"unix_socket_directories": str(folder), "fsync": "off"}
            host, door = wires.hosts[DATABASE], f"postgresql://postgres@/postgres?host={folder}&port={_DOOR}"
            async with (
                server(folder / "data", settings=settings, host=host.address, port=_DOOR, within=host.within),
                open_storage(door) as storage,
            ):
                await storage.migrate()
                await children.simulate("smsc", _centre(place, wires), network=wires.hosts[CENTRE].namespace)
                senders = {
                    name: await children.serve(
                        name, _configuration(wires, name), roles=[Role.SEND], network=wires.hosts[name].namespace
                    )
                    for name in SENDERS
                }
                yield Stage(place, wires, door, children, storage, senders, Stream(storage, rate=RATE))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _centre(place: Path, wires: Bridge) -> dict[str, Any]:
    return {
        "host": wires.hosts[CENTRE].address, "port": _SMPP, "control_port": _CONTROL, "log": str(place / "smsc.jsonl"),
        "delay": 0.3, "latency": 0.01, "answer_timeout": 3.0, "enquire_link": 1.0,
    }  # fmt: skip


def _configuration(wires: Bridge, name: str) -> dict[str, Any]:
    never = {"begin": "00:00", "end": "00:00"}
    return {
        "storage": {"url": f"postgresql://postgres@{wires.hosts[DATABASE].address}:{_DOOR}/postgres"},
        "web": {"enabled": False},
        "quiet": {"personal": never, "bulk": never},
        "outbox": {"lease": LEASE, "send": 3.0, "poll": 0.2, "sweep": 0.3, "fresh": 1.5},
        "channels": {
            "sms": {
                "kind": "sms_smpp", "host": wires.hosts[CENTRE].address, "port": _SMPP, "system_id": name,
                "password": "env:MOTCUA_CHAOS_PASSWORD", "source_addr": "8041", "window": 50, "rate": 400,
                "reference_tlv": 0x1501, "response_timeout": 1.5, "reconnect_min": 0.1, "reconnect_max": 0.5,
                "enquire_link": 1.0,
            },
        },
    }  # fmt: skip
