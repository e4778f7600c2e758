"""Two processes keep the tokens, and the one that renews them dies by SIGKILL: the pair survives, exchanged once."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.channels import zalo
from adapters.channels.zalo.grant import Grant
from adapters.channels.zalo.watch import EVERY
from bot.leading import LEASE, RENEW
from bot.model.clock import utc_now
from bot.ports import Storage
from bot.vaults import vault_for
from storage import open_storage
from tests.adapters.zalo import renewing
from tests.adapters.zalo.support import NAME, REFRESH, Zalo, grant, settings_for, simulated

Moment = Callable[[Zalo, int, Path], Awaitable[None]]
"""Returns when the process that asks is to be killed."""

TAKE_OVER = 10.0
"""Seconds within which another process must have the new pair in the vault."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Of the processes, in seconds."""

    lease: float = 1.0
    renew: float = 0.2
    every: float = 0.05

    @property
    def words(self) -> tuple[str, ...]:
        return str(self.lease), str(self.renew), str(self.every)


QUICK, AS_THEY_ARE = Turns(), Turns(LEASE, RENEW, EVERY)


@pytest.mark.slow
async def test_the_pair_survives_when_its_process_dies_between_request_and_answer(tmp_path: Path) -> None:
    async with simulated() as simulation:
        await simulation.fault(refresh_delay=0.5)

        kept = await survived(f"sqlite:{tmp_path / 'motcua.db'}", simulation, tmp_path / "spool", moment=asked)

        await judge(kept, simulation, tmp_path)


@pytest.mark.slow
async def test_the_same_when_it_dies_with_the_answer_written_and_not_stored(tmp_path: Path) -> None:
    async with simulated() as simulation:
        await simulation.fault(refresh_delay=0.3)

        kept = await survived(f"sqlite:{tmp_path / 'motcua.db'}", simulation, tmp_path / "spool", moment=written)

        await judge(kept, simulation, tmp_path)


@pytest.mark.slow
async def test_the_same_on_postgresql(postgres_storage_url: str, tmp_path: Path) -> None:
    async with simulated() as simulation:
        await simulation.fault(refresh_delay=0.5)

        kept = await survived(postgres_storage_url, simulation, tmp_path / "spool", moment=asked)

        await judge(kept, simulation, tmp_path)


@pytest.mark.slow
async def test_who_is_killed_while_it_renews_is_followed_within_ten_seconds(
    tmp_path: Path, postgres_storage_url: str
) -> None:
    urls = {"sqlite": f"sqlite:{tmp_path / 'motcua.db'}", "postgres": postgres_storage_url}

    seconds = await asyncio.gather(*(followed(url, tmp_path / name) for name, url in urls.items()))

    print("\nfrom SIGKILL to the new pair in the vault: " + ", ".join(f"{each:.1f} s" for each in seconds))
    assert max(seconds) <= TAKE_OVER


async def followed(url: str, place: Path) -> float:
    """Seconds from the death of who asked until the other one has stored the pair; it was asked for once."""
    place.mkdir()
    deaths: list[float] = []

    async def asked_at(simulation: Zalo, pid: int, spool: Path) -> None:
        await asked(simulation, pid, spool)
        deaths.append(time.monotonic())

    async with simulated() as simulation:
        await simulation.fault(refresh_delay=0.5)
        await survived(url, simulation, place / "spool", moment=asked_at, turns=AS_THEY_ARE)
        seconds = time.monotonic() - deaths[0]
        assert await simulation.rotations() == 1
        return seconds


async def asked(simulation: Zalo, pid: int, spool: Path) -> None:
    """Zalo has got the request and changed the pair; its answer is still to come."""
    while await simulation.rotations() == 0:
        await asyncio.sleep(0.002)
    assert not list(spool.glob("*.json"))


async def written(simulation: Zalo, pid: int, spool: Path) -> None:
    """The answer lies in the spool, and the process had no time to take it from there."""
    await asked(simulation, pid, spool)
    os.kill(pid, signal.SIGSTOP)
    while not list(spool.glob("*.json")):
        await asyncio.sleep(0.002)


async def judge(kept: Grant, simulation: Zalo, place: Path) -> None:
    """One exchange, and its pair works: with it Zalo takes calls, and gives the next pair."""
    assert await simulation.rotations() == 1
    assert kept.refresh_token != REFRESH
    assert kept.attempt is None
    async with open_storage(f"sqlite:{place / 'another.db'}") as storage:
        await storage.migrate()
        vault = vault_for(storage, NAME, clock=utc_now)
        await vault.keep(kept.text)
        await simulation.fault(refresh_delay=0)
        assert "kết nối được" in await zalo.check(settings_for(simulation.base, place / "spool"), vault=vault)
        async with zalo.open(
            NAME,
            settings_for(simulation.base, place / "spool"),
            vault=vault,
            clock=lambda: utc_now() + timedelta(days=3),
            every=0.05,
        ) as channel:
            assert channel.listener
            listening = asyncio.create_task(channel.listener.listen(renewing.deliver))
            async with asyncio.timeout(10):
                while await simulation.rotations() < 2:
                    await asyncio.sleep(0.05)
            listening.cancel()
            await asyncio.wait([listening])


async def survived(url: str, simulation: Zalo, spool: Path, *, moment: Moment, turns: Turns = QUICK) -> Grant:
    """Kills whoever asks Zalo for a new pair, at that moment; what the other one then has in the vault."""
    async with open_storage(url) as storage:
        await storage.migrate()
        due = grant(utc_now(), hours=1, age=24)
        await vault_for(storage, NAME, clock=utc_now).keep(due.text)
        async with process(url, simulation, spool, turns) as one, process(url, simulation, spool, turns) as other:
            asking = await who_asks([one, other])
            async with asyncio.timeout(10):
                await moment(simulation, asking.pid, spool)
            assert (await kept_in(storage)).refresh_token == REFRESH
            os.kill(asking.pid, signal.SIGKILL)
            await asking.wait()
            assert asking.returncode == -signal.SIGKILL
            return await renewed(storage)


async def renewed(storage: Storage) -> Grant:
    """The new pair, as soon as it is in the vault and nothing is open any more."""
    async with asyncio.timeout(20):
        while (kept := await kept_in(storage)).refresh_token == REFRESH:
            await asyncio.sleep(0.02)
    return kept


async def kept_in(storage: Storage) -> Grant:
    kept = Grant.read(await vault_for(storage, NAME, clock=utc_now).read())
    assert kept
    return kept


async def who_asks(processes: list[asyncio.subprocess.Process]) -> asyncio.subprocess.Process:
    """The one whose child the refresher is."""
    async with asyncio.timeout(20):
        while True:
            for each in processes:
                if any(b"refresher.py" in arguments for arguments in children_of(each.pid)):
                    return each
            await asyncio.sleep(0.002)


def children_of(pid: int) -> list[bytes]:
    """Their arguments; a child that has just gone has none."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            found.append(Path(f"/proc/{child}/cmdline").read_bytes())
        except OSError:
            continue
    return found


@asynccontextmanager
async def process(url: str, simulation: Zalo, spool: Path, turns: Turns) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, renewing.__file__, url, simulation.base, str(spool), *turns.words),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()
