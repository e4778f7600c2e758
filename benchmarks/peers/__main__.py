"""SMS, durable, side by side: `python -m benchmarks.peers [--size SIZE] [--messages N] [--rounds N] [--jasmin VENV]`.

Every row sends the same messages to the same centre, over the same 50 connections where it takes them by HTTP, and has
a receipt for each recorded: by ours and the bare pipeline in the database before it is answered, by the others at a
callback. A round runs every row once, and the next one begins again, so that what else the machine does meets them
alike. A row's pace is its messages by the seconds until the slowest of three: the last one planned, submitted, its
receipt recorded.
Prints one JSON object: for each row the medians and the spread of its rounds. `--fsyncs` counts what each asks of the
disk in a short run of its own (needs strace).
"""

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers.rows import Row, rows
from benchmarks.peers.stage import CONNECTIONS, WINDOW, Figures, centre, count_fsyncs
from benchmarks.sizes import arguments, tell

MESSAGES = {"ci": 500, "small": 5_000, "full": 20_000}
ROUNDS = {"ci": 1, "small": 3, "full": 3}
_FEWEST = 200
_TRACED = 1_000


async def once(row: Row, messages: int) -> Figures:
    count = max(_FEWEST, int(messages * row.share))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        # PostgreSQL runs as another user where root starts it.
        await asyncio.to_thread(place.chmod, 0o755)
        async with centre(place) as at:
            return await row.run(place, at, count)


async def measured(chosen: Sequence[Row], messages: int, rounds: int, *, fsyncs: bool) -> dict[str, Any]:
    runs: dict[str, list[Figures]] = {row.name: [] for row in chosen}
    traced: dict[str, float] = {}
    for _ in range(rounds):
        for row in chosen:
            if not row.missing:
                runs[row.name].append(await once(row, messages))
    if fsyncs:
        for row in chosen:
            if not row.missing:
                with count_fsyncs():
                    figures = await once(row, _TRACED)
                traced[row.name] = round((figures.fsyncs or 0) / figures.messages, 4)
    return {row.name: _told(row, runs[row.name], traced.get(row.name)) for row in chosen}


def _told(row: Row, runs: Sequence[Figures], traced: float | None) -> dict[str, Any]:
    head: dict[str, Any] = {"way": row.way, "about": row.about}
    if row.missing:
        return {**head, "missing": row.missing}
    paces, cpu = [run.per_second for run in runs], [run.cpu_us for run in runs]
    return {
        **head,
        "messages": runs[0].messages,
        "per_second": round(median(paces)),
        "per_second_range": [round(min(paces)), round(max(paces))],
        "cpu_us": round(median(cpu), 1),
        "cpu_us_range": [min(cpu), max(cpu)],
        "peak_mb": max(run.peak_mb for run in runs),
        "fsyncs_a_message": traced,
        "faults": [run.fault for run in runs if run.fault],
        "rounds": [asdict(run) for run in runs],
    }


def ratios(told: dict[str, Any]) -> dict[str, float]:
    """What the aims are about; without the rows that are missing."""

    def by(name: str, other: str) -> float | None:
        pair = [told.get(each, {}).get("per_second") for each in (name, other)]
        return round(pair[0] / pair[1], 3) if all(pair) else None

    asked = {
        f"{name}/{other}": by(name, other)
        for name, others in _COMPARED.items()
        for other in others
    }  # fmt: skip
    return {name: ratio for name, ratio in asked.items() if ratio is not None}


_PEERS = ("kannel-spool", "kannel-file", "jasmin-raised")
_COMPARED = {
    "ours-http-sqlite": ("bare-http-sqlite", *_PEERS),
    "ours-http-postgres": ("bare-http-postgres", *_PEERS),
    "ours-http-postgres-two": ("bare-http-postgres", *_PEERS),
    "ours-sqlite": ("bare-sqlite", *_PEERS),
    "ours-postgres": ("bare-postgres", *_PEERS),
}


def main() -> None:
    parser = arguments((__doc__ or "").partition(":")[0])
    parser.add_argument("--messages", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--rows", default="", help="names, with commas between; all")
    parser.add_argument("--jasmin", type=Path, default=None, metavar="VENV", help="where jasmin==0.11.1 is installed")
    parser.add_argument("--fsyncs", action="store_true", help="count them with strace, in a run of its own")
    given = parser.parse_args()
    if given.fsyncs and shutil.which("strace") is None:
        parser.error("--fsyncs: strace is not installed")
    wanted = set(filter(None, given.rows.split(",")))
    chosen = [row for row in rows(given.jasmin) if not wanted or row.name in wanted]
    if wanted - {row.name for row in chosen}:
        parser.error(f"--rows: {', '.join(sorted(wanted - {row.name for row in chosen}))}")
    tell(given, asyncio.run(run(given, chosen)))


async def run(given: argparse.Namespace, chosen: Sequence[Row]) -> dict[str, Any]:
    messages, rounds = given.messages or MESSAGES[given.size], given.rounds or ROUNDS[given.size]
    told = await measured(chosen, messages, rounds, fsyncs=given.fsyncs)
    return {
        "messages": messages, "rounds": rounds, "connections": CONNECTIONS, "window": WINDOW,
        "rows": told, "ratios": ratios(told),
    }  # fmt: skip


if __name__ == "__main__":
    main()
