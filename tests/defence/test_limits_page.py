"""docs/gioi-han.md says of every limit what the code says."""

import importlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.registry import SOURCES
from bot.config import Config

PAGE = Path("docs/gioi-han.md").read_text(encoding="utf-8")
ROWS = re.findall(r"(?m)^\| [^|\n]+ \| ([0-9.]+)( KiB| MiB)? \| `([^`]+)` \|$", PAGE)
_BYTES = {"": 1, " KiB": 1 << 10, " MiB": 1 << 20}


def told(where: str) -> Any:
    """What the code has there: `[table] key`, `[sources.kind] key`, or `path/of/module.py NAME`."""
    if setting := re.fullmatch(r"\[([a-z_.]+)\] (\w+)", where):
        table, key = setting.groups()
        if table.startswith("sources."):
            return SOURCES[table.removeprefix("sources.")].settings.model_fields[key].default
        return getattr(getattr(Config(), table), key)
    module, _, name = where.partition(" ")
    found: Any = importlib.import_module(module.removesuffix(".py").replace("/", "."))
    for each in name.split("."):
        found = getattr(found, each)
    return found


def test_the_page_lists_limits_of_every_kind_of_way_in() -> None:
    places = {where.split("]")[0].split(" ")[0].lstrip("[") for _, _, where in ROWS}

    assert len(ROWS) > 60
    assert len(re.findall(r"(?m)^\| .* \| `[^`]+` \|$", PAGE)) == len(ROWS)
    assert {
        "web",
        "api",
        "console",
        "sources.push",
        "sources.folder",
        "sources.rest",
        "bot/web/connections.py",
    } <= places


@pytest.mark.parametrize(("number", "unit", "where"), ROWS, ids=[where for _, _, where in ROWS])
def test_a_limit_is_as_the_page_says(number: str, unit: str, where: str) -> None:
    value = told(where)
    if isinstance(value, timedelta):
        value = value.total_seconds() / 3600

    assert value == int(number.replace(".", "")) * _BYTES[unit]


def test_every_setting_that_limits_the_web_face_is_listed() -> None:
    named = re.compile(
        r"per_minute|_bytes|_people|_streams|connections|head_seconds|failures|door_|lock_|idle_|longest_"
    )
    config = Config()
    settings = {
        f"[{table}] {key}"
        for table in ("web", "api", "console")
        for key in type(getattr(config, table)).model_fields
        if named.search(key)
    }

    assert len(settings) > 10
    assert settings - {where for _, _, where in ROWS} == set()
