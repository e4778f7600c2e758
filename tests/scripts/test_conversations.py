"""The same conversation on every channel: through its real adapter and the provider's simulator."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from tests.scripts.layouts import LAYOUTS
from tests.scripts.playing import DepartureError, Play
from tests.scripts.reading import CHANNELS, Channel, Script, scripts
from tests.scripts.service import STRICT, USUAL, Service, service

SCRIPTS = scripts(Path(__file__).parent / "conversations")
SETTINGS = {"usual": USUAL, "strict": STRICT}


class Stage(NamedTuple):
    """A service on which many scripts are played."""

    channel: Channel
    settings: str


class Theatre:
    """Runs one service at a time; it is the same one until another stage is asked for."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._stage: Stage | None = None
        self._running: Service | None = None
        self._stack = AsyncExitStack()

    async def at(self, stage: Stage) -> Service:
        if self._running is None or stage != self._stage:
            await self.close()
            place = self._factory.mktemp(stage.channel)
            opened = service(LAYOUTS[stage.channel](place), place, SETTINGS[stage.settings])
            self._stage, self._running = stage, await self._stack.enter_async_context(opened)
        return self._running

    async def close(self) -> None:
        self._running = None
        await self._stack.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theatre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Theatre]:
    theatre = Theatre(tmp_path_factory)
    yield theatre
    await theatre.close()


def _cases() -> list[object]:
    """Stage by stage."""
    stages = [Stage(channel, settings) for channel in CHANNELS for settings in SETTINGS]
    return [
        pytest.param(stage, script, id=f"{stage.channel}-{script.name}", marks=_marks(stage.channel, script))
        for stage in stages
        for script in SCRIPTS
        if stage.channel in script.channels and stage.settings == script.service
    ]


def _marks(channel: Channel, script: Script) -> list[pytest.MarkDecorator]:
    if script.fault and channel in script.fault_on:
        return [pytest.mark.xfail(reason=script.fault, raises=DepartureError, strict=True)]
    return []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("stage", "script"), _cases())
async def test_the_conversation(
    theatre: Theatre, stage: Stage, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    running = await theatre.at(stage)
    try:
        await Play(script, running).run()
    finally:
        await running.put_away()

    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "replies",
    [
        pytest.param([], id="silence"),
        pytest.param([{"has": ["là mã hồ sơ"]}], id="other words"),
        pytest.param([{"has": ["1.001193"], "lacks": ["mã thủ tục"]}], id="fewer words"),
        pytest.param([{"has": ["1.001193"]}, {}], id="one more"),
    ],
)
async def test_a_conversation_that_goes_another_way_is_noticed(
    theatre: Theatre, replies: list[dict[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.scripts.people.PATIENCE", 1.0)
    step = {"say": "1.001193", "replies": replies}
    script = Script.model_validate({"name": "wrong", "title": "Wrong", "as": "stranger", "step": [step]})
    running = await theatre.at(Stage("zalobot", "strict"))

    with pytest.raises(DepartureError):
        await Play(script, running).run()

    await running.put_away()


def test_there_are_forty_scripts_for_every_channel() -> None:
    everywhere = [script.name for script in SCRIPTS if script.channels == CHANNELS]

    assert len(everywhere) >= 40
