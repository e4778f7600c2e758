"""What every row stands on: the centre and the callers in their own processes, the messages, and how it is judged."""

import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.peers.costs import Cost, costing, family
from bot.demo.processes import end, free_ports

CONNECTIONS = 50
"""On which messages come in, one at a time on each."""
WINDOW = 500
"""Messages that may be unanswered at the centre, for all rows."""
TEXT = (
    "Ho so H56.14-240823-0001: da co ket qua. Ong/Ba den nhan tai quay so 2, gio hanh chinh. "
    "Tra cuu: soan HS gui 8041. UBND xa Mau"
)
"""One part in the default alphabet, about as long as what our own template says."""
_PATIENCE = 600.0
_STILL = 20.0
"""Seconds in which nothing more arrives, and a row is over."""

_is_traced = False


def phone(number: int) -> str:
    """A subscriber of her own for each message, in the national form."""
    return f"09{10_000_000 + number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One run of one row. Seconds from its first message."""

    messages: int
    planned: float
    """Until the last one was durable, or accepted."""
    submitted: float
    """Until the last one was at the centre."""
    recorded: float
    """Until the last receipt was in the books, or called back."""
    cpu_us: float
    """A message, of all the row's processes."""
    peak_mb: float
    fsyncs: int | None = None
    fault: str = ""
    """What went wrong: then the figures say nothing."""

    @property
    def per_second(self) -> float:
        return self.messages / max(self.planned, self.submitted, self.recorded)

    def failed(self, fault: str) -> "Figures":
        return self if self.fault else replace(self, fault=fault)

    def shown(self) -> dict[str, Any]:
        return {**asdict(self), "per_second": round(self.per_second, 1)}


@dataclass(frozen=True, slots=True)
class Centre:
    port: int
    control: int

    async def counts(self) -> dict[str, Any]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.control)
        told = json.loads(await reader.read())
        writer.close()
        return dict(told)

    async def until(self, count: int, which: str = "answered") -> dict[str, Any]:
        """Its counts once it has so many, or nothing has moved for a while."""
        told, still = await self.counts(), 0.0
        while told[which] < count and still < _STILL:
            await asyncio.sleep(0.05)
            before, told = told, await self.counts()
            still = 0.0 if told != before else still + 0.05
        return told


@asynccontextmanager
async def process(
    *words: str | Path, log: Path, env: dict[str, str] | None = None, cwd: Path | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that ends with the block."""
    with log.open("ab") as out:
        started = await asyncio.create_subprocess_exec(
            *map(str, words), stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=cwd
        )
    try:
        yield started
    finally:
        await end(started)


@asynccontextmanager
async def centre(place: Path) -> AsyncIterator[Centre]:
    opened = Centre(*free_ports(2))
    words = (sys.executable, "-m", "benchmarks.peers.centre", str(opened.port), str(opened.control))
    async with process(*words, log=place / "centre.log"):
        await listening(opened.control)
        yield opened


async def listening(port: int, seconds: float = 30.0) -> None:
    """Waits until somebody listens there."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def calls(port: int, requests: Sequence[str], *, sink: int = 0, expected: int = 0) -> dict[str, Any]:
    """What `benchmarks.peers.load` tells of these requests."""
    asked = {
        "port": port, "requests": requests, "connections": CONNECTIONS, "sink": sink, "expected": expected
    }  # fmt: skip
    caller = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.peers.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            out, _ = await caller.communicate(json.dumps(asked).encode())
    finally:
        await end(caller)
    told: dict[str, Any] = json.loads(out)
    return told


async def by_http(
    at: Centre, port: int, requests: Sequence[str], *, roots: Collection[int], sink: int = 0, good: str = "202"
) -> Figures:
    """One call a message; receipts are called back to the `sink`, or are recorded when they are answered."""
    count = len(requests)
    async with measuring(roots) as cost:
        told = await calls(port, requests, sink=sink, expected=count if sink else 0)
        counts = await at.until(count)
    recorded_at = told["called_back_at"] if sink else counts["answered_at"]
    recorded = told["callbacks"] if sink else counts["answered"]
    fault = _fault(count, counts, recorded)
    if told["statuses"] != {good: count}:
        fault = f"answers: {told['statuses']}"
    return _figures(count, cost, told["began"], told["answered_at"], counts["submitted_at"], recorded_at, fault)


async def by_itself(
    at: Centre,
    count: int,
    begin: Callable[[], Awaitable[float]],
    planned_at: Callable[[], Awaitable[float]],
    *,
    roots: Collection[int],
    before: int = 0,
) -> Figures:
    """The row plans what it sends once told to `begin`, which says when that was. `before`: messages that were sent to
    make it ready."""
    async with measuring(roots) as cost:
        began = await begin()
        counts = await at.until(count + before)
        planned = await planned_at()
    fault = _fault(count + before, counts, counts["answered"])
    return _figures(count, cost, began, planned, counts["submitted_at"], counts["answered_at"], fault)


def _figures(
    count: int, cost: Cost, began: float, planned: float, submitted: float, recorded: float, fault: str
) -> Figures:
    return Figures(
        messages=count,
        planned=round(planned - began, 3),
        submitted=round(submitted - began, 3),
        recorded=round(recorded - began, 3),
        cpu_us=round(cost.cpu / count * 1e6, 1),
        peak_mb=cost.peak_mb,
        fsyncs=cost.fsyncs,
        fault=fault,
    )


def _fault(count: int, counts: dict[str, Any], recorded: int) -> str:
    """Whether each message was sent once, and its receipt recorded once."""
    seen = (counts["submitted"], counts["phones"], recorded)
    return "" if seen == (count, count, count) else f"submitted, phones, receipts: {seen} of {count}"


@contextmanager
def count_fsyncs() -> Iterator[None]:
    """Rows that run in the block are traced: what they ask of the disk is counted, and they are slowed by it."""
    global _is_traced
    _is_traced = True
    try:
        yield
    finally:
        _is_traced = False


@asynccontextmanager
async def measuring(roots: Collection[int]) -> AsyncIterator[Cost]:
    """What the row's processes cost while the block runs."""
    if not _is_traced:
        async with costing(roots) as cost:
            yield cost
        return
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as log:
        words = [word for pid in sorted(family(roots)) for word in ("-p", str(pid))]
        tracing = await asyncio.create_subprocess_exec(
            "strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o", log.name, *words,
            stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await asyncio.sleep(1.0)
        try:
            async with costing(roots) as cost:
                yield cost
        finally:
            tracing.send_signal(signal.SIGINT)
            await tracing.wait()
        cost.fsyncs = sum("sync(" in line and "resumed" not in line for line in log)
