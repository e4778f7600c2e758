"""Several senders of one account join, are killed and leave: `python -m benchmarks.senders [--rate 300]`.

Real processes (`motcua run --roles send`) over one PostgreSQL and the simulated SMS centre: one begins, a second and a
third join, the first is killed with SIGKILL, another one is stopped. The judge is the SMS centre's own log: the most
parts within any second, which must never be above the account's rate, and after each event the seconds until a second
has brought 95 % of the rate. Prints JSON.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.console_filling import embedded_postgres
from bot.demo.processes import end, free_ports, simulator
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Storage
from storage import open_storage

ENOUGH = 0.95
"""Of the rate: so much in a second, and the account is used again."""
CHANNEL = "sms"
_PATIENCE = 40.0
_CONFIG = """
[storage]
url = "{url}"

[quiet]
personal = {{ begin = "00:00", end = "00:00" }}
bulk = {{ begin = "00:00", end = "00:00" }}

[web]
enabled = false

[channels.sms]
kind = "sms_smpp"
host = "127.0.0.1"
port = {port}
system_id = "bench"
password = "env:MOTCUA_BENCH_PASSWORD"
source_addr = "8041"
rate = {rate}
window = 50
reference_tlv = 0x1501
"""


@dataclass
class Office:
    """One account, its messages, and whoever sends them."""

    storage: Storage
    place: Path
    rate: int
    most_granted: float = 0.0
    """Parts a second of all senders together, whenever somebody looked."""

    @asynccontextmanager
    async def sender(self, number: int) -> AsyncIterator[asyncio.subprocess.Process]:
        with (self.place / f"sender-{number}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", "--roles", "send", "--config", str(self.place / "config.toml"),
                env=os.environ | {"MOTCUA_BENCH_PASSWORD": "bench"}, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield process
        finally:
            await end(process)

    async def grants(self) -> list[float]:
        """What the senders of the account hold just now, the largest first."""
        shares = await self.storage.read(lambda tx: tx.shares.all())
        return sorted((each.granted for each in shares if each.account == CHANNEL), reverse=True)

    async def divided(self, *grants: int) -> None:
        """Until the account is divided like this."""
        until = time.monotonic() + _PATIENCE
        while (held := await self.grants()) != list(grants):
            if time.monotonic() > until:
                raise TimeoutError(f"divided as {held}, not as {list(grants)}\n{self._logs()}")
            self.most_granted = max(self.most_granted, sum(held))
            await asyncio.sleep(0.05)

    def _logs(self) -> str:
        return "\n".join(log.read_text(encoding="utf-8")[-2000:] for log in sorted(self.place.glob("sender-*.log")))

    def left(self) -> list[float]:
        """When each part reached the SMS centre, in seconds since 1970."""
        lines = (self.place / "smsc.jsonl").read_text(encoding="utf-8").splitlines()
        return sorted(line["at"] for line in map(json.loads, lines) if line["event"] == "submit")

    async def used_again(self, since: float) -> float:
        """Seconds from then until a whole second has brought nearly the rate."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                after = [at for at in await asyncio.to_thread(self.left) if at >= since]
                if (found := first_full_second(after, self.rate)) is not None:
                    return round(found - since, 2)
                await asyncio.sleep(0.2)


def busiest(times: Sequence[float], seconds: float = 1.0) -> int:
    """The most of the (sorted) times within any so many seconds."""
    return max((place + 1 - bisect_right(times, at - seconds) for place, at in enumerate(times)), default=0)


def first_full_second(times: Sequence[float], rate: int) -> float | None:
    """The end of the first second that has brought nearly the rate."""
    needed = int(rate * ENOUGH)
    ends = (at for at, before in zip(times[needed - 1 :], times, strict=False) if at - before <= 1.0)
    return next(ends, None)


async def measured(url: str, place: Path, rate: int, *, steady: float) -> dict[str, Any]:
    """The whole story; `place` is an empty folder, `steady` the seconds that nothing happens between two events."""
    port, control = free_ports(2)
    (place / "config.toml").write_text(_CONFIG.format(url=url, port=port, rate=rate), encoding="utf-8")
    settings: dict[str, object] = {"port": port, "control_port": control, "log": place / "smsc.jsonl", "latency": 0.02}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(simulator("smsc", settings, place / "smsc.log"))
        storage = await stack.enter_async_context(open_storage(url))
        await storage.migrate()
        office = Office(storage, place, rate)
        # So many that the account is never without work; replies, for to pushes a tenth of the rate is closed.
        await _planned(storage, int(rate * (8 * steady + 2 * _PATIENCE)))
        found = await _told(office, stack, steady)
        found["most_granted"] = office.most_granted
        found["states"] = await _states(storage)
    times = office.left()
    return {
        "rate": rate,
        "busiest_second": busiest(times),
        "busiest_five_seconds": busiest(times, 5.0),
        "parts": len(times),
        "doubled": _doubled(place),
        **found,
    }


async def _told(office: Office, stack: AsyncExitStack, steady: float) -> dict[str, Any]:
    rate, found = office.rate, dict[str, Any]()
    began = time.time()
    first = await stack.enter_async_context(office.sender(1))
    found["alone_after_seconds"] = await office.used_again(began)
    await office.divided(rate)
    await asyncio.sleep(steady)

    joined = time.time()
    second = await stack.enter_async_context(office.sender(2))
    await office.divided(rate - rate // 2, rate // 2)
    found["two_after_seconds"] = round(time.time() - joined, 2)
    await asyncio.sleep(steady)

    joined = time.time()
    await stack.enter_async_context(office.sender(3))
    await office.divided(*_parts(rate, 3))
    found["three_after_seconds"] = round(time.time() - joined, 2)
    await asyncio.sleep(steady)
    now = time.time()
    found["three_share_of_rate"] = round(sum(now - 2 <= at < now - 1 for at in office.left()) / rate, 3)

    first.kill()
    killed = time.time()
    await office.divided(*_parts(rate, 2))
    found["divided_after_kill_seconds"] = round(time.time() - killed, 2)
    # From here on a full second is one that the killed process has no part in.
    found["used_again_after_kill_seconds"] = await office.used_again(killed + 0.5) + 0.5
    await asyncio.sleep(steady)

    stopped = time.time()
    second.terminate()
    await office.divided(rate)
    found["divided_after_stop_seconds"] = round(time.time() - stopped, 2)
    found["used_again_after_stop_seconds"] = await office.used_again(stopped + 0.5) + 0.5
    await asyncio.sleep(steady)
    return found


def _parts(rate: int, senders: int) -> list[int]:
    each, more = divmod(rate, senders)
    return [each + (place < more) for place in range(senders)]


def _doubled(place: Path) -> int:
    """Messages that reached the SMS centre more than once."""
    lines = map(json.loads, (place / "smsc.jsonl").read_text(encoding="utf-8").splitlines())
    seen = Counter(line["reference"] for line in lines if line["event"] == "submit")
    return sum(number > 1 for number in seen.values())


async def _planned(storage: Storage, number: int) -> None:
    new_id, now = id_maker(utc_now), utc_now()
    items = [
        OutboxItem(
            id=(fresh := new_id()), dedupe_key=fresh, origin=f"bench:{fresh}", channel=CHANNEL,
            address=Address("sms", f"+8491{serial:06d}5"), lane=Lane.REPLY, situation=Situation.PROGRESS,
            text="Ho so cua ong/ba da duoc tiep nhan.", created_at=now, next_at=now,
            expires_at=now + timedelta(hours=1),
        )
        for serial in range(number)
    ]  # fmt: skip
    for start in range(0, number, 1000):
        chunk = items[start : start + 1000]
        await storage.write(lambda tx, chunk=chunk: tx.outbox.enqueue(chunk))  # type: ignore[misc]


async def _states(storage: Storage) -> dict[str, int]:
    counts = await storage.read(lambda tx: tx.outbox.counts())
    return {str(state): number for (_, state), number in counts.items() if state is not DeliveryState.QUEUED}


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=int, default=300, help="parts a second of the account")
    options.add_argument("--steady", type=float, default=6.0, help="seconds between two events")
    options.add_argument("--url", default="", help="an empty PostgreSQL database; without it one of our own")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as folder:
        place = Path(folder)
        if chosen.url:
            found = await measured(chosen.url, place, chosen.rate, steady=chosen.steady)
        else:
            async with embedded_postgres(place / "postgres") as url:
                found = await measured(url, place, chosen.rate, steady=chosen.steady)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    asyncio.run(main())
