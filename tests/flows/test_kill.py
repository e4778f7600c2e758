"""The sender is killed with SIGKILL at random moments under load; the SMS centre's own log is the judge."""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.processes import free_ports, simulator
from bot.ledger import balance
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, OutboxItem
from bot.model.person import Address
from bot.ports import Storage
from storage import open_storage
from tests.flows import killed_sender
from tests.support.making import message


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_sixty_kills_lose_nothing_and_send_nothing_twice(tmp_path: Path) -> None:
    await survive(f"sqlite:{tmp_path / 'motcua.db'}", tmp_path, kills=60, messages=40_000)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_same_on_postgresql(postgres_storage_url: str, tmp_path: Path) -> None:
    await survive(postgres_storage_url, tmp_path, kills=20, messages=15_000)


async def survive(url: str, tmp_path: Path, *, kills: int, messages: int) -> None:
    log = tmp_path / "smsc.jsonl"
    port, control = free_ports(2)
    settings: dict[str, object] = {"port": port, "control_port": control, "log": log, "delay": 0.3, "latency": 0.02}
    async with simulator("smsc", settings, tmp_path / "smsc.log"), open_storage(url) as storage:
        await storage.migrate()
        items = await planned(storage, messages)

        assert await killed(url, port, kills, seed=2026) == kills
        still_waiting = (await storage.read(lambda tx: tx.outbox.counts())).get(("sms", DeliveryState.QUEUED), 0)
        assert still_waiting > 0, "the load ended before the kills did"
        async with sending_quietly(url, port):
            await all_ended(storage)
            await receipts_all_in(storage)

        await judge(storage, items, log)
        print(f"kills {kills}")


async def planned(storage: Storage, number: int) -> list[OutboxItem]:
    new_id, now = id_maker(utc_now), utc_now()
    items = [
        message(
            id=new_id(), address=Address("sms", f"+849{serial:06}77"), created_at=now, next_at=now,
            expires_at=now + timedelta(days=1), parts=1 + serial % 2,
            text="Ho so da co ket qua. " * (9 if serial % 2 else 2),
        )
        for serial in range(10, number + 10)
    ]  # fmt: skip
    for start in range(0, number, 1000):
        await storage.write(lambda tx, start=start: tx.outbox.enqueue(items[start : start + 1000]))
    return items


async def killed(url: str, port: int, kills: int, *, seed: int) -> int:
    """Runs the dying sender; the number of kills that it reports."""
    program = [sys.executable, killed_sender.__file__, url, str(port), str(kills), str(seed)]
    process = await asyncio.create_subprocess_exec(
        *program,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "MOTCUA_KILL_PASSWORD": "x", "PYTHONPATH": str(Path.cwd())},
    )
    out, _ = await process.communicate()
    return int(out or 0)


@asynccontextmanager
async def sending_quietly(url: str, port: int) -> AsyncIterator[None]:
    """The sender after the last restart: nobody kills it."""
    os.environ["MOTCUA_KILL_PASSWORD"] = "x"
    task = asyncio.ensure_future(killed_sender.drain(url, port))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def all_ended(storage: Storage) -> None:
    """Waits until nothing is queued or being sent."""
    while True:
        counts = await storage.read(lambda tx: tx.outbox.counts())
        if not counts.get(("sms", DeliveryState.QUEUED)) and not counts.get(("sms", DeliveryState.SENDING)):
            return
        await asyncio.sleep(0.2)


async def receipts_all_in(storage: Storage) -> None:
    """Every accepted message gets its receipt from this SMS centre, those of dead senders too."""
    while (await storage.read(lambda tx: tx.outbox.counts())).get(("sms", DeliveryState.ACCEPTED)):
        await asyncio.sleep(0.2)


async def judge(storage: Storage, items: Sequence[OutboxItem], log: Path) -> None:
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    reached = Counter(
        (line["reference"], line["udh"][-2:] if line["udh"] else "whole") for line in lines if line["event"] == "submit"
    )
    ids_reached = {our_id for our_id, _ in reached}
    uncertain = await storage.read(lambda tx: tx.outbox.listed(DeliveryState.UNCERTAIN, limit=len(items)))
    delivered = await storage.read(lambda tx: tx.outbox.listed(DeliveryState.DELIVERED, limit=len(items)))
    books = await balance(storage)

    assert {key: times for key, times in reached.items() if times > 1} == {}, "sent twice"
    assert books.balanced
    assert {item.id for item in uncertain} | {item.id for item in delivered} == {item.id for item in items}, "lost"
    assert ids_reached >= {item.id for item in delivered}, "said to be delivered and never sent"
    assert ids_reached <= {item.id for item in delivered} | {item.id for item in uncertain}
    print(
        f"\nplanned {books.planned}, delivered {len(delivered)}, uncertain {len(uncertain)} "
        f"(of them reached the SMS centre: {len(ids_reached & {item.id for item in uncertain})}), lost 0, twice 0"
    )
