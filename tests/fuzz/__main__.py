"""Fuzzing for as long as asked: `python -m tests.fuzz [--seconds N] [--only PARSER] [--seed N] [--atheris]`.

Every parser gets an equal share of the seconds. What breaks one is written to its corpus as `crash-…`, to be looked at,
named, mended and kept: the suite reads every file there. Prints one JSON object; ends with 1 where something broke.

With `--atheris` (`pip install atheris`, no dependency of ours) the inputs are led by coverage, in a process for each
parser; without it they are the corpus, spoilt.
"""

import argparse
import hashlib
import json
import logging
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tests.fuzz.mutating import any_edits, spoilt
from tests.fuzz.parser import CORPUS, Parser
from tests.fuzz.parsers import PARSERS

_SLOWEST = 1.0
"""Seconds of the process's time for one input; more is a finding."""
_KEPT = 5
"""Crashers written for one place in the code."""


@dataclass
class Run:
    """One parser's share."""

    parser: Parser
    inputs: int = 0
    octets: int = 0
    slowest: float = 0.0
    broken: Counter[str] = field(default_factory=Counter)

    def for_seconds(self, seconds: float, seed: int) -> None:
        until = time.monotonic() + seconds
        for raw in self._inputs(seed):
            if time.monotonic() >= until:
                return
            self.try_out(raw)

    def for_inputs(self, inputs: int, seed: int) -> None:
        for raw in islice(self._inputs(seed), inputs):
            self.try_out(raw)

    def _inputs(self, seed: int) -> Iterator[bytes]:
        rng, seeds = random.Random(f"{seed}:{self.parser.name}"), self.parser.seeds()
        while True:
            edits = any_edits(rng, self.parser.words, seeds)
            yield spoilt(rng.choice(seeds or [b""]), edits, most=self.parser.most)

    def try_out(self, raw: bytes) -> None:
        self.inputs += 1
        self.octets += len(raw)
        began = time.process_time()
        try:
            self.parser.read(raw)
        except Exception as error:
            self._keep(raw, _place(error))
        took = time.process_time() - began
        self.slowest = max(self.slowest, took)
        if took > _SLOWEST:
            self._keep(raw, "slow")

    def _keep(self, raw: bytes, place: str) -> None:
        self.broken[place] += 1
        if self.broken[place] <= _KEPT:
            (CORPUS / self.parser.name / f"crash-{hashlib.sha256(raw).hexdigest()[:12]}").write_bytes(raw)

    def told(self) -> dict[str, Any]:
        return {
            "inputs": self.inputs,
            "octets": self.octets,
            "slowest_ms": round(self.slowest * 1000, 1),
            "broken": dict(self.broken),
        }


def _place(error: Exception) -> str:
    """What was raised, and the last line of ours on the way to it."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if "/site-packages/" not in each.filename and "/lib/python" not in each.filename]
    last = (ours or list(frames))[-1]
    return f"{type(error).__name__} {last.filename.rpartition('/')[2]}:{last.lineno}"


def by_coverage(name: str, seconds: float) -> dict[str, Any]:
    """One parser in a process of its own, whose inputs are led by coverage."""
    folder = CORPUS / name
    options = [
        f"-max_total_time={int(seconds) or 1}",
        f"-artifact_prefix={folder}/",
        "-rss_limit_mb=2048",
        "-timeout=5",
    ]
    with tempfile.TemporaryDirectory(prefix="motcua-fuzz-") as found:
        # What it finds on the way goes into the first folder; what is kept is read from the second.
        command = [sys.executable, "-m", "tests.fuzz.covering", name, found, str(folder), *options]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in ended.stderr.splitlines() if re.match(r"#\d", line)]
    return {
        "last": lines[-1] if lines else ended.stderr[-300:],
        "broken": {"see corpus": 1} if ended.returncode else {},
    }


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--seconds", type=float, default=60.0, help="for all parsers together")
    asked.add_argument(
        "--only", choices=sorted(PARSERS), action="append", help="this parser; may be given several times"
    )
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--atheris", action="store_true", help="led by coverage")
    said = asked.parse_args()
    logging.disable(logging.CRITICAL)
    chosen = [PARSERS[name] for name in said.only or PARSERS]
    results: dict[str, Any] = {}
    for parser in chosen:
        share = said.seconds / len(chosen)
        if said.atheris:
            results[parser.name] = by_coverage(parser.name, share)
        else:
            run = Run(parser)
            run.for_seconds(share, said.seed)
            results[parser.name] = run.told()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"parsers": results, "seed": said.seed, "peak_mib": peak}, indent=2))
    return 1 if any(each["broken"] for each in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
