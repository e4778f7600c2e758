"""The fault table in small: what faults of the centre do to the messages of the whole service."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.simulators import smsc
from benchmarks.fault_judge import Verdict
from benchmarks.faults import ENTRY, Scenario, Timing, tried
from bot import app
from bot.config import load_config

MESSAGES = 200
QUICK = Timing(rate=400, answer=0.4, receipt=0.8, send=1.0, lease=2.5, failures=1000, patience=0.3)
PATIENT = replace(QUICK, answer=2.0, send=2.3)
"""Where no answer is late by the fault itself, a busy machine must not make one late."""
SCENARIOS = (
    Scenario("drop", {"kind": "drop", "share": 0.05, "times": 2}),
    Scenario("silence", {"kind": "silence", "share": 0.1, "for": 0.3}),
    Scenario("late", {"kind": "late-response", "latency": 0.6, "share": 0.2, "for": 0.3}),
    Scenario("wrong sequence", {"kind": "wrong-sequence", "share": 0.1, "for": 0.3}),
    Scenario("garbage", {"kind": "garbage", "share": 0.3, "for": 0.3}),
    Scenario("restart", restart=True),
)


@asynccontextmanager
async def here(place: Path) -> AsyncIterator[Callable[[], object]]:
    """The service in this event loop; cancelled, it drains nothing."""
    async with app.open_app(app.read_plan(load_config(place / "config.toml"))) as running:
        task = asyncio.create_task(running.run())
        try:
            yield task.cancel
        finally:
            running.stop()
            await asyncio.wait([task])


@asynccontextmanager
async def simulated_here(_: str, settings: dict[str, object], __: Path) -> AsyncIterator[None]:
    ready = asyncio.Event()
    task = asyncio.create_task(smsc.run(smsc.Settings.model_validate(settings), ready.set))
    await ready.wait()
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_no_fault_loses_a_message_or_sends_one_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENTRY, "bench")
    places = [tmp_path / str(number) for number in range(len(SCENARIOS))]
    for place in places:
        place.mkdir()

    async def verdict_on(scenario: Scenario, place: Path) -> Verdict:
        timing = PATIENT if scenario.name == "garbage" else QUICK
        return await tried(scenario, MESSAGES, place, timing=timing, service=here, simulate=simulated_here)

    verdicts = await asyncio.gather(*map(verdict_on, SCENARIOS, places))

    for verdict in verdicts:
        assert (verdict.lost, verdict.sent_twice, verdict.waiting, verdict.failed) == (0, 0, 0, 0), verdict
        assert verdict.delivered + verdict.uncertain_left == MESSAGES, verdict
        assert verdict.left_but_taken == 0, verdict
    by_name = {verdict.fault: verdict for verdict in verdicts}
    assert all(by_name[name].met for name in ("drop", "silence", "late", "wrong sequence", "garbage"))
    assert all(by_name[name].resolved for name in ("drop", "silence", "late", "wrong sequence"))
    assert by_name["garbage"].uncertain_at_first == 0
