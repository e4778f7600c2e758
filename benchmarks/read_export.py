"""How fast exports are read: rows a second from file to Dossier, beside a bare csv.reader over the same file.

    python benchmarks/read_export.py [--rows 100000]

Each measurement has a process of its own, so that its peak memory is its own. Prints one JSON object.
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from adapters.simulators.onestop import Exporter, Province
from adapters.simulators.onestop import Settings as ProvinceSettings
from adapters.simulators.onestop.hours import DAY, moment_at, worked
from adapters.sources.folder import Settings
from adapters.sources.folder.reading import Reading

FORMS: tuple[Literal["csv"], Literal["xlsx"]] = ("csv", "xlsx")
START = datetime(2026, 11, 23, tzinfo=UTC)


def bare(path: Path) -> int:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def folder(path: Path) -> int:
    rows, last = 0, False
    with Reading(path, Settings(path=path.parent), source="benchmark") as reading:
        while not last:
            dossiers, _, _, last = reading.piece()
            rows += len(dossiers)
    return rows


MEASURED: dict[str, Callable[[Path], int]] = {"bare": bare, "folder": folder}


def measure(name: str, path: Path) -> dict[str, float]:
    """In this process: rows, rows a second, and the peak memory of this process and of its largest child in MiB."""
    began = time.perf_counter()
    rows = MEASURED[name](path)
    took = time.perf_counter() - began
    return {
        "rows": rows,
        "rows_per_second": round(rows / took),
        "peak_mib": round(_peak_kib() / 1024, 1),
        "child_peak_mib": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1),
    }


def _peak_kib() -> int:
    """Linux's own figure: `ru_maxrss` would still hold the peak of the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def apart(name: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--measure", name, str(path)], check=True, capture_output=True, text=True
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def exports(out: Path, rows: int) -> dict[str, Path]:
    """A province's first day with so many dossiers, as both kinds of file."""
    province = Province(ProvinceSettings(out=out, dossiers_per_day=rows), START)
    records = province.advance(moment_at(worked(START) + DAY))
    files: dict[str, Path] = {}
    for form in FORMS:
        (out / form).mkdir()
        path = Exporter(out / form, form=form).write(records)
        assert path is not None
        files[form] = path
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "PATH"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.measure[0], Path(asked.measure[1]))))
        return
    with tempfile.TemporaryDirectory() as out:
        files = exports(Path(out), asked.rows)
        found = {
            "bare_csv": apart("bare", files["csv"]),
            "folder_csv": apart("folder", files["csv"]),
            "folder_xlsx": apart("folder", files["xlsx"]),
        }
    ratio = found["folder_csv"]["rows_per_second"] / found["bare_csv"]["rows_per_second"]
    print(json.dumps(found | {"ratio_to_bare": round(ratio, 3)}, indent=2))


if __name__ == "__main__":
    main()
