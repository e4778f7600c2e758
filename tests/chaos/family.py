"""Processes of the service and simulators for a drill, each in its own network if the drill has networks, each with
its own wall clock. They are forked by the zygote, and end with the drill."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.roles import Role
from tests.chaos.surroundings import WallClock

_STARTS_WITHIN = 60.0
_LISTENS = "0A"
"""State of a listening socket in /proc/net/tcp."""


@dataclass
class Child:
    """One forked process."""

    name: str
    pid: int
    log: Path
    wall: WallClock
    dead: asyncio.Event = field(default_factory=asyncio.Event)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


class Family:
    """All that was forked for one drill."""

    def __init__(self, place: Path, process: asyncio.subprocess.Process) -> None:
        self._place = place
        self._process = process
        self._born: dict[str, asyncio.Future[int]] = {}
        self._children: dict[int, Child] = {}
        self._killed: set[int] = set()

    async def serve(
        self, name: str, config: Mapping[str, Any], *, roles: Collection[Role] = tuple(Role), network: str = ""
    ) -> Child:
        """A process of the service, once it serves."""
        path, steps = self._place / f"{name}.json", self._place / f"{name}.steps"
        path.write_text(json.dumps(config, default=str), encoding="utf-8")
        order = {
            "slot": name, "config": str(path), "roles": sorted(roles), "sheet": str(self._place / f"{name}.sheet"),
            "steps": str(steps), **self._surroundings(name, network),
        }  # fmt: skip
        steps.unlink(missing_ok=True)
        child = await self._fork(name, order)
        await _until(child, lambda: steps.exists() and '"serving"' in steps.read_text(encoding="utf-8"))
        return child

    async def simulate(self, kind: str, table: Mapping[str, Any], *, network: str = "", name: str = "") -> Child:
        """A simulator, once it listens on all its ports."""
        name = name or kind
        order = {"slot": name, "simulate": kind, "table": dict(table), **self._surroundings(name, network)}
        child = await self._fork(name, order)
        ports = [value for key, value in table.items() if key in ("port", "control_port")]
        await _until(child, lambda: all(_is_heard(child.pid, port) for port in ports))
        return child

    def look(self) -> None:
        """Raises where a child has died of nobody's kill."""
        for child in self._children.values():
            if child.dead.is_set() and child.pid not in self._killed:
                raise AssertionError(f"{child.name} ended: {child.said()[-3000:]}")

    async def kill(self, child: Child) -> None:
        self._killed.add(child.pid)
        self._say({"kill": child.pid})
        await child.dead.wait()

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            event = json.loads(line)
            if event["event"] == "born":
                self._born.pop(event["slot"]).set_result(event["pid"])
            elif child := self._children.get(event["pid"]):
                child.dead.set()

    def _surroundings(self, name: str, network: str) -> dict[str, Any]:
        return {
            "log": str(self._place / f"{name}.log"),
            "wall": str(self._place / f"{name}.wall"),
            "network": network,
        }

    async def _fork(self, name: str, order: dict[str, Any]) -> Child:
        wall = WallClock(Path(order["wall"]))
        born = self._born[name] = asyncio.get_running_loop().create_future()
        self._say(order)
        try:
            async with asyncio.timeout(_STARTS_WITHIN):
                pid = await born
        except TimeoutError:
            said = (self._place / "zygote.log").read_text(encoding="utf-8", errors="replace")
            ended = self._process.returncode
            raise AssertionError(f"{name} was not born; the zygote (exit code {ended}) said: {said[-3000:]}") from None
        child = self._children[pid] = Child(name, pid, Path(order["log"]), wall)
        return child

    def _say(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order, default=str).encode() + b"\n")


@asynccontextmanager
async def family(place: Path) -> AsyncIterator[Family]:
    """`place`: where their configurations and logs are."""
    with (place / "zygote.log").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.chaos.zygote",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )  # fmt: skip
    made = Family(place, process)
    listening = asyncio.ensure_future(made.listen())
    try:
        yield made
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        listening.cancel()
        await asyncio.wait([listening])


async def _until(child: Child, true: Any) -> None:
    try:
        async with asyncio.timeout(_STARTS_WITHIN):
            while not true():
                if child.dead.is_set():
                    raise AssertionError(f"{child.name} ended: {child.said()[-3000:]}")
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{child.name} did not start: {child.said()[-3000:]}") from None


def _is_heard(pid: int, port: int) -> bool:
    """Whether somebody listens on the port in the network of that process."""
    lines = Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return any(words[1].endswith(f":{port:04X}") and words[3] == _LISTENS for words in map(str.split, lines))
