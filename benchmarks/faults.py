"""What each fault of an SMS centre does to our messages: `python -m benchmarks.faults [MESSAGES] [WORD OF A FAULT]…`.

For each fault 10,000 messages, every fifth of them in two parts, are planned in a SQLite file; the whole service
(`motcua run`) sends them at 1,000 parts a second to the SMS-centre simulator in a process of its own; when a third is
there the fault begins, and some seconds later it is over. Once all is quiet the centre's journal is the judge:

* lost: messages that the ledger has not at all, or says were taken, and the centre has not taken whole;
* sent twice: messages of which the centre has taken a part more than once;
* uncertain at first: messages that were ever in that state, seen by a trigger in the database; resolved: those that a
  receipt (or a late answer) has since made known; left: those that wait for a person, and how many of them the centre
  did take whole.

Prints a Markdown table and one JSON object. Ends with 1 where anything was lost or sent twice.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.fault_judge import UNDER_WAY, Verdict, judged, planned
from bot.demo.processes import end, free_ports, simulator
from bot.ledger import balance
from bot.model.message import DeliveryState
from storage import open_storage

ENTRY = "MOTCUA_BENCH_PASSWORD"
CONFIG = """
[storage]
url = "sqlite:{place}/motcua.db"
[web]
enabled = false
[outbox]
lease = {lease}
send = {send}
[gateways]
failures = {failures}
[channels.sms]
kind = "sms_smpp"
host = "127.0.0.1"
port = {port}
system_id = "bench"
password = "env:MOTCUA_BENCH_PASSWORD"
source_addr = "8041"
{reference}
rate = {rate}
response_timeout = {answer}
enquire_link = 1
reconnect_min = 0.2
"""
_MOST_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Timing:
    """How both sides are set. Seconds, but for `rate`."""

    rate: int = 1000
    """Parts a second that leave us."""
    answer: float = 2.0
    """How long we wait for a response."""
    receipt: float = 3.0
    """From a submit to its receipt: longer than `answer`, so that the receipt finds an uncertain message."""
    send: float = 20.0
    lease: float = 25.0
    failures: int = 8
    """Failures in a row that make our side rest."""
    patience: float = 2.0
    """Quiet time after which no more is expected."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fault, as it is ordered at the centre."""

    name: str
    fault: Mapping[str, object] = field(default_factory=dict)
    returns_our_id: bool = True
    """The provider takes our id in a vendor parameter and returns it in receipts; else only the 16 bits of
    user_message_reference."""
    restart: bool = False
    """Our side is killed (SIGKILL) and started again, once the receipts are due."""


SCENARIOS = (
    Scenario("no fault"),
    Scenario("drop in the window", {"kind": "drop", "share": 0.02, "for": 3}),
    Scenario("drop, not taken", {"kind": "drop-untaken", "share": 0.02, "for": 3}),
    Scenario("silence", {"kind": "silence", "for": 4}),
    Scenario("silence, not taken", {"kind": "silence", "taken": False, "for": 4}),
    Scenario("silence, our id not returned", {"kind": "silence", "for": 4}, returns_our_id=False),
    Scenario("slow", {"kind": "slow", "latency": 1.0, "for": 5}),
    Scenario("throttle", {"kind": "throttle", "share": 0.5, "for": 4}),
    Scenario("wrong sequence", {"kind": "wrong-sequence", "share": 0.1, "for": 3}),
    Scenario("duplicate receipt", {"kind": "duplicate-receipt", "for": 5}),
    Scenario("receipt before response", {"kind": "receipt-first", "for": 5}),
    Scenario("receipt after restart", restart=True),
    Scenario("response after time-out", {"kind": "late-response", "latency": 3.0, "for": 3}),
    Scenario("half-open TCP", {"kind": "half-open", "for": 15}),
    Scenario("down", {"kind": "down", "for": 4}),
    Scenario("garbage", {"kind": "garbage", "share": 0.1, "for": 4}),
    Scenario("garbage out of step", {"kind": "garbage", "share": 0.005, "fatal": True, "for": 3}),
)


Service = Callable[[Path], AbstractAsyncContextManager[Callable[[], None]]]
"""Runs our side with the config.toml of a folder; what it gives kills it without warning."""
Simulate = Callable[[str, dict[str, object], Path], AbstractAsyncContextManager[object]]
"""As `bot.demo.processes.simulator`."""


@asynccontextmanager
async def process(place: Path) -> AsyncIterator[Callable[[], None]]:
    """`motcua run` as a process."""
    with (place / "service.log").open("ab") as log:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--config", str(place / "config.toml"),
            env=os.environ | {ENTRY: "bench"}, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield running.kill
    finally:
        await end(running)


class Centre:
    """The simulator's control API."""

    def __init__(self, http: aiohttp.ClientSession, port: int) -> None:
        self._http = http
        self._url = f"http://127.0.0.1:{port}"

    async def get(self, path: str) -> Any:
        async with self._http.get(f"{self._url}/{path}") as answer:
            return await answer.json()

    async def order(self, fault: Mapping[str, object]) -> None:
        async with self._http.post(f"{self._url}/fault", json=dict(fault)) as answer:
            assert answer.status == 202, await answer.text()

    async def until(self, name: str, number: int) -> None:
        """Until one of the counters has come so far."""
        while (await self.get("stats"))[name] < number:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.02)


async def tried(
    scenario: Scenario,
    messages: int,
    place: Path,
    *,
    timing: Timing = Timing(),
    service: Service = process,
    simulate: Simulate = simulator,
) -> Verdict:
    """One scenario from beginning to judgement. `place` is an empty folder."""
    port, control = free_ports(2)
    url = f"sqlite:{place / 'motcua.db'}"
    reference = "reference_tlv = 0x1501" if scenario.returns_our_id else ""
    text = CONFIG.format(place=place, port=port, reference=reference, **asdict(timing))
    (place / "config.toml").write_text(text, encoding="utf-8")
    items = await planned(url, messages)
    settings = {
        "port": port, "control_port": control, "log": place / "smsc.jsonl", "delay": timing.receipt, "latency": 0.02,
    }  # fmt: skip
    began = time.monotonic()
    async with (
        asyncio.timeout(_MOST_SECONDS),
        simulate("smsc", settings, place / "smsc.log"),
        aiohttp.ClientSession() as http,
        AsyncExitStack() as services,
    ):
        centre = Centre(http, control)
        kill = await services.enter_async_context(service(place))
        await centre.until("accepted", messages // 3)
        if scenario.fault:
            await centre.order(scenario.fault)
        if scenario.restart:
            kill()
            await centre.until("waiting", 1)
            await services.enter_async_context(service(place))
        await quiet(url, centre, timing.patience)
    return await judged(scenario.name, items, place, seconds=time.monotonic() - began)


async def quiet(url: str, centre: Centre, patience: float) -> None:
    """Until nothing waits or is on its way, and no receipt has moved anything for a while."""
    before: Mapping[DeliveryState, int] = {}
    since = time.monotonic()
    async with open_storage(url) as storage:
        while True:
            states = (await balance(storage)).states
            if states != before:
                before, since = states, time.monotonic()
            busy = any(states[state] for state in UNDER_WAY)
            still = time.monotonic() - since
            if not busy and still > patience and not await centre.get("fault"):
                return
            await asyncio.sleep(max(0.1, patience / 10))


_COLUMNS = {
    "fault": "fault", "met": "submits it met", "taken": "taken whole", "delivered": "delivered", "failed": "failed",
    "waiting": "waiting", "lost": "lost", "sent_twice": "sent twice", "uncertain_at_first": "uncertain at first",
    "resolved": "resolved", "uncertain_left": "left uncertain", "left_but_taken": "of them taken",
    "left_in_part": "in part", "seconds": "seconds",
}  # fmt: skip


def row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def main(messages: int, words: Sequence[str]) -> None:
    os.environ[ENTRY] = "bench"
    print(row(list(_COLUMNS.values())), row(["---"] + ["---:"] * (len(_COLUMNS) - 1)), sep="\n", flush=True)
    verdicts = []
    for scenario in SCENARIOS:
        if words and not any(word in scenario.name for word in words):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                verdict = asyncio.run(tried(scenario, messages, Path(folder)))
            except TimeoutError:
                said = (Path(folder) / "service.log").read_text(encoding="utf-8")
                sys.exit(f"{scenario.name}: it never came to rest; the service said:\n{said[-3000:]}")
        verdicts.append(verdict)
        print(row([getattr(verdict, name) for name in _COLUMNS]), flush=True)
    print(json.dumps([asdict(verdict) for verdict in verdicts]))
    sys.exit(any(verdict.lost or verdict.sent_twice for verdict in verdicts))


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 10_000, given[1:])
