"""How fast a first import is, and how much memory it takes: `python -m benchmarks.import_rows [ROWS]`.

Beside it, in the same run and interleaved: a bare `executemany` of the same rows with the same columns and indexes,
committed every 1,000 rows with the same durability. The bare side parses nothing, knows nothing and keeps no changes.
Prints one JSON object; memory is the peak of the whole process, read in a process of its own for each size.
"""

import asyncio
import csv
import json
import multiprocessing
import sqlite3
import sys
import tempfile
import time
from datetime import timedelta
from itertools import islice
from pathlib import Path
from statistics import median

from adapters.sources import folder
from bot.collector import calm
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.planning import Planner, Route
from bot.texts import Library
from storage import open_storage

ROUNDS = 3
HEADER = (
    "MaHoSo", "MaTTHC", "TenTTHC", "ChuHoSo", "SoDienThoai", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo", "DonViXuLy",
)  # fmt: skip


def write_export(path: Path, rows: int) -> None:
    start = utc_now() - timedelta(days=60)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        export = csv.writer(file, delimiter=";")
        export.writerow(HEADER)
        for number in range(rows):
            received = start + timedelta(minutes=number % 50_000)
            export.writerow(
                (
                    f"H32.{number % 163:02d}-{received:%y%m%d}-{number % 1_000_000:06d}",
                    "1.005129",
                    "Đăng ký khai sinh",
                    "Nguyễn Thị Minh Khai",
                    f"09{number % 100_000_000:08d}",
                    f"{received:%Y%m%d%H%M%S}",
                    f"{received + timedelta(days=7):%d/%m/%Y %H:%M}",
                    str(1 + number % 10),
                    "UBND phường Vĩnh Hải, thành phố Nha Trang",
                )
            )


async def imported(export: Path, database: Path) -> float:
    """Seconds for the whole import through reader, mirror and storage."""
    async with open_storage(f"sqlite:{database}") as storage:
        await storage.migrate()
        planner = Planner(Route("sms", "sms", plain=True), Library(), id_maker(utc_now), "")
        mirror = Mirror("office", storage, planner, utc_now)
        start = time.perf_counter()
        async for batch in folder.read_file(export, folder.Settings(path=export.parent), "office"):
            await mirror.apply(batch)
        return time.perf_counter() - start


async def made(database: Path) -> None:
    async with open_storage(f"sqlite:{database}") as storage:
        await storage.migrate()


def copied(full: Path, bare: Path) -> float:
    """Seconds for a bare `executemany` of the rows that the import left in `full`."""
    asyncio.run(made(bare))
    source, target = sqlite3.connect(full), sqlite3.connect(bare)
    rows = source.execute("SELECT * FROM dossiers").fetchall()
    target.execute("PRAGMA journal_mode = WAL")
    target.execute("PRAGMA synchronous = FULL")
    statement = f"INSERT INTO dossiers VALUES ({', '.join('?' * len(rows[0]))})"  # noqa: S608 only question marks
    waiting = iter(rows)
    start = time.perf_counter()
    while batch := list(islice(waiting, 1000)):
        target.executemany(statement, batch)
        target.commit()
    seconds = time.perf_counter() - start
    source.close()
    target.close()
    return seconds


def peak_of(rows: int) -> float:
    """MiB at the worst moment of an import of so many rows, in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (rows,))


def _peak(rows: int) -> float:
    calm()
    with tempfile.TemporaryDirectory() as folder_name:
        export = Path(folder_name) / "export.csv"
        write_export(export, rows)
        asyncio.run(imported(export, Path(folder_name) / "peak.db"))
    # Not getrusage: its figure outlives exec, so it would be the parent's.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def main(rows: int) -> None:
    calm()  # as the command `motcua` does
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as folder_name:
        place = Path(folder_name)
        export = place / "export.csv"
        write_export(export, rows)
        for number in range(ROUNDS):
            ours.append(asyncio.run(imported(export, place / f"ours{number}.db")))
            bare.append(copied(place / f"ours{number}.db", place / f"bare{number}.db"))
    print(
        json.dumps(
            {
                "rows": rows,
                "rows_per_second": round(rows / median(ours)),
                "bare_executemany_rows_per_second": round(rows / median(bare)),
                "ratio": round(median(bare) / median(ours), 3),
                "seconds_of_each_round": {"ours": [round(s, 2) for s in ours], "bare": [round(s, 2) for s in bare]},
                "peak_mib": {str(size): round(peak_of(size), 1) for size in (rows // 10, rows)},
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
