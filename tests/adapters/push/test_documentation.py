"""What docs/push.md tells a vendor's developers, tried with curl against a real office."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.records.settings import ObjectSettings
from adapters.sources import push
from bot.intake import Intake
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.ports import Storage
from bot.web.context import Door
from tests.adapters.push.support import KEY, SIGNING_KEY, settings
from tests.support.making import planner
from tests.support.storages import sqlite_storage
from tests.web.office import open_office

__all__ = ["sqlite_storage"]

PAGE = (Path(__file__).parents[3] / "docs" / "push.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sh\n(.*?)```\n```json\n(.*?)```", PAGE, re.DOTALL)
PASSWORD = "a password for the examples"  # in the examples it stands inside JSON


@pytest.fixture
async def url(sqlite_storage: Storage) -> AsyncIterator[str]:
    chosen = settings(signing_keys=[SecretStr(SIGNING_KEY)], users={"vnpt": SecretStr(PASSWORD)})
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(push.open("motcua", chosen))
        assert source.push is not None
        intake = Intake(Mirror("motcua", sqlite_storage, planner(), utc_now))
        doors = {"motcua": Door(source.push, intake.accept)}
        yield (await stack.enter_async_context(open_office(sqlite_storage, doors=doors))).url


async def run(script: str, names: dict[str, str]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        "bash", "-euc", script, env={"PATH": os.environ["PATH"], **names}, stdout=asyncio.subprocess.PIPE
    )
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), timeout=20)
    finally:
        if process.returncode is None:
            process.kill()
    answer = json.loads(printed)
    assert isinstance(answer, dict)
    return answer


async def test_every_example_answers_as_the_page_says(url: str) -> None:
    missing = [program for program in ("bash", "curl", "openssl") if shutil.which(program) is None]
    if missing:
        reason = f"the examples of docs/push.md were not tried, {', '.join(missing)} is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    names = {"URL": url, "KEY": KEY, "SIGNING_KEY": SIGNING_KEY, "PASSWORD": PASSWORD}

    for script, expected in EXAMPLES:
        answer = await run(script, names)
        names["SESSION"] = answer.get("session", names.get("SESSION", ""))
        shown = json.loads(expected)
        if shown.get("session") == "…":
            shown["session"] = answer["session"]
        assert answer == shown, script


def test_the_page_has_an_example_of_every_endpoint_and_of_no_other() -> None:
    shown = set(re.findall(r"/onestop/v1/(\w+)", "".join(script for script, _ in EXAMPLES)))
    listed = set(
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", PAGE.partition("## Who")[0], re.MULTILINE)))
    )

    assert len(EXAMPLES) == PAGE.count("```sh")
    assert shown <= listed
    assert listed - shown == {"CapNhatTienDoHoSoMC", "CapNhatTienTrinh"}, "the list alike CapNhatTrangThai"


def test_the_page_names_every_setting_and_no_other() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Settings")[2], re.MULTILINE))

    assert named == push.Settings.model_fields.keys() - ObjectSettings.model_fields.keys()
