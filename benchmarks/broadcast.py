"""A broadcast to many from its list to the last phone: `python -m benchmarks.broadcast [ROWS] [RATE]`; by default
100,000 rows, and 500 messages a second as the SMS centre allows.

The whole service in this process over SQLite, the SMS-centre simulator in another one. First replies alone, twenty a
second, then the broadcast with the same replies beside it: taken, counted, tried, submitted, approved, handed out,
sent. A reply's time is from the moment at which it was due until the SMS centre had it. At the end the SMS centre's own
log is read: each phone must stand there once. Prints one JSON object: seconds of each phase, memory at its start, end
and peak in MB, the p95 of replies in ms without the broadcast and in each of its phases, their ratios, and the p95 of
the console's pages, which somebody opens four times a second.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks.broadcast_visits import Visits
from bot.app import open_app, read_plan
from bot.config import Config
from bot.demo.processes import free_ports, simulator
from bot.ledger import balance
from bot.model.broadcast import Broadcast, BroadcastState, Recipient, Refusal
from bot.model.clock import from_millis, utc_now
from bot.model.message import Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.wording import Wording
from bot.service import App

ALONE = 20.0
"""Seconds of replies before the broadcast begins."""
EVERY = 0.05
_PATIENCE = 1800.0

WORDING = Wording(
    chat="Kính gửi Ông/Bà {{ ten }}: từ 25/11 Bộ phận Một cửa làm việc tại trụ sở mới, hồ sơ {{ code }} nhận tại đó.",
    sms="Kinh gui {{ ten }}: tu 25/11 Bo phan Mot cua lam viec tai tru so moi, ho so {{ code }} nhan tai do.",
)


def rows(number: int) -> Iterator[Recipient]:
    for each in range(1, number + 1):
        # None of the simulator's special endings.
        yield Recipient(
            number=each + 1,
            phone=f"+8491{each:06d}5",
            code=f"H32.15-261122-{each:06d}",
            values={"ten": f"Nguyễn Thị Bé {each}"},
        )


@dataclass
class Replies:
    """Answers that are planned at their moments, whatever else goes on."""

    app: App
    phase: str = "alone"
    due: dict[str, tuple[str, float]] = field(default_factory=dict)
    """By id: the phase and the moment."""

    async def go_on(self) -> None:
        """Citizens do not wait for each other: each is planned at its moment, whatever became of those before."""
        moment = time.time()
        async with asyncio.TaskGroup() as tasks:
            while True:
                moment += EVERY
                await asyncio.sleep(max(0.0, moment - time.time()))
                tasks.create_task(self._plan(moment))

    async def _plan(self, moment: float) -> None:
        identity, now = self.app.new_id(), from_millis(int(moment * 1000))
        item = OutboxItem(
            id=identity,
            dedupe_key=f"reply:{identity}",
            origin=f"reply:{identity}",
            channel="sms",
            address=Address("sms", f"+8498{len(self.due) % 1_000_000:06d}5"),
            lane=Lane.REPLY,
            situation=Situation.REPLY,
            text="Ho so dang duoc giai quyet.",
            created_at=now,
            next_at=now,
            expires_at=now + timedelta(hours=1),
        )
        self.due[identity] = (self.phase, moment)
        await self.app.storage.write(lambda tx: tx.outbox.enqueue([item]))

    async def took(self) -> dict[str, list[float]]:
        """Seconds of each reply, by phase."""
        found: dict[str, list[float]] = {}
        for identity, (phase, moment) in self.due.items():
            item = await self.app.storage.read(lambda tx, identity=identity: tx.outbox.get(identity))  # type: ignore[misc]
            assert item is not None
            assert item.sent_at is not None, item.state
            found.setdefault(phase, []).append(item.sent_at.timestamp() - moment)
        return found


@dataclass
class Run:
    """The phases, one after the other."""

    app: App
    replies: Replies
    seconds: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    @asynccontextmanager
    async def phase(self, name: str) -> AsyncIterator[None]:
        self.replies.phase, began = name, time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - began, 2)
        self.memory[name] = resident()

    async def broadcast(self, number: int) -> Broadcast:
        broadcasts = self.app.broadcasts
        made = await broadcasts.begin(title="Trụ sở mới", agency="H32.15", by="lan")
        made = sure(await broadcasts.change(made.id, revision=1, by="lan", wording=WORDING))
        async with self.phase("take_list"):
            sure(await broadcasts.take_list(made.id, rows(number), name="ds.xlsx", digest="d", by="lan"))
        async with self.phase("draw_up"):
            sure(await broadcasts.draw_up(made.id, by="lan"))
        sure(await broadcasts.test(made.id, to="0912345675", by="lan"))
        sure(await broadcasts.submit(made.id, by="lan"))
        sure(await broadcasts.approve(made.id, by="hoa"))
        async with self.phase("sending"):
            await self._until(made, lambda each: each.handed_out == number)
            self.seconds["handed_out"] = round((utc_now() - (await self._seen(made)).began_at).total_seconds(), 2)  # type: ignore[operator]
            await self._until(made, lambda each: each.state is BroadcastState.DONE)
        return await self._seen(made)

    async def _until(self, made: Broadcast, is_so: Any) -> None:
        async with asyncio.timeout(_PATIENCE):
            while not is_so(await self._seen(made)):  # noqa: ASYNC110 - the database is what is asked
                await asyncio.sleep(0.2)

    async def _seen(self, made: Broadcast) -> Broadcast:
        found = await self.app.broadcasts.get(made.id)
        assert found is not None
        return found


def sure(answer: Broadcast | Refusal) -> Broadcast:
    assert isinstance(answer, Broadcast), answer
    return answer


def resident(name: str = "VmRSS") -> float:
    """MB of this process."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


async def measured(place: Path, number: int, rate: float) -> dict[str, Any]:
    port, control, web = free_ports(3)
    log = place / "smsc.jsonl"
    settings: dict[str, object] = {"port": port, "control_port": control, "log": log}
    os.environ.update({"MOTCUA_BENCH_PASSWORD": "bench"})
    config = Config.model_validate(
        {
            "storage": {"url": f"sqlite:{place / 'motcua.db'}"},
            "web": {"port": web, "key_file": str(place / "web.key")},
            "broadcasts": {"canary": 0},
            "quiet": {"bulk": {"begin": "00:00", "end": "00:00"}},
            "channels": {
                "sms": {
                    "kind": "sms_smpp", "host": "127.0.0.1", "port": port, "system_id": "bench",
                    "password": "env:MOTCUA_BENCH_PASSWORD", "source_addr": "8041", "window": 100, "rate": rate,
                    "prices": {"default": 400},
                }
            },
        }
    )  # fmt: skip
    async with simulator("smsc", settings, place / "smsc.log"):
        async with open_app(read_plan(config), migrate=True) as app:
            running = asyncio.create_task(app.run())
            run = Run(app, Replies(app))
            replying = asyncio.create_task(run.replies.go_on())
            visits = Visits(app, lambda: run.replies.phase)
            async with visits.going_on():
                async with run.phase("alone"):
                    await asyncio.sleep(ALONE)
                begun = resident()
                done = await run.broadcast(number)
            replying.cancel()
            await asyncio.sleep(2)
            took, book = await run.replies.took(), await balance(app.storage)
            app.stop()
            await running
        reached = arrivals(log)
    times = {phase: p95(seconds) for phase, seconds in took.items()}
    return {
        "rows": number,
        "rate": rate,
        "seconds": run.seconds,
        "sent_per_second": round(number / run.seconds["sending"], 1),
        "memory_mb": {"before": begun, **run.memory, "peak": resident("VmHWM")},
        "reply_p95_ms": times,
        "reply_p95_ratio": {phase: round(each / times["alone"], 2) for phase, each in times.items()},
        "console_p95_ms": {phase: p95(seconds) for phase, seconds in visits.took.items() if len(seconds) > 1},
        "state": str(done.state),
        "phones": len(reached),
        "written_twice": sum(times > 1 for times in reached.values()),
        "balanced": book.balanced,
    }


def arrivals(log: Path) -> Counter[str]:
    """By phone of the list, how often the SMS centre had a message for it."""
    found = Counter[str]()
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            phone = str(entry.get("to") or entry.get("destination") or entry.get("destination_addr") or "")
            if phone.removeprefix("+").startswith("8491") and not phone.endswith("912345675"):
                found[phone] += 1
    return found


def p95(seconds: list[float]) -> float:
    return round(quantiles(seconds, n=20)[-1] * 1000, 1)


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rate = float(sys.argv[2]) if len(sys.argv) > 2 else 500.0
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(asyncio.run(measured(Path(place), number, rate)), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
