"""Two processes watch the gateways, and the one that moves their weights dies by SIGKILL: the other goes on within ten
seconds, in the same rhythm."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.model.clock import utc_now
from bot.model.message import DeliveryState
from bot.ports import Move, Settlement, Storage
from storage import open_storage
from tests.flows import weighing_process
from tests.support.making import message

TAKE_OVER = 10.0
"""Seconds until another process must have moved a weight."""
BAD = 40
"""Answers that gateway a gave badly: more than are needed to judge it."""


@pytest.mark.slow
async def test_who_moves_weights_is_followed_within_ten_seconds_and_no_step_is_made_twice(
    tmp_path: Path, postgres_storage_url: str
) -> None:
    urls = [f"sqlite:{tmp_path / 'motcua.db'}", postgres_storage_url]

    found = await asyncio.gather(*map(followed, urls))

    print("\nfrom SIGKILL to the next step: " + ", ".join(f"{seconds:.1f} s" for seconds, _ in found))
    for seconds, moves in found:
        assert seconds <= TAKE_OVER
        # A step a second, and one percent each.
        assert len(moves) <= (moves[-1].at - moves[0].at).total_seconds() + 2
        assert [move.before - move.after for move in moves] == [1] * len(moves)
        assert [move.before for move in moves] == list(range(100, 100 - len(moves), -1))


async def followed(url: str) -> tuple[float, list[Move]]:
    """Seconds from the death of who moves weights to the next step of another, and all steps in their order."""
    async with open_storage(url) as storage:
        await storage.migrate()
        await fares_badly(storage)
        async with watching(url, "one") as one, watching(url, "two") as two:
            holder = await who_moves(one, two)
            await more_than(storage, 1)
            holder.kill()
            await holder.wait()
            died_at = time.monotonic()
            await more_than(storage, len(await moves_in(storage)))
            return time.monotonic() - died_at, await moves_in(storage)


async def fares_badly(storage: Storage) -> None:
    """Gateway a answers with errors."""
    now, later = utc_now(), utc_now() + timedelta(days=1)
    items = [message(channel="default", created_at=now, next_at=now, expires_at=later) for _ in range(BAD)]
    await storage.write(lambda tx: tx.outbox.enqueue(items))
    claimed = await storage.write(
        lambda tx: tx.outbox.claim("default", gateway="a", owner="o", now=now, lease_until=later, limit=BAD)
    )
    assert len(claimed) == BAD
    settled = [
        Settlement(item_id=each.item.id, owner="o", state=DeliveryState.QUEUED, at=now, next_at=later)
        for each in claimed
    ]
    await storage.write(lambda tx: tx.outbox.settle(settled))


async def moves_in(storage: Storage) -> list[Move]:
    """In the order of time."""
    return sorted(await storage.read(lambda tx: tx.routing.moves(limit=1000)), key=lambda move: move.at)


async def more_than(storage: Storage, number: int) -> None:
    """Returns when so many steps, and one more, have been made."""
    async with asyncio.timeout(30):
        while len(await moves_in(storage)) <= number:
            await asyncio.sleep(0.05)


async def who_moves(one: Process, two: Process) -> Process:
    lines = {asyncio.ensure_future(said(each)): each for each in (one, two)}
    done, waiting = await asyncio.wait(lines, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert len(done) == 1
    for each in waiting:
        each.cancel()
    await asyncio.wait(waiting)
    return lines[done.pop()]


async def said(process: Process) -> str:
    assert process.stdout
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode().strip()


@asynccontextmanager
async def watching(url: str, owner: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, weighing_process.__file__, url, owner,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    try:
        assert await said(process) == "ready"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
