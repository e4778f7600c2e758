"""Keeps the processes of a run through the zygote: who lives, who has died of what, who passed which step."""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.house import House, Slot, simulators
from tests.chaos.steps import Sheet, is_vital

TAIL_EVERY = 0.02
_SERVES_WITHIN = 60.0


class EndedByItselfError(AssertionError):
    """A process of the service died of nobody's kill."""


@dataclass
class Life:
    """One process from birth to death."""

    pid: int
    serving: asyncio.Event = field(default_factory=asyncio.Event)
    dead: asyncio.Event = field(default_factory=asyncio.Event)
    born: float = field(default_factory=time.monotonic)
    signal: int = 0
    step: str = ""
    """At which it died, where it was told to."""


class Keeper:
    """Talks to the zygote."""

    def __init__(self, house: House, process: asyncio.subprocess.Process) -> None:
        self._house = house
        self._process = process
        self._born: dict[str, asyncio.Future[int]] = {}
        self._early: set[int] = set()
        """Processes that said that they serve before we read of their birth."""
        self.lives: dict[int, Life] = {}
        self.passed: defaultdict[str, set[str]] = defaultdict(set)
        """Steps by the name of the slot whose process passed them."""
        self.struck: Counter[str] = Counter()
        """Deaths by step."""
        self.where: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """The same by step and slot."""
        self._sheets = {slot.name: Sheet.at(house.folder / f"{slot.name}.sheet") for slot in house.slots}

    @property
    def untouched(self) -> list[str]:
        """Steps on the way of a message that processes passed, and at which none has died yet."""
        passed = {step for steps in self.passed.values() for step in steps}
        return sorted(step for step in passed if is_vital(step) and not self.struck[step])

    def sheet(self, slot: Slot) -> Sheet:
        return self._sheets[slot.name]

    async def serve(self, slot: Slot, *, dies_at: str = "", passes: int = 0) -> Life:
        """A new process in the slot; it may still be starting. `dies_at`: a step, after so many times of passing it."""
        self.sheet(slot).wipe()
        if dies_at:
            self.sheet(slot).order(dies_at, passes=passes)
        folder, name = self._house.folder, slot.name
        order = {
            "slot": name, "roles": sorted(slot.roles), "config": str(folder / f"{name}.json"),
            "log": str(folder / f"{name}.log"), "sheet": str(folder / f"{name}.sheet"),
            "steps": str(folder / "steps.jsonl"),
        }  # fmt: skip
        return await self._fork(order)

    async def simulate(self, name: str) -> Life:
        kind, table = simulators(self._house)[name]
        order = {"slot": name, "simulate": kind, "table": table, "log": str(self._house.folder / f"{name}.log")}
        life = await self._fork(order)
        await _listens(table["port"])
        if control := table.get("control_port"):
            await _listens(control)
        return life

    async def kill(self, life: Life) -> None:
        self._say({"kill": life.pid})
        await life.dead.wait()

    async def _fork(self, order: dict[str, Any]) -> Life:
        born: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._born[order["slot"]] = born
        self._say(order)
        return self.lives[await born]

    def _say(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")

    async def listen(self) -> None:
        """Until the zygote ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            event = json.loads(line)
            if event["event"] == "born":
                life = self.lives[event["pid"]] = Life(event["pid"])
                if event["pid"] in self._early:
                    life.serving.set()
                self._born.pop(event["slot"]).set_result(event["pid"])
                continue
            life = self.lives[event["pid"]]
            life.signal = event["signal"]
            life.dead.set()
        raise EndedByItselfError("the zygote ended")

    async def follow_steps(self) -> None:
        """Until cancelled."""
        path = self._house.folder / "steps.jsonl"
        path.touch()
        with path.open(encoding="utf-8") as file:
            while True:
                for line in file:
                    self._note(json.loads(line))
                await asyncio.sleep(TAIL_EVERY)

    def _note(self, event: dict[str, Any]) -> None:
        life = self.lives.get(event["pid"])
        match event["event"]:
            case "serving" if life:
                life.serving.set()
            case "serving":
                # Where both were said since we looked last, its birth is read second.
                self._early.add(event["pid"])
            case "passed":
                self.passed[event["slot"]].add(event["step"])
            case "died" if life:
                life.step = event["step"]
                self.struck[event["step"]] += 1
                self.where[event["step"]][event["slot"]] += 1


@asynccontextmanager
async def keeping(house: House) -> AsyncIterator[Keeper]:
    """The zygote and all that it has forked end here."""
    with (house.folder / "zygote.log").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.chaos.zygote",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )  # fmt: skip
    keeper = Keeper(house, process)
    tasks = [asyncio.ensure_future(keeper.listen()), asyncio.ensure_future(keeper.follow_steps())]
    try:
        yield keeper
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _listens(port: int) -> None:
    async with asyncio.timeout(_SERVES_WITHIN):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.01)
