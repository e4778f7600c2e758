"""The manuals show what is there: their pictures, the words of the screens that they name, every alarm."""

import re
import struct
import tomllib
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.alarms import AlarmName
from tests.repository.test_docs import DOCUMENTS, ROOT, anchors
from tests.support.pictures import LARGEST, PICTURES

DOCS = ROOT / "docs"
PICTURED = DOCS / "hinh"
MANUALS = [DOCS / "nguoi-dan.md", DOCS / "can-bo.md", DOCS / "quan-tri.md"]
SCREENS = ROOT / "bot" / "web" / "console" / "words" / "vi"
ALARMS_PAGE = DOCS / "canh-bao.md"
WIDTHS = {354, 390, 1200}
"""Pixels: the phone that is drawn on the demo page, a citizen's, a clerk's screen."""
_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_ALARM = re.compile(r"^\| \[`(\w+)`\]\(canh-bao\.md#([^)]+)\) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def pictures_in(document: Path) -> Iterator[tuple[str, Path]]:
    """(what it shows, in words; its file)."""
    for words, name in _PICTURE.findall(document.read_text(encoding="utf-8")):
        yield words, (document.parent / name).resolve()


def on_screens() -> set[str]:
    """Every sentence, button and heading of the console; what is filled in stands as `…`."""
    return {
        re.sub(r"\{[^}]*\}", "…", words)
        for file in SCREENS.glob("*.toml")
        for words in _words(tomllib.loads(file.read_text(encoding="utf-8")))
    }


def _words(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for each in value.values():
                yield from _words(each)
        case list():
            for each in value:
                yield from _words(each)
        case _:
            yield str(value)


def unknown(text: str, known: Collection[str]) -> list[str]:
    """What a text prints in bold although no screen says it."""
    return [bold for bold in _BOLD.findall(text) if bold not in known]


def size_of(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG file, in pixels (RFC 2083, section 4.1.1)."""
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n\x1a\n"), picture.name
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def test_every_picture_is_named_in_a_document_and_each_named_one_is_there() -> None:
    named = {file for document in DOCUMENTS for _, file in pictures_in(document) if file.parent == PICTURED}

    assert named == {file.resolve() for file in PICTURED.iterdir()}


def test_every_picture_is_one_that_can_be_taken_anew() -> None:
    assert {file.name for file in PICTURED.iterdir()} == {f"{name}.png" for name in PICTURES}


@pytest.mark.parametrize("picture", sorted(PICTURED.glob("*.png")), ids=lambda file: file.stem)
def test_a_picture_is_small_and_as_wide_as_a_screen(picture: Path) -> None:
    assert picture.stat().st_size <= LARGEST
    width, height = size_of(picture)
    assert width in WIDTHS
    assert height <= width * 2.5


@pytest.mark.parametrize("document", MANUALS, ids=lambda file: file.stem)
def test_what_a_picture_shows_is_said_to_those_who_do_not_see_it(document: Path) -> None:
    short = [file.name for words, file in pictures_in(document) if len(words.split()) < 4]

    assert short == []


@pytest.mark.parametrize("document", MANUALS, ids=lambda file: file.stem)
def test_a_manual_is_composed_unicode_with_a_summary_in_english(document: Path) -> None:
    text = document.read_text(encoding="utf-8")

    assert unicodedata.is_normalized("NFC", text)
    assert "*In English:" in text


def test_the_words_that_clerks_are_told_to_press_stand_on_their_screens() -> None:
    text = (DOCS / "can-bo.md").read_text(encoding="utf-8")

    assert unknown(text, on_screens()) == []
    assert len(_BOLD.findall(text)) > 100


def test_a_word_that_no_screen_says_would_be_found() -> None:
    text = "Bấm **Duyệt và báo công dân**, **Gửi tiếp … người còn lại**, rồi **Duyệt hết**."

    assert unknown(text, on_screens()) == ["Duyệt hết"]


def test_every_alarm_stands_in_the_administrators_table_and_leads_to_its_section() -> None:
    rows = _ALARM.findall((DOCS / "quan-tri.md").read_text(encoding="utf-8"))

    assert [name for name, *_ in rows] == [each.value for each in AlarmName]
    assert [anchor for _, anchor, *_ in rows if anchor not in anchors(ALARMS_PAGE)] == []
    assert [name for name, anchor, *_ in rows if not anchor.startswith(f"{name}--")] == []
    assert all(meaning.strip() and act.strip() for _, _, meaning, act in rows)


def test_the_manuals_lead_to_each_other() -> None:
    administrators = (DOCS / "quan-tri.md").read_text(encoding="utf-8")

    assert "](can-bo.md" in administrators
    assert "](nguoi-dan.md" in administrators
