"""The readable page: everything is on it, nothing comes from elsewhere, and it can be read by all."""

import re
import tomllib
from pathlib import Path

import pytest
from playwright.async_api import Page

import bot.web.api
from adapters.fates import Fate
from bot.web.api.problems import words
from bot.web.api.server import OPERATIONS
from tests.web.api.rig import Rig
from tests.web.axe import grave_violations


async def page_of(api: Rig) -> str:
    async with api.http.get(f"{api.url}/api/v1/docs") as answer:
        assert answer.status == 200
        return await answer.text()


async def test_every_operation_problem_and_link_is_there(quiet_api: Rig) -> None:
    text = await page_of(quiet_api)

    places = set(re.findall(r'id="([^"]+)"', text))
    assert {each.name for each in OPERATIONS} | words()["problem"].keys() <= places
    assert set(re.findall(r'href="#([^"]+)"', text)) <= places
    assert not re.findall(r"<script|style=|https?://(?!www\.w3)", text.replace("https://…", ""))
    assert text.count("curl -sS") >= len(OPERATIONS)


def test_the_trial_numbers_are_those_of_the_sandbox() -> None:
    said = tomllib.loads((Path(bot.web.api.__file__).parent / "docs.toml").read_text(encoding="utf-8"))

    assert [each["ending"] for each in said["fate"]] == [each.value for each in Fate if each.value]


def test_every_sentence_is_said_in_both_languages() -> None:
    assert all(each.keys() >= {"vi", "en"} for family in words().values() for each in family.values())


@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_nothing_serious(quiet_api: Rig, page: Page, axe: str, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})

    await page.goto(f"{quiet_api.url}/api/v1/docs")

    assert await grave_violations(page, axe) == []
    assert await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
