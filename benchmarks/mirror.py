"""How fast the mirror is at the size of a province: `python -m benchmarks.mirror [ROWS]`, 1,000,000 by default.

In one run, all on SQLite files with full durability:

* first import: `Mirror.apply` of batches of 1,000 records that are ready in memory, against a bare `executemany` of the
  same rows with the same columns and indexes, committed every 1,000 rows. Both sides take turns, a part of the rows at
  a time, so that a busy machine hurts both;
* full re-scan: the same records again, one in a thousand changed;
* cost of a change: batches of 100 changed dossiers at a tenth of the table, and at all of it;
* memory: the peak of a process that imports a tenth, and of one that imports all.

The bare side parses nothing, knows nothing and compares nothing. `read_export` measures what reading files costs.
Prints one JSON object.
"""

import asyncio
import json
import multiprocessing
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from bot.collector import calm
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.model.dossier import Dossier, Status
from bot.model.ids import id_maker
from bot.planning import Planner, Route
from bot.ports import Batch, Storage
from bot.texts import Catalogue
from storage import open_storage

BATCH = 1_000
CHANGED = 1_000
"""One record in so many has changed when everything is read again."""
ROUNDS = 40
"""Batches of changes for the cost of a change."""

START = datetime(2024, 1, 2, 1, 0, tzinfo=utc_now().tzinfo)
_STATUSES = (Status.RETURNED,) * 8 + (Status.PROCESSING, Status.DONE)


def record(number: int, *, moved: int = 0) -> Dossier:
    """The `number`-th dossier of a province with 163 agencies, about 1,600 a working day."""
    received = START + timedelta(seconds=number * 50)
    status = _STATUSES[number % len(_STATUSES)]
    if moved:
        status = Status.PROCESSING if status is not Status.PROCESSING else Status.DONE
    return Dossier(
        source="office",
        code=f"H32.{number % 163:02d}-{received:%y%m%d}-{number % 10_000:04d}",
        status=status,
        status_text=str(int(status)),
        agency=f"H32.{number % 163:02d}",
        agency_name="UBND phường Vĩnh Hải, thành phố Nha Trang",
        procedure="1.005129",
        procedure_name="Đăng ký khai sinh",
        applicant="Nguyễn Thị Minh Khai",
        phone=f"+849{number % 100_000_000:08d}",
        received_at=received,
        appointment_at=received + timedelta(days=7),
        finished_at=received + timedelta(days=5) if status is Status.RETURNED else None,
        updated_at=received + timedelta(days=5, seconds=moved),
    )


def batches(first: int, last: int) -> Iterator[Batch]:
    for begin in range(first, last, BATCH):
        yield Batch(tuple(record(number) for number in range(begin, min(begin + BATCH, last))), f"row {begin}")


def mirror_on(storage: Storage) -> Mirror:
    planner = Planner(Route("sms", "sms", plain=True), Catalogue.load("vi"), id_maker(utc_now), "")
    return Mirror("office", storage, planner, utc_now)


async def applied(mirror: Mirror, first: int, last: int) -> float:
    """Seconds that the mirror took; the making of the records is not counted."""
    seconds = 0.0
    for batch in batches(first, last):
        begun = time.perf_counter()
        await mirror.apply(batch)
        seconds += time.perf_counter() - begun
    return seconds


async def rescanned(mirror: Mirror, rows: int, *, turn: int) -> float:
    seconds = 0.0
    for begin in range(0, rows, BATCH):
        numbers = range(begin, min(begin + BATCH, rows))
        again = tuple(record(number, moved=turn if number % CHANGED == turn else 0) for number in numbers)
        begun = time.perf_counter()
        await mirror.apply(Batch(again, f"again {begin}"))
        seconds += time.perf_counter() - begun
    return seconds


async def changed(mirror: Mirror, rows: int, *, turn: int) -> float:
    """Milliseconds for one changed dossier, in batches of 100 scattered over the table."""
    random, seconds = Random(turn), []
    for round_ in range(ROUNDS):
        numbers = random.sample(range(rows), 100)
        batch = Batch(tuple(record(number, moved=turn + round_) for number in numbers), f"change {round_}")
        begun = time.perf_counter()
        await mirror.apply(batch)
        seconds.append((time.perf_counter() - begun) / 100)
    return median(seconds) * 1000


class Bare:
    """A database with the same schema, filled by `executemany` alone."""

    def __init__(self, path: Path, full: Path) -> None:
        self._target = sqlite3.connect(path)
        self._target.execute("PRAGMA journal_mode = WAL")
        self._target.execute("PRAGMA synchronous = FULL")
        self._full = sqlite3.connect(full)
        self._taken = 0

    def copy(self, rows: int) -> float:
        """Seconds for the rows that the mirror has and this one has not yet."""
        ready: list[Any] = self._full.execute(
            "SELECT * FROM dossiers ORDER BY rowid LIMIT ? OFFSET ?", (rows, self._taken)
        ).fetchall()
        self._taken += len(ready)
        statement = f"INSERT INTO dossiers VALUES ({', '.join('?' * len(ready[0]))})"  # noqa: S608 only question marks
        seconds = 0.0
        for begin in range(0, len(ready), BATCH):
            batch = ready[begin : begin + BATCH]
            begun = time.perf_counter()
            self._target.executemany(statement, batch)
            self._target.commit()
            seconds += time.perf_counter() - begun
        return seconds

    def close(self) -> None:
        self._target.close()
        self._full.close()


async def made(path: Path) -> None:
    async with open_storage(f"sqlite:{path}") as storage:
        await storage.migrate()


async def measured(rows: int, folder: Path) -> dict[str, Any]:
    await made(folder / "bare.db")
    async with open_storage(f"sqlite:{folder / 'ours.db'}") as storage:
        await storage.migrate()
        mirror = mirror_on(storage)
        bare = Bare(folder / "bare.db", folder / "ours.db")
        part, ours, theirs = rows // 10, [], []
        cost_small = 0.0
        for begin in range(0, rows, part):
            ours.append(await applied(mirror, begin, begin + part))
            theirs.append(bare.copy(part))
            if not begin:
                cost_small = await changed(mirror, part, turn=1_000_000)
        bare.close()
        scan = await rescanned(mirror, rows, turn=1)
        cost_large = await changed(mirror, rows, turn=2_000_000)
    return {
        "rows": rows,
        "first_import_rows_per_second": round(rows / sum(ours)),
        "bare_executemany_rows_per_second": round(rows / sum(theirs)),
        "first_import_to_bare": round(sum(theirs) / sum(ours), 3),
        "each_tenth_to_bare": [round(bare_s / our_s, 3) for our_s, bare_s in zip(ours, theirs, strict=True)],
        "rescan_rows_per_second": round(rows / scan),
        "rescan_to_first_import": round(sum(ours) / scan, 2),
        "ms_per_change_at_a_tenth": round(cost_small, 4),
        "ms_per_change_at_all": round(cost_large, 4),
        "change_at_all_to_a_tenth": round(cost_large / cost_small, 2),
    }


def _import_alone(rows: int) -> float:
    """MiB at the worst moment of an import."""

    calm()

    async def work(path: Path) -> None:
        async with open_storage(f"sqlite:{path}") as storage:
            await storage.migrate()
            await applied(mirror_on(storage), 0, rows)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(work(Path(folder) / "peak.db"))
    # Not getrusage: its figure outlives exec, so it would be the parent's.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def peak_of(rows: int) -> float:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_import_alone, (rows,))


def main(rows: int) -> None:
    calm()  # as the command `motcua` does
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(measured(rows, Path(folder)))
    result["peak_mib"] = {str(size): round(peak_of(size), 1) for size in (rows // 10, rows)}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
