"""What processes cost, as the kernel counts it: CPU of them and all that they started, and memory at its peak."""

import asyncio
import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_LOOK = 0.25
"""Seconds between two looks at the memory."""


def family(roots: Collection[int]) -> set[int]:
    """The processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            with suppress(OSError):
                children.setdefault(int(_stat(int(each.name))[1]), []).append(int(each.name))
    found, left = set[int](), list(roots)
    while left:
        pid = left.pop()
        if pid not in found:
            found.add(pid)
            left += children.get(pid, ())
    return found


def cpu_seconds(roots: Collection[int]) -> float:
    """User and system time of the family, and of its members that have ended and were waited for."""
    total = 0.0
    for pid in family(roots):
        with suppress(OSError):
            total += sum(map(int, _stat(pid)[11:15])) * _TICK
    return total


def resident_mb(roots: Collection[int]) -> float:
    """Private memory of each, and shared memory once."""
    private, shared = 0, 0
    for pid in family(roots):
        with suppress(OSError):
            lines = dict(
                line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
            )
            private += int(lines.get("RssAnon", "0").split()[0])
            shared = max(shared, int(lines.get("RssShmem", "0").split()[0]))
    return round((private + shared) / 1024, 1)


def _stat(pid: int) -> list[str]:
    """The fields from the state on (proc(5), /proc/pid/stat): 1 parent, 11 to 14 times."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


class Cost:
    """Filled when the block ends."""

    cpu = 0.0
    peak_mb = 0.0
    fsyncs: int | None = None
    """Where they were counted."""


@asynccontextmanager
async def costing(roots: Collection[int]) -> AsyncIterator[Cost]:
    """What the processes use while the block runs."""
    cost, before = Cost(), cpu_seconds(roots)

    async def look() -> None:
        while True:
            cost.peak_mb = max(cost.peak_mb, resident_mb(roots))
            await asyncio.sleep(_LOOK)

    looking = asyncio.create_task(look())
    try:
        yield cost
    finally:
        looking.cancel()
        cost.cpu = cpu_seconds(roots) - before
