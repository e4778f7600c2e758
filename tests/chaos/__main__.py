"""`python -m tests.chaos --kills 1000`: kills under load, and the judge's verdict; 1 where a promise broke."""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

from bot.logs import start_logging
from tests.chaos import drills
from tests.chaos.report import as_json, faults_of, table
from tests.chaos.run import Wanted, run

_LONG = 400
"""Kills of one engine from which on every step must have been hit."""


def main() -> int:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    if word in drills.DRILLS:
        return drills.main(word)
    if word == "kills":
        del sys.argv[1]
    options = _options()
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    broken = False
    for engine in options.engine.split(","):
        folder = Path(tempfile.mkdtemp(prefix=f"motcua-chaos-{engine}-"))
        print(f"seed {seed}, {engine}, {folder}", file=sys.stderr, flush=True)
        kills = options.kills // len(options.engine.split(","))
        start_logging("INFO", folder / "desk.log")
        only = frozenset(filter(None, options.only.split(",")))
        wanted = Wanted(engine, kills, seed, options.pause, only, is_long=kills >= _LONG and not only)
        ran = asyncio.run(run(wanted, folder))
        if options.json:
            print(json.dumps(as_json(ran), ensure_ascii=False, indent=1))
        else:
            print(table(ran))
        (folder / "result.json").write_text(json.dumps(as_json(ran), ensure_ascii=False, indent=1), encoding="utf-8")
        if faults_of(ran):
            broken = True
            print(f"everything is left in {folder}", file=sys.stderr)
        elif not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return int(broken)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="in all, over the engines")
    parser.add_argument("--engine", default="postgres,sqlite", help="postgres, sqlite or both")
    parser.add_argument("--seed", type=int, help="of what is chosen; the moments are the machine's own")
    parser.add_argument("--only", default="", help="slots that are killed: receive,send1,send2,mirror,plan,web; all")
    parser.add_argument("--pause", type=float, default=0.12, help="seconds between two new dossiers")
    parser.add_argument("--json", action="store_true", help="JSON and no table")
    parser.add_argument("--keep", action="store_true", help="leave the folder also when all is well")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
