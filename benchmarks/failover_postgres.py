"""What the loss of PostgreSQL costs while messages leave: `python -m benchmarks.failover_postgres [SECONDS] [RATE]`.

500 messages a second are planned for 20 seconds (both can be given) while a service process (`motcua run --roles send`)
sends them over SMPP to a simulated SMS centre in a process of its own. A third of the way the database fails:

* `standby`: a primary with a synchronous standby. The primary is killed, or stopped without a word (`immediate`), and
  the standby promoted; the service finds it by the address of both;
* `restart`: one server, stopped properly and started again;
* `recovery`: one server, killed with SIGKILL and started again, which recovers from its log.

Seconds of pause are seen from the centre: between the last message taken before the gap and the first after it, the
administrator's own seconds (promotion, start) included and told apart. Its log is held against the ledger: lost and
doubled must be none; what nobody can know is listed as uncertain. Every commit is forced to the disk. Prints JSON.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from bot.demo.processes import end, free_ports, simulator
from bot.ledger import balance
from bot.model.clock import utc_now
from bot.model.errors import StorageError
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Storage, Transaction
from storage import open_storage
from tests.support.postgres import Server, server, url_of

FAULTS = ("standby, killed", "standby, immediate", "restart", "recovery")
_ENDS_WITHIN = 120.0
_TICK = 0.1
_WARM = 10
"""Messages by which the service shows that it has begun."""
_CONFIG = """
[storage]
url = "{url}"
[web]
enabled = false
[outbox]
poll = 0.2
[quiet]
personal = {{ begin = "00:00", end = "00:00" }}
bulk = {{ begin = "00:00", end = "00:00" }}
[channels.sms]
kind = "sms_smpp"
host = "127.0.0.1"
port = {port}
system_id = "bench"
password = "env:MOTCUA_BENCH_SMPP"
source_addr = "8041"
window = 40
reference_tlv = 0x1501
reconnect_min = 0.05
reconnect_max = 0.5
"""


@dataclass
class Plan:
    """Messages at a steady rate. What a lost commit leaves in doubt is planned again: its keys make that harmless."""

    storage: Storage
    rate: float
    planned: set[str] = field(default_factory=set)
    """Those of which the database has said yes."""
    doubts: int = 0
    _made: int = 0

    async def run(self, seconds: float) -> None:
        new_id, begin, first = id_maker(utc_now), time.monotonic(), self._made
        end = first + round(seconds * self.rate)
        waiting: list[OutboxItem] = []
        while waiting or self._made < end:
            due = min(end, first + int((time.monotonic() - begin) * self.rate))
            waiting += [_item(new_id(), number) for number in range(self._made, due)]
            self._made = due
            batch = waiting[:2000]
            try:
                await self.storage.write(partial(_enqueued, batch=batch))
            except StorageError:
                self.doubts += 1
            else:
                self.planned.update(each.id for each in batch)
                del waiting[: len(batch)]
            await asyncio.sleep(_TICK)


async def _enqueued(tx: Transaction, batch: Sequence[OutboxItem]) -> int:
    return await tx.outbox.enqueue(batch)


def _item(fresh: str, number: int) -> OutboxItem:
    now = utc_now()
    return OutboxItem(
        id=fresh, dedupe_key=fresh, origin=f"bench:{fresh}", channel="sms", address=Address("sms", _phone(number)),
        lane=Lane.PUSH, situation=Situation.PROGRESS, text="Ho so da duoc tiep nhan.", created_at=now, next_at=now,
        expires_at=now + timedelta(hours=1),
    )  # fmt: skip


def _phone(number: int) -> str:
    """With an ending at which the simulated centre does nothing of its own."""
    return f"+849{number:06}77"


@asynccontextmanager
async def sending(place: Path, url: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of the service that sends."""
    file = place / "config.toml"
    file.write_text(_CONFIG.format(url=url, port=port), encoding="utf-8")
    with (place / "service.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--roles", "send", "--config", str(file),
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "MOTCUA_BENCH_SMPP": "x"},
        )  # fmt: skip
    try:
        yield process
        assert process.returncode is None, (place / "service.log").read_text()[-3000:]
    finally:
        await end(process)


async def broken(fault: str, first: Server, second: Server | None) -> dict[str, float]:
    """Breaks the database, and has it mended as an administrator would at once; the seconds that each took."""
    begin = time.monotonic()
    if fault.endswith("immediate"):
        await first.stop("immediate")
    elif fault == "restart":
        await first.stop("fast")
    else:
        first.kill()
    gone = time.monotonic()
    await (second.promote() if second else first.start())
    return {"until_it_was_gone": gone - begin, "until_one_took_writes_again": time.monotonic() - gone}


async def failed_over(fault: str, place: Path, *, seconds: float, rate: float) -> dict[str, Any]:
    """One fault under load; what was seen of it."""
    port, control = free_ports(2)
    centre: dict[str, object] = {"port": port, "control_port": control, "log": place / "smsc.jsonl", "delay": 0.3}
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(server(place / "first"))
        second = await first.standby(place / "second") if fault.startswith("standby") else None
        url = url_of(first, second) if second else first.url
        await stack.enter_async_context(simulator("smsc", centre, place / "smsc.log"))
        storage = await stack.enter_async_context(open_storage(url))
        await storage.migrate()
        service = await stack.enter_async_context(sending(place, url, port))
        plan = Plan(storage, rate)
        await plan.run(_WARM / rate)
        await _begun(place, service)
        planning = asyncio.create_task(plan.run(seconds))
        await asyncio.sleep(seconds / 3)
        failed_at = time.time()
        administrator = await broken(fault, first, second)
        await planning
        await _all_ended(storage)
        verdict = await _judged(storage, plan.planned, _submits(place), failed_at)
    return {**verdict, "administrator_s": {name: round(value, 2) for name, value in administrator.items()}}


async def _begun(place: Path, service: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(_ENDS_WITHIN):
        while not await asyncio.to_thread(_submits, place):
            assert service.returncode is None, "the service ended by itself"
            await asyncio.sleep(_TICK)


async def _all_ended(storage: Storage) -> None:
    """Nothing waits, nothing is under way, and every receipt is in."""
    under_way = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.ACCEPTED)
    async with asyncio.timeout(_ENDS_WITHIN):
        while True:
            with suppress(StorageError):
                counts = await storage.read(lambda tx: tx.outbox.counts())
                if not any(state in under_way for _, state in counts):
                    return
            await asyncio.sleep(_TICK)


def _submits(place: Path) -> list[dict[str, Any]]:
    """What the SMS centre has taken."""
    path = place / "smsc.jsonl"
    if not path.exists():
        return []
    whole = path.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
    return [facts for line in whole if (facts := json.loads(line))["event"] == "submit"]


async def _judged(
    storage: Storage, planned: set[str], submits: Sequence[dict[str, Any]], failed_at: float
) -> dict[str, Any]:
    taken = Counter(str(each["reference"]) for each in submits)
    delivered = await _listed(storage, DeliveryState.DELIVERED)
    uncertain = await _listed(storage, DeliveryState.UNCERTAIN)
    books = await balance(storage)
    return {
        "planned": len(planned),
        "taken_by_the_centre": len(taken),
        "lost": len(planned - delivered - uncertain) + len(delivered - taken.keys()),
        "doubled": sum(times > 1 for times in taken.values()),
        "unplanned": len(taken.keys() - planned),
        "uncertain": len(uncertain),
        "uncertain_that_were_taken": len(uncertain & taken.keys()),
        "ledger_balanced": books.balanced and books.planned == len(planned),
        "pause_s": _pause([float(each["at"]) for each in submits], failed_at),
    }


async def _listed(storage: Storage, state: DeliveryState) -> set[str]:
    return {item.id for item in await storage.read(lambda tx: tx.outbox.listed(state, limit=10**6))}


def _pause(moments: Sequence[float], failed_at: float) -> float:
    """The longest gap that ended after the fault, in seconds."""
    ordered = sorted(moments)
    return round(max((b - a for a, b in pairwise(ordered) if b >= failed_at), default=0.0), 2)


async def main(seconds: float = 20.0, rate: float = 500.0) -> None:
    results = {}
    with tempfile.TemporaryDirectory(prefix="motcua-failover-") as folder:
        for number, fault in enumerate(FAULTS):
            place = Path(tempfile.mkdtemp(prefix=f"{number}-", dir=folder))
            results[fault] = await failed_over(fault, place, seconds=seconds, rate=rate)
            print(f"{fault}: {results[fault]}", file=sys.stderr)
    print(json.dumps({"planned_a_second": rate, "seconds": seconds, "faults": results}, indent=2))
    assert not any(each["lost"] or each["doubled"] for each in results.values())


if __name__ == "__main__":
    asyncio.run(main(*map(float, sys.argv[1:])))
