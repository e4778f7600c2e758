"""An SMS centre of another make: the npm package `smpp` under Node.js, driven by `smsc.js`."""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.sms_smpp.support import PASSWORD

_HERE = Path(__file__).parent
_LOCK = _HERE / "package-lock.json"
_PATIENCE = 20.0
"""Seconds for what mostly takes milliseconds."""


def version() -> str:
    """Changes with package-lock.json."""
    return hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]


def install(place: Path) -> Path:
    """Installs the package into a folder, where that was not done before. Skips, or fails with CI set, where Node.js
    or the package cannot be had."""
    if (place / "installed").exists():
        return place
    for name in (_LOCK.name, "package.json"):
        shutil.copy(_HERE / name, place)
    try:
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=place, check=True, capture_output=True, timeout=45, text=True,
        )  # fmt: skip
        subprocess.run(["node", "--version"], check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or error
        reason = f"Node.js with the package smpp could not be had, so our client met no foreign SMPP server: {said}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    (place / "installed").touch()
    return place


@dataclass
class NodeCentre:
    """A running `smsc.js`. `told` is all that it has said so far."""

    port: int
    process: asyncio.subprocess.Process
    told: list[dict[str, Any]] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def write(self, sender: str, to: str, text: str) -> None:
        """A citizen writes."""
        self._order({"mo": {"from": sender, "to": to, "text": text}})

    async def drop(self) -> None:
        """Cuts all links."""
        self._order({"drop": True})

    async def until(self, event: str, number: int = 1) -> list[dict[str, Any]]:
        """The events of this name, once there are so many."""
        async with asyncio.timeout(_PATIENCE), self._news:
            await self._news.wait_for(lambda: len(self.events(event)) >= number)
        return self.events(event)

    def events(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.told if line["event"] == event]

    async def listen(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            async with self._news:
                self.told.append(json.loads(line))
                self._news.notify_all()

    def _order(self, order: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order).encode() + b"\n")


@asynccontextmanager
async def node_centre(place: Path, **settings: Any) -> AsyncIterator[NodeCentre]:
    """`place` is where the package was installed. Ends with its input."""
    process = await asyncio.create_subprocess_exec(
        "node", str(_HERE / "smsc.js"), json.dumps({"password": PASSWORD, **settings}),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "NODE_PATH": str(place / "node_modules")},
    )  # fmt: skip
    centre = NodeCentre(0, process)
    listening = asyncio.create_task(centre.listen())
    try:
        centre.port = (await centre.until("listening"))[0]["port"]
        yield centre
    finally:
        process.kill()
        await process.wait()
        await listening
