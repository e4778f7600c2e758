"""The drills by name, in their long form: `python -m tests.chaos network|disk|clock|slow|late|twice`."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

from tests.chaos import clock, disk, late, network, slow, twice
from tests.chaos.figures import Report
from tests.support.postgres import server

Drill = Callable[[Path], Awaitable[Report]]


async def _twice_on_postgres(place: Path) -> Report:
    async with server(place / "data") as database:
        return await twice.run(place, database.url, times=4, each=50)


def _cut(fault: network.Fault) -> Drill:
    return lambda place: network.run(place, fault, seconds=30.0)


DRILLS: dict[str, tuple[Drill, ...]] = {
    "network": (
        _cut(network.lossy),
        _cut(network.no_database),
        _cut(network.no_centre),
        _cut(network.one_without_centre),
    ),
    "disk": (disk.sqlite, disk.postgres),
    "clock": (clock.run,),
    "slow": (slow.postgres, slow.sqlite),
    "late": (lambda place: late.run(place, each=100),),
    "twice": (lambda place: twice.run(place, f"sqlite:{place / 'motcua.db'}", times=4, each=50), _twice_on_postgres),
}


def main(word: str) -> int:
    """Prints a line of JSON for each drill; 1 where something was lost or doubled."""
    broken = False
    for drill in DRILLS[word]:
        with tempfile.TemporaryDirectory(prefix="motcua-", ignore_cleanup_errors=True) as folder:
            place = Path(folder)
            place.chmod(0o755)
            report = asyncio.run(_run(drill, place))
        broken |= bool(report.lost or report.doubled)
        print(json.dumps(asdict(report), ensure_ascii=False, default=str), flush=True)
    return int(broken)


async def _run(drill: Drill, place: Path) -> Report:
    return await drill(place)
