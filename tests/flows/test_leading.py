"""Jobs that one process does at a time, on both databases that several processes can share."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from bot.beats import Beats
from bot.leading import Post, Posts
from bot.model.clock import utc_now
from bot.model.errors import FencedError, StorageError
from bot.ports import Storage, Transaction
from storage import open_storage
from tests.flows import holding_process

T = TypeVar("T")

LEASE, RENEW = 1.2, 0.15
"""Seconds; a holder stops by itself a quarter of the lease before its end."""
TAKE_OVER = 10.0
"""Seconds within which somebody else does what a killed process did."""


@pytest.fixture(params=["sqlite", "postgres"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that nobody has migrated yet, or of an empty one."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_storage_url"))
    return f"sqlite:{tmp_path / 'motcua.db'}"


class Line:
    """The way to the database, which a test can cut: then it answers by errors, or not at all."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.cut = ""

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        await self._way()
        return await self._storage.write(work)

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        await self._way()
        return await self._storage.read(work)

    async def _way(self) -> None:
        if self.cut == "refused":
            raise StorageError("the test has cut the line")
        if self.cut == "silent":
            await asyncio.Event().wait()

    def woken(self, channel: str) -> asyncio.Event:
        return self._storage.woken(channel)

    def feeds(self, queue: str, channels: Collection[str]) -> None:
        self._storage.feeds(queue, channels)

    async def migrate(self) -> list[str]:
        return await self._storage.migrate()

    async def pending_migrations(self) -> list[str]:
        return await self._storage.pending_migrations()


@dataclass
class Machine:
    """A process that wants the job, with a storage of its own."""

    owner: str
    line: Line
    beats: Beats
    posts: Posts
    begun: asyncio.Queue[Post] = field(default_factory=asyncio.Queue)
    ended_at: list[float] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    def apply(self, work: Callable[[Post], Awaitable[None]] | None = None) -> None:
        async def do(post: Post) -> None:
            self.begun.put_nowait(post)
            try:
                await (work(post) if work else asyncio.Event().wait())
            finally:
                self.ended_at.append(time.monotonic())

        self.task = asyncio.create_task(self.posts.hold("job", do))

    async def stop(self) -> None:
        if self.task:
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task

    async def works(self, within: float = 5.0) -> Post:
        async with asyncio.timeout(within):
            return await self.begun.get()


@dataclass
class Hall:
    """Machines over one database."""

    url: str
    stack: AsyncExitStack
    machines: list[Machine] = field(default_factory=list)

    async def machine(self, owner: str) -> Machine:
        storage = await self.stack.enter_async_context(open_storage(self.url))
        await storage.migrate()
        line, beats = Line(storage), Beats(utc_now, owner)
        posts = Posts(line, clock=utc_now, owner=owner, beats=beats, lease=LEASE, renew=RENEW)
        self.machines.append(Machine(owner, line, beats, posts))
        return self.machines[-1]


@pytest.fixture
async def hall(shared_url: str) -> AsyncIterator[Hall]:
    async with AsyncExitStack() as stack:
        made = Hall(shared_url, stack)
        yield made
        for each in made.machines:
            each.line.cut = ""
            await each.stop()


async def note(storage: Storage, text: str) -> None:
    await storage.write(lambda tx: tx.sources.fail("office", text, at=utc_now()))


async def noted(storage: Storage) -> str:
    failures = await storage.read(lambda tx: tx.sources.failures())
    return failures["office"].reason if "office" in failures else ""


async def test_one_does_the_job_and_gives_it_back_when_it_stops(hall: Hall) -> None:
    here, there = await hall.machine("here"), await hall.machine("there")
    here.apply()
    first = await here.works()
    there.apply()

    await asyncio.sleep(2 * LEASE)
    waited = there.begun.empty()
    await here.stop()
    holders = await there.line.read(lambda tx: tx.leases.holders(["job"], now=utc_now()))
    second = await there.works()

    assert waited, "two did the job at once"
    assert holders.get("job") != "here", "the job was not given back, it runs out"
    assert second.storage is not first.storage
    assert here.posts.held == {}
    assert list(there.posts.held) == ["job"]


@pytest.mark.parametrize("cut", ["refused", "silent"])
async def test_who_cannot_renew_stops_before_another_begins(hall: Hall, cut: str) -> None:
    here, there = await hall.machine("here"), await hall.machine("there")
    here.apply()
    await here.works()
    there.apply()

    here.line.cut = cut
    await there.works()
    taken_at = time.monotonic()

    assert here.ended_at
    assert here.ended_at[0] < taken_at
    assert here.posts.held == {}


async def test_a_database_that_is_back_in_time_costs_nobody_the_job(hall: Hall) -> None:
    here = await hall.machine("here")
    here.apply()
    await here.works()

    here.line.cut = "refused"
    await asyncio.sleep(2 * RENEW)
    here.line.cut = ""
    await asyncio.sleep(LEASE)

    assert here.ended_at == []
    assert here.posts.holds("job")


async def test_what_a_former_holder_still_writes_is_refused_and_ends_its_work(hall: Hall) -> None:
    here, there = await hall.machine("here"), await hall.machine("there")
    refusals: list[BaseException] = []

    async def stubborn(post: Post) -> None:
        """As every watcher does: whatever goes wrong is logged, and the next round tries again."""
        while True:
            try:
                await note(post.storage, "here")
            except StorageError as error:
                refusals.append(error)
            await asyncio.sleep(0.01)

    here.apply(stubborn)
    await here.works()
    await asyncio.sleep(2 * RENEW)
    # The holder stood still for a while, as a machine that was suspended does, and another one was quicker.
    await there.line.write(lambda tx: tx.leases.give_back("job", owner="here"))
    there.apply(lambda post: note(post.storage, "there"))
    new = await there.works()
    async with asyncio.timeout(20):
        while here.posts.held:
            await asyncio.sleep(0.01)
    await note(new.storage, "there")

    assert len(here.ended_at) == 1
    assert all(isinstance(each, FencedError) for each in refusals)
    assert await noted(there.line) == "there"


async def test_a_post_of_yesterday_writes_nothing(hall: Hall) -> None:
    here, there = await hall.machine("here"), await hall.machine("there")
    here.apply()
    old = await here.works()
    await here.stop()
    there.apply()
    new = await there.works()

    await note(new.storage, "there")
    with pytest.raises(FencedError):
        await note(old.storage, "here")

    assert await noted(there.line) == "there"


async def test_work_that_fails_is_begun_anew_and_is_missed_all_the_same(hall: Hall) -> None:
    here = await hall.machine("here")
    rounds = 0

    async def failing(post: Post) -> None:
        nonlocal rounds
        rounds += 1
        post.signs.of("job", every=10)
        raise ValueError("a mistake of ours")

    here.apply(failing)
    await here.works()
    first = here.beats.ages()["job"]
    await here.works()
    await here.works()
    age = here.beats.ages()["job"]
    await here.stop()

    assert rounds >= 3
    assert age > first + RENEW, "each new beginning counted as a sign of life"
    assert here.beats.ages() == {}, "a job that is done elsewhere would be missed here"


async def test_work_that_fails_while_it_is_given_up_has_ended(hall: Hall) -> None:
    """A group of tasks of which one fails at the end raises the failure, and the order to end is lost with it."""
    machine, begun, ended = await hall.machine("here"), asyncio.Event(), 0

    async def fail() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise StorageError("the connection is gone")

    async def work(_: Post) -> None:
        nonlocal ended
        begun.set()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fail())
        finally:
            ended += 1

    holding = asyncio.create_task(machine.posts.hold("job", work))
    await begun.wait()
    holding.cancel()
    async with asyncio.timeout(20):
        await asyncio.wait([holding])
    holders = await machine.line.read(lambda tx: tx.leases.holders(["job"], now=utc_now()))

    assert ended == 1
    assert holders == {}


@pytest.mark.slow
@pytest.mark.timeout(60)
async def test_a_killed_process_is_followed_within_ten_seconds_and_one_that_stops_at_once(
    tmp_path: Path, postgres_storage_url: str
) -> None:
    urls = [f"sqlite:{tmp_path / 'motcua.db'}", postgres_storage_url]
    for url in urls:
        async with open_storage(url) as storage:
            await storage.migrate()

    found = await asyncio.gather(*map(followed, urls))

    for after_kill, after_stop in found:
        print(f"\nafter SIGKILL {after_kill:.1f} s, after SIGTERM of its successor {after_stop:.1f} s")
        assert after_kill <= TAKE_OVER
        assert after_stop <= TAKE_OVER / 2


async def followed(url: str) -> tuple[float, float]:
    """Seconds until another process has the job: after a SIGKILL, and after a stop in order."""
    async with candidate(url, "one") as one, candidate(url, "two") as two:
        holder, other = await first_of(one, two)
        holder.kill()
        begun = time.monotonic()
        await said(other)
        after_kill = time.monotonic() - begun
        async with candidate(url, "three") as three:
            other.terminate()
            begun = time.monotonic()
            await said(three)
            return after_kill, time.monotonic() - begun


@asynccontextmanager
async def candidate(url: str, owner: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, holding_process.__file__, url, owner,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    try:
        assert await said(process) == "ready"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def first_of(one: Process, two: Process) -> tuple[Process, Process]:
    """Who has the job, and who waits."""
    lines = {asyncio.ensure_future(said(each)): each for each in (one, two)}
    done, waiting = await asyncio.wait(lines, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert len(done) == 1
    for each in waiting:
        each.cancel()
    await asyncio.wait(waiting)
    return lines[done.pop()], lines[waiting.pop()]


async def said(process: Process) -> str:
    assert process.stdout
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode().strip()
