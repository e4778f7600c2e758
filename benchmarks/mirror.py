"""How fast the mirror is at the size of a province: `python -m benchmarks.mirror [ROWS]`, 1,000,000 by default.

In one run, all on SQLite files with full durability:

* first import: `Mirror.apply` of batches of 1,000 records that are ready in memory, against a bare `executemany` of the
  same rows with the same columns and indexes, committed every 1,000 rows. Both sides take turns, a part of the rows at
  a time, so that a busy machine hurts both;
* full re-scan: the same records again, one in a thousand changed: once among the newest tenth, as in life, where what
  is finished does not change; once scattered over all, so that every batch has a change;
* cost of a change, with the message that it calls for: batches of 100 at a tenth of the table, and at all of it;
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
from collections import Counter
from collections.abc import Iterable, Iterator
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
from bot.settings import SourceSettings
from bot.texts import Library
from storage import open_storage

BATCH = 1_000
CHANGED = 1_000
"""One record in so many has changed when everything is read again."""
ROUNDS = 40
"""Batches of changes for the cost of a change."""

START = datetime(2024, 1, 2, 1, 0, tzinfo=utc_now().tzinfo)
GO_LIVE = utc_now()
_STATUSES = (Status.RETURNED,) * 8 + (Status.PROCESSING, Status.DONE)


def record(number: int, moves: int = 0) -> Dossier:
    """The `number`-th dossier of a province with 163 agencies, about 1,600 a working day, after so many changes."""
    received = START + timedelta(seconds=number * 50)
    status = _STATUSES[number % len(_STATUSES)]
    if moves:
        status = Status.STOPPED if moves % 2 else Status.DONE
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
        updated_at=GO_LIVE + timedelta(milliseconds=moves) if moves else received + timedelta(days=5),
    )


class Office:
    """What the source has: every dossier, and how often it has changed."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._moves: Counter[int] = Counter()

    def batches(self, first: int = 0, last: int | None = None) -> Iterator[Batch]:
        end = self._rows if last is None else last
        for begin in range(first, end, BATCH):
            numbers = range(begin, min(begin + BATCH, end))
            yield Batch(tuple(record(number, self._moves[number]) for number in numbers), f"row {begin}")

    def move(self, numbers: Iterable[int]) -> Batch:
        """Each of these changes; as a source tells it that tells changes alone."""
        changing = list(numbers)
        self._moves.update(changing)
        return Batch(tuple(record(number, self._moves[number]) for number in changing), "changes")


def mirror_on(storage: Storage) -> Mirror:
    planner = Planner(Route("sms", "sms", plain=True), Library(), id_maker(utc_now), "")
    # What was there before texts nobody, everything that changes afterwards does.
    rules = SourceSettings(go_live=GO_LIVE, brake_messages=0, brake_percent=0)
    return Mirror("office", storage, planner, utc_now, rules)


async def applied(mirror: Mirror, batches: Iterable[Batch]) -> float:
    """Seconds that the mirror took; the making of the records is not counted."""
    seconds = 0.0
    for batch in batches:
        begun = time.perf_counter()
        await mirror.apply(batch)
        seconds += time.perf_counter() - begun
    return seconds


async def cost_of_changes(mirror: Mirror, office: Office, rows: int) -> float:
    """Milliseconds for one changed dossier, its message included, in batches of 100 scattered over the table."""
    random = Random(rows)
    costs = [await applied(mirror, [office.move(random.sample(range(rows), 100))]) / 100 for _ in range(ROUNDS)]
    return median(costs) * 1000


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
    office, part = Office(rows), rows // 10
    await made(folder / "bare.db")
    async with open_storage(f"sqlite:{folder / 'ours.db'}") as storage:
        await storage.migrate()
        mirror = mirror_on(storage)
        bare = Bare(folder / "bare.db", folder / "ours.db")
        ours, theirs = [], []
        cost_small = 0.0
        for begin in range(0, rows, part):
            ours.append(await applied(mirror, office.batches(begin, begin + part)))
            theirs.append(bare.copy(part))
            if not begin:
                cost_small = await cost_of_changes(mirror, office, part)
        bare.close()
        cost_large = await cost_of_changes(mirror, office, rows)
        office.move(Random(1).sample(range(rows - part, rows), rows // CHANGED))
        recent = await applied(mirror, office.batches())
        office.move(range(0, rows, CHANGED))
        scattered = await applied(mirror, office.batches())
    return {
        "rows": rows,
        "first_import_rows_per_second": round(rows / sum(ours)),
        "bare_executemany_rows_per_second": round(rows / sum(theirs)),
        "first_import_to_bare": round(sum(theirs) / sum(ours), 3),
        "each_tenth_to_bare": [round(bare_s / our_s, 3) for our_s, bare_s in zip(ours, theirs, strict=True)],
        "rescan_rows_per_second": round(rows / recent),
        "rescan_to_first_import": round(sum(ours) / recent, 2),
        "rescan_changes_scattered_to_first_import": round(sum(ours) / scattered, 2),
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
            await applied(mirror_on(storage), Office(rows).batches())

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
