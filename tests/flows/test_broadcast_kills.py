"""Two processes hand a broadcast out and are killed with SIGKILL at random moments: everybody has one message."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.ledger import balance
from bot.model.broadcast import BroadcastState
from bot.model.message import DeliveryState
from storage import open_storage
from tests.flows import killed_expander
from tests.flows.broadcasting import MORNING, office_over
from tests.support.making import Time

PEOPLE = 8_000


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_killed_at_random_moments_it_goes_on_where_it_was(tmp_path: Path) -> None:
    await survive(f"sqlite:{tmp_path / 'motcua.db'}", kills=5)


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_the_same_on_postgresql(postgres_storage_url: str) -> None:
    await survive(postgres_storage_url, kills=5)


async def survive(url: str, *, kills: int) -> None:
    async with open_storage(url) as storage:
        await storage.migrate()
        office = office_over(storage, Time(MORNING), waiting=20_000)
        approved = await office.approved(await office.listed(PEOPLE))
        for patience in (1, 3, 9):  # a slow machine has handed nothing out yet
            await killed(url, kills, patience)
            half_way = await office.seen(approved)
            if half_way.handed_out:
                break

        await office.look(2 + PEOPLE // 500)

        seen = await office.seen(approved)
        states = await office.states(approved)
        assert half_way.handed_out > 0, "the kills came too early to show anything"
        assert (seen.state, seen.handed_out) == (BroadcastState.RUNNING, PEOPLE)
        assert states == {DeliveryState.QUEUED: PEOPLE}
        assert (await balance(storage)).balanced


async def killed(url: str, kills: int, patience: float) -> None:
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, killed_expander.__file__, url, str(kills), "2026", str(patience)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert int(out) == 2 * kills
