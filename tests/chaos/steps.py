"""Places at which a process of the service dies: counted and struck from outside, around the storage and the channels.

Nothing in the product knows of it. A process that serves is given a sheet, a file in shared memory on which somebody
else writes the step at which it is to die; it compares at each step and ends itself with SIGKILL.
"""

import asyncio
import json
import mmap
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from bot.model.message import InboundMessage, OutboxItem, Outcome, Receipt
from bot.ports import Batch, Channel, Deliver, Source, Storage

SHEET_BYTES = 256
BEFORE, INSIDE, COMMIT, AFTER, DURING = "before", "inside", "commit", "after", "during"
"""`inside`: all statements done, nothing committed; `commit`: within a few milliseconds of asking for the commit;
`during`: within a few milliseconds of letting it leave."""

FLOWS = (
    "answer api", "answer push", "answer webhook", "hear sms", "hear telegram", "offset telegram", "read asked",
    "send sms", "send telegram", "send hook", "write api_joining.", "write broadcast_handing.",
    "write claims.Claims._claim_from", "write conversation.", "write deadlines.", "write leading.Posts._take",
    "write mirror.", "write receipts.", "write settler.",
)  # fmt: skip
"""What makes, moves and ends messages: a long run in which one of these was never passed, or one of its steps was
nobody's death, has shown too little. Whatever else writes is struck too, and counted: some of it comes once a minute,
or where a commit's answer was lost."""

_LATEST = 0.004
"""Seconds after which a death in the middle of something has come."""


def is_vital(step: str) -> bool:
    return step.startswith(FLOWS)


def step_name(what: str, place: str) -> str:
    return f"{what}: {place}"


@dataclass
class Sheet:
    """What a process is to die of, as its killer writes it: `NUMBER|STEP`, the number of times that it still passes."""

    memory: mmap.mmap

    @classmethod
    def at(cls, path: Path) -> "Sheet":
        if not path.exists():
            path.write_bytes(bytes(SHEET_BYTES))
        with path.open("r+b") as file:
            return cls(mmap.mmap(file.fileno(), SHEET_BYTES))

    def order(self, step: str, *, passes: int = 0) -> None:
        line = f"{passes}|{step}".encode()
        self.memory[: len(line) + 1] = line + b"\0"

    def wipe(self) -> None:
        self.memory[:SHEET_BYTES] = bytes(SHEET_BYTES)

    @property
    def ordered(self) -> tuple[str, int] | None:
        if not self.memory[0]:
            return None
        passes, _, step = bytes(self.memory[:SHEET_BYTES]).split(b"\0", 1)[0].decode().partition("|")
        return step, int(passes)


class Walk:
    """The way of one process through its steps, up to its death."""

    def __init__(self, slot: str, sheet: Sheet, log: Path) -> None:
        """`log` gets a line for each step the first time that it is passed, and one for the death."""
        self._slot = slot
        self._sheet = sheet
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._passed: set[str] = set()

    def say(self, event: str) -> None:
        self._note(event, "")

    def pass_by(self, what: str, place: str) -> None:
        """Dies here if it was told so."""
        step = step_name(what, place)
        if step not in self._passed:
            self._passed.add(step)
            self._note("passed", step)
        if self._is_struck(step):
            self._die(step)

    def begin(self, what: str, place: str) -> None:
        """What follows goes on for a while: dies in the middle of it if it was told so."""
        step = step_name(what, place)
        if step not in self._passed:
            self._passed.add(step)
            self._note("passed", step)
        if self._is_struck(step):
            asyncio.get_running_loop().call_later(random.uniform(0, _LATEST), self._die, step)

    def _is_struck(self, step: str) -> bool:
        ordered = self._sheet.ordered
        if ordered is None or ordered[0] != step:
            return False
        if ordered[1]:
            self._sheet.order(step, passes=ordered[1] - 1)
            return False
        return True

    def _die(self, step: str) -> None:
        self._note("died", step)
        os.kill(os.getpid(), signal.SIGKILL)

    def _note(self, event: str, step: str) -> None:
        line = json.dumps({"event": event, "slot": self._slot, "pid": os.getpid(), "step": step})
        os.write(self._log, line.encode() + b"\n")


def flow_of(work: Callable[..., Any]) -> str:
    """Who writes: module and function of the work, through the wrappers of the fences."""
    while True:
        if isinstance(work, partial):
            work = work.func
        elif work.__qualname__.endswith(".fenced"):
            work = (work.__closure__ or ())[work.__code__.co_freevars.index("work")].cell_contents
        else:
            break
    name = work.__qualname__.replace(".<locals>", "").removesuffix(".<lambda>").removesuffix(".work")
    module = (work.__module__ or "").removeprefix("bot.")
    return f"{module}.{name}"


class DyingStorage:
    """`Storage`, each of whose writes is four steps."""

    def __init__(self, storage: Storage, walk: Walk) -> None:
        self._storage = storage
        self._walk = walk

    async def write(self, work: Callable[..., Awaitable[Any]]) -> Any:
        flow = f"write {flow_of(work)}"
        self._walk.pass_by(flow, BEFORE)

        async def watched(tx: Any) -> Any:
            done = await work(tx)
            self._walk.pass_by(flow, INSIDE)
            self._walk.begin(flow, COMMIT)
            return done

        written = await self._storage.write(watched)
        self._walk.pass_by(flow, AFTER)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


class DyingSender:
    def __init__(self, name: str, sender: Any, walk: Walk) -> None:
        self._what = f"send {name}"
        self._sender = sender
        self._walk = walk

    async def send(self, item: OutboxItem) -> Outcome:
        self._walk.pass_by(self._what, BEFORE)
        self._walk.begin(self._what, DURING)
        outcome: Outcome = await self._sender.send(item)
        self._walk.pass_by(self._what, AFTER)
        return outcome

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sender, name)


class DyingListener:
    """After `deliver`: what was heard is stored, and its provider does not know it yet."""

    def __init__(self, name: str, listener: Any, walk: Walk) -> None:
        self._what = f"hear {name}"
        self._listener = listener
        self._walk = walk

    async def listen(self, deliver: Deliver) -> None:
        async def watched(events: Sequence[Receipt | InboundMessage]) -> None:
            self._walk.pass_by(self._what, BEFORE)
            await deliver(events)
            self._walk.pass_by(self._what, AFTER)

        await self._listener.listen(watched)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)


class DyingSource:
    def __init__(self, name: str, source: Any, walk: Walk) -> None:
        self._what = f"read {name}"
        self._source = source
        self._walk = walk

    async def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        self._walk.pass_by(self._what, BEFORE)
        async for batch in self._source.batches(cursor):
            self._walk.pass_by(self._what, INSIDE)
            yield batch
        self._walk.pass_by(self._what, AFTER)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


def dying_channel(channel: Channel, walk: Walk) -> Channel:
    listener = DyingListener(channel.name, channel.listener, walk) if channel.listener else None
    return replace(channel, sender=DyingSender(channel.name, channel.sender, walk), listener=listener)


def dying_source(source: Source, walk: Walk) -> Source:
    return replace(source, source=DyingSource(source.name, source.source, walk)) if source.source else source


def opening(open_it: Callable[..., Any], change: Callable[[Any, Walk], Any], walk: Walk) -> Callable[..., Any]:
    """The same way to open something, and what comes of it is made mortal."""

    @asynccontextmanager
    async def opened(*args: Any, **named: Any) -> AsyncIterator[Any]:
        async with open_it(*args, **named) as it:
            yield change(it, walk)

    return opened
