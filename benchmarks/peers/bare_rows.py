"""The rows of the bare pipeline: in a process of its own, as all the others."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.peers.ours import requests
from benchmarks.peers.stage import Centre, Figures, by_http, by_itself
from bot.demo.processes import end, free_ports

_NO_KEY = "-"


class Running:
    """The process, ready for messages."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        assert process.stdin
        self._said, self._told, self.pid = process.stdout, process.stdin, process.pid

    async def begin(self) -> float:
        self._told.write(b"go\n")
        return float(json.loads(await self._said.readline())["began"])

    async def ended(self) -> tuple[float, int]:
        """When all was planned, and how many messages are delivered by its table."""
        told = json.loads(await asyncio.wait_for(self._said.readline(), 30))
        return float(told["planned"]), int(told["delivered"])

    async def ready(self, log: Path) -> None:
        if await self._said.readline() != b"ready\n":
            raise RuntimeError(await asyncio.to_thread(log.read_text, encoding="utf-8"))


@asynccontextmanager
async def running(place: Path, *words: object) -> AsyncIterator[Running]:
    path = place / "bare.log"
    with path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.peers.bare", *map(str, words),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
        )  # fmt: skip
    try:
        bare = Running(process)
        await bare.ready(path)
        yield bare
    finally:
        await end(process)


async def run_itself(place: Path, url: str, at: Centre, count: int, servers: tuple[int, ...]) -> Figures:
    async with running(place, url, at.port, count) as bare:
        delivered = 0

        async def planned() -> float:
            nonlocal delivered
            moment, delivered = await bare.ended()
            return moment

        figures = await by_itself(at, count, bare.begin, planned, roots=[bare.pid, *servers])
        return figures if delivered == count else figures.failed(f"delivered: {delivered} of {count}")


async def run_http(place: Path, url: str, at: Centre, count: int, servers: tuple[int, ...]) -> Figures:
    """The requests are the same as ours; the key is not looked at."""
    port = free_ports(1)[0]
    async with running(place, url, at.port, count, port) as bare:
        figures = await by_http(at, port, requests(count, _NO_KEY), roots=[bare.pid, *servers])
        _, delivered = await bare.ended()
        return figures if delivered == count else figures.failed(f"delivered: {delivered} of {count}")
