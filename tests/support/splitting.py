"""The service split over real processes: `motcua run --roles …`, over one configuration and one database."""

import asyncio
import contextlib
import os
import re
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.demo.processes import free_port

_READY_WITHIN = 150.0
_ENDS_WITHIN = 20.0


@dataclass
class Part:
    """One process."""

    roles: str
    process: Process
    url: str
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """SIGKILL: no word to anybody."""
        self.process.kill()

    async def stop(self) -> int:
        """In order; its exit code."""
        if self.process.returncode is None:
            self.process.terminate()
        async with asyncio.timeout(_ENDS_WITHIN):
            return await self.process.wait()


@dataclass
class Split:
    """Where the parts run."""

    place: Path
    environment: Mapping[str, str]
    http: aiohttp.ClientSession

    def configure(self, text: str) -> None:
        (self.place / "config.toml").write_text(text, encoding="utf-8")

    @contextlib.asynccontextmanager
    async def part(self, roles: str) -> AsyncIterator[Part]:
        """Runs once it is ready; ended at the end, whatever became of it."""
        port = free_port()
        log = self.place / f"{roles.replace(',', '-')}-{port}.log"
        arguments = ["run", "-c", str(self.place / "config.toml"), "--roles", roles, "--port", str(port)]
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=errors, stderr=errors,
                env={**os.environ, **self.environment, "PYTHONPATH": str(Path.cwd())}, cwd=self.place,
            )  # fmt: skip
        part = Part(roles, process, f"http://127.0.0.1:{port}", log)
        try:
            await self._ready(part)
            yield part
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _ready(self, part: Part) -> None:
        async with asyncio.timeout(_READY_WITHIN):
            while part.process.returncode is None:
                with contextlib.suppress(aiohttp.ClientError):
                    async with self.http.get(f"{part.url}/readyz") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.1)
        raise AssertionError(f"{part.roles} did not start: {part.said[-2000:]}")


async def until(is_so: Callable[[], Any], *, within: float) -> float:
    """Seconds until the awaited answer is true."""
    begun = time.monotonic()
    async with asyncio.timeout(within):
        while not await is_so():
            await asyncio.sleep(0.05)
    return time.monotonic() - begun


def script_token(page: str) -> str:
    """What the page's own script shows with what it sends."""
    found = re.search(r'data-token="([^"]+)"', page)
    assert found, "the page holds no chat"
    return found[1]
