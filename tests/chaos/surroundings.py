"""What a forked process lives in: a network of its own, and a wall clock of its own that others may set."""

import ctypes
import mmap
import os
import struct
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import bot.house_clock
import bot.model.clock

_CLONE_NEWNET = 0x4000_0000
_OFFSET = struct.Struct("d")
_LOOKS_EVERY = 0.3
"""Seconds between two looks at the clocks; more often than in service, so that short jumps are seen too."""


def move_in(order: dict[str, Any]) -> None:
    """To be called first in the process. `network` names a namespace, `wall` the file of a `WallClock`."""
    if network := order.get("network"):
        enter(network)
    if wall := order.get("wall"):
        _look_at(WallClock(Path(wall)))


def enter(namespace: str) -> None:
    """The calling thread, and every thread that it starts, lives there from now on."""
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"could not enter {namespace}")
    finally:
        os.close(descriptor)


class WallClock:
    """By how much a process's wall clock is wrong, in a file in shared memory. The monotonic clock never jumps."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_OFFSET.pack(0.0))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _OFFSET.size)

    def set(self, seconds: float) -> None:
        """It is so much fast (or slow, below 0) from this moment on."""
        self._memory[:] = _OFFSET.pack(seconds)

    @property
    def offset(self) -> float:
        return float(_OFFSET.unpack(self._memory[:])[0])


def _look_at(wall: WallClock) -> None:
    """All that the service knows of the wall clock comes by way of `bot.model.clock`."""

    class Moment(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=wall.offset)

    bot.model.clock.datetime = Moment  # type: ignore[misc]
    bot.house_clock.EVERY = _LOOKS_EVERY
