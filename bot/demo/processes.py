"""Starts the simulators as processes of their own and ends them with the demo."""

import asyncio
import contextlib
import random
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from bot.model.errors import MotcuaError

_START_SECONDS = 20.0
_END_SECONDS = 5.0


class SimulatorError(MotcuaError):
    """A simulator did not start; the message holds what it said."""


_PORTS = range(12_000, 32_000)
"""Below the ports that Linux and Windows give to outgoing connections: a free one of those may be taken in between."""

_given: set[int] = set()


def free_ports(number: int) -> list[int]:
    """Ports of this machine that nobody listens on, each another one for every call of this process."""
    found: list[int] = []
    while len(found) < number:
        port = random.choice(_PORTS)
        if port not in _given and _is_free(port):
            _given.add(port)
            found.append(port)
    return found


def free_port() -> int:
    """One of `free_ports`."""
    return free_ports(1)[0]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextlib.asynccontextmanager
async def simulator(word: str, settings: dict[str, object], log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs `motcua simulate word`; yields when it is ready, ends it afterwards. Its log goes to `log`."""
    arguments = [text for key, value in settings.items() for text in (f"--{key.replace('_', '-')}", str(value))]
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "simulate", word, *arguments,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=errors, start_new_session=True,
        )  # fmt: skip
    try:
        await _ready(process, word, log)
        yield process
    finally:
        await end(process)


async def end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _ready(process: asyncio.subprocess.Process, word: str, log: Path) -> None:
    assert process.stdout is not None  # noqa: S101 it was asked for above
    try:
        async with asyncio.timeout(_START_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError:
        line = b""
    if line.strip() != b"ready":
        said = (await asyncio.to_thread(log.read_text, encoding="utf-8", errors="replace"))[-500:]
        raise SimulatorError(f"hệ giả lập {word} không chạy được / the simulator did not start: {said}")
