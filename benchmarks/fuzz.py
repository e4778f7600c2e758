"""Spoilt PDUs, callbacks and inputs of every parser, as many as asked for: `python -m benchmarks.fuzz [INPUTS] [SEED]`.

INPUTS (100,000 unless told) go to each of the two protocols that gateways speak, through whole sessions and webhooks; a
twentieth as many to each parser of `tests.fuzz`, which goes on for as long as wanted by `python -m tests.fuzz`. The
suite tries a few thousand of each; this is the long form of the same generators and the same oracles. Prints one JSON
object and ends with 1 if anything crashed, hung, or was accepted that should not be.
"""

import asyncio
import json
import logging
import random
import resource
import sys
import time
from collections import Counter
from dataclasses import asdict
from itertools import islice
from typing import Any

from tests.adapters.sms_http.fuzzing import judged, spoilt
from tests.adapters.sms_smpp.fuzzing import fuzz
from tests.fuzz.__main__ import Run
from tests.fuzz.parsers import PARSERS


def callbacks(inputs: int, seed: int) -> dict[str, Any]:
    """HTTP callbacks of every provider that calls us."""
    verdicts: Counter[str] = Counter()
    slowest, accepted, began = 0.0, 0, time.perf_counter()
    for target in islice(spoilt(random.Random(seed)), inputs):
        at = time.perf_counter()
        verdicts[judged(target) or "as it should be"] += 1
        slowest = max(slowest, time.perf_counter() - at)
        accepted += bool(target.hook.parse(target.call).events)
    return {
        "inputs": inputs,
        "verdicts": dict(verdicts),
        "accepted_with_secret_and_signature": accepted,
        "slowest_ms": round(slowest * 1000, 1),
        "seconds": round(time.perf_counter() - began, 1),
    }


def pdus(inputs: int, seed: int) -> dict[str, Any]:
    """Octets of an SMSC, through the reader and through sessions on real connections. What breaks is raised."""
    began = time.perf_counter()
    tally = asyncio.run(fuzz(inputs, seed=seed))
    return {**asdict(tally), "verdicts": {"as it should be": inputs}, "seconds": round(time.perf_counter() - began, 1)}


def parsers(inputs: int, seed: int) -> dict[str, Any]:
    """Everything that reads what strangers wrote, but what starts a process for each input. What breaks is kept in the
    corpus."""
    began, results = time.perf_counter(), {}
    for parser in PARSERS.values():
        if not parser.is_slow:
            run = Run(parser)
            run.for_inputs(inputs, seed)
            results[parser.name] = run.told()
    broken = {f"{name}: {place}": count for name, each in results.items() for place, count in each["broken"].items()}
    tried = sum(each["inputs"] for each in results.values())
    return {
        "inputs": tried,
        "parsers": len(results),
        "verdicts": {"as it should be": tried - sum(broken.values()), **broken},
        "slowest_ms": max(each["slowest_ms"] for each in results.values()),
        "seconds": round(time.perf_counter() - began, 1),
    }


def main(inputs: int, seed: int) -> bool:
    logging.disable(logging.CRITICAL)
    results = {
        "callbacks": callbacks(inputs, seed),
        "pdus": pdus(inputs, seed),
        "parsers": parsers(inputs // 20, seed),
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({**results, "seed": seed, "peak_mib": peak}, indent=2))
    return all(set(each["verdicts"]) <= {"as it should be"} for each in results.values())


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(0 if main(given[0] if given else 100_000, given[1] if len(given) > 1 else 20261122) else 1)
