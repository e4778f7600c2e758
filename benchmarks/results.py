"""All benchmarks of the table, and the table: `python -m benchmarks.results [--size SIZE] [--only NAME,…]`.

Runs them one after the other, keeps what each prints in `benchmarks/results/NAME.json` together with the machine and
the moment, and writes `benchmarks/RESULTS.md` of all that is kept there, also of what was not run this time. What
stands under a table is written by hand in `benchmarks/results_notes.toml`. Sizes: ci (10 minutes), small (20 on two
cores), full (an hour and a half). `--table` measures nothing and writes the table anew.
"""

import argparse
import json
import shlex
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.results_machine import machine
from benchmarks.results_rows import BENCHMARKS, Benchmark
from benchmarks.results_text import written
from benchmarks.sizes import SIZES

HERE = Path(__file__).parent
KEPT, TABLE = HERE / "results", HERE / "RESULTS.md"
_MOST_SECONDS = 4 * 3600


def run(benchmark: Benchmark, size: str, more: str) -> dict[str, Any]:
    """Its figures, with where and when they were taken. Raises `SystemExit` where it prints none."""
    command = f"{benchmark.command(size)} {more}".strip()
    began = time.monotonic()
    # The words are the table's own, and what the caller of this program has added.
    done = subprocess.run(
        [sys.executable, *shlex.split(command)[1:]],
        stdout=subprocess.PIPE, text=True, timeout=_MOST_SECONDS, check=False, cwd=HERE.parent,
    )  # fmt: skip
    try:
        figures = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"{command}: exit code {done.returncode}, and no figures\n{done.stdout[-2000:]}") from None
    return {
        "benchmark": benchmark.name,
        "command": f"{benchmark.command(size)} --jasmin VENV" if more else command,
        "size": size,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - began, 1),
        "exit_code": done.returncode,
        "machine": machine(),
        "figures": figures,
    }


def kept() -> dict[str, dict[str, Any]]:
    """What was measured last, by the benchmark's name."""
    return {each.stem: json.loads(each.read_text(encoding="utf-8")) for each in sorted(KEPT.glob("*.json"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--only", default="", help="names, with commas between; all")
    parser.add_argument("--jasmin", type=Path, default=None, metavar="VENV", help="where jasmin==0.11.1 is installed")
    parser.add_argument("--table", action="store_true", help="measure nothing, write the table of what is kept")
    given = parser.parse_args()
    wanted = set(filter(None, given.only.split(",")))
    if unknown := wanted - {each.name for each in BENCHMARKS}:
        parser.error(f"--only: {', '.join(sorted(unknown))}")
    KEPT.mkdir(exist_ok=True)
    failed = []
    for each in BENCHMARKS:
        if given.table or (wanted and each.name not in wanted):
            continue
        print(f"{each.name}: about {each.minutes[given.size]:g} min", file=sys.stderr, flush=True)
        more = f"--jasmin {shlex.quote(str(given.jasmin))}" if given.jasmin and each.name == "peers" else ""
        try:
            found = run(each, given.size, more)
        except (SystemExit, subprocess.TimeoutExpired) as error:
            failed.append(each.name)
            print(error, file=sys.stderr)
            continue
        text = json.dumps(found, indent=1, ensure_ascii=False)
        (KEPT / f"{each.name}.json").write_text(text + "\n", encoding="utf-8")
    TABLE.write_text(written(kept()), encoding="utf-8")
    if failed:
        sys.exit(f"no figures: {', '.join(failed)}")


if __name__ == "__main__":
    main()
