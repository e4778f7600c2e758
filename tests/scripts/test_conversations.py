"""The same conversation on every channel: through its real adapter and the provider's simulator."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from tests.scripts.layouts import LAYOUTS
from tests.scripts.playing import Play
from tests.scripts.reading import CHANNELS, Channel, Script, scripts
from tests.scripts.service import STRICT, USUAL, Service, service

SCRIPTS = scripts(Path(__file__).parent / "conversations")
SETTINGS = {"usual": USUAL, "strict": STRICT}


class Stage(NamedTuple):
    """One service for all the scripts that are played on it."""

    channel: Channel
    settings: str


def _cases() -> list[object]:
    cases = [(channel, script) for channel in CHANNELS for script in SCRIPTS if channel in script.channels]
    return [
        pytest.param(Stage(channel, script.service), script, id=f"{channel}-{script.name}", marks=_marks(channel, script))
        for channel, script in sorted(cases, key=lambda case: (CHANNELS.index(case[0]), case[1].service != "usual"))
    ]


def _marks(channel: Channel, script: Script) -> list[pytest.MarkDecorator]:
    if script.fault and channel in script.fault_on:
        return [pytest.mark.xfail(reason=script.fault, strict=True)]
    return []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    stage: Stage = request.param
    place = tmp_path_factory.mktemp(stage.channel)
    async with service(LAYOUTS[stage.channel](place), place, SETTINGS[stage.settings]) as running:
        yield running


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("running", "script"), _cases(), indirect=["running"])
async def test_the_conversation(running: Service, script: Script, caplog: pytest.LogCaptureFixture) -> None:
    try:
        await Play(script, running).run()
    finally:
        await running.put_away()

    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_there_are_forty_scripts_for_every_channel() -> None:
    everywhere = [script.name for script in SCRIPTS if script.channels == CHANNELS]

    assert len(everywhere) >= 40
