"""Shares are written in one way."""

import re
from pathlib import Path

import pytest

from bot.model.percent import percent, percentage

_ROOT = Path(__file__).parents[2]
_SPACED = re.compile(r"[0-9}…] %(?![}(\w])")
"""A figure, or a place for one, and the sign apart from it."""
_READ = ("bot/**/*.html", "bot/**/*.toml", "bot/texts/*", "docs/*.md", "deploy/**/*.json", "README*.md")


def test_a_share_of_a_whole_has_a_comma_and_no_space() -> None:
    assert percent(6_412, 10_000) == "64,12%"
    assert percent(1, 1) == "100,00%"
    assert percent(1, 3, 1) == "33,3%"
    assert percent(1, 3, 0) == "33%"
    assert percent(0, 0) == "–"


@pytest.mark.parametrize(
    ("value", "said"), [(100, "100%"), (99.0, "99%"), (99.999, "99,99%"), (99.5, "99,5%"), (0, "0%")]
)
def test_what_is_in_hundredths_is_never_rounded_up(value: float, said: str) -> None:
    assert percentage(value) == said
    assert percentage(12.345, 1) == "12,3%"


def test_no_page_text_or_manual_sets_the_sign_apart() -> None:
    files = {path for each in _READ for path in _ROOT.glob(each) if path.is_file() and path.suffix != ".pyc"}

    apart = [
        f"{path.relative_to(_ROOT)}: {line.strip()[:80]}"
        for path in sorted(files)
        for line in path.read_text(encoding="utf-8").splitlines()
        if _SPACED.search(line)
    ]

    assert apart == []
