"""Choices are written into the example's text: values change, meaning and comments stay."""

import tomllib
from pathlib import Path

import pytest

from bot.init_text import Sheet, Value, everything_on, literal

TEXT = """\
# Mở đầu / opening.
[web]
host = "127.0.0.1"          # nơi nghe / where to listen
mark = "a # b"              # có dấu thăng / with a hash
port = 8080

# [channels.late]           # tắt / off
# kind = "late"
# token = "env:TOKEN"       # mã / token
# [channels.late.login]
# name = "x"

[sources.folder]
kind = "folder"
[sources.folder.fields]     # cột / columns
# code = "Mã"
"""


def test_a_value_changes_and_the_meaning_beside_it_stays() -> None:
    sheet = Sheet(TEXT)

    sheet.write("web", "host", "::1")
    sheet.write("web", "mark", "c # d")
    sheet.write("web", "port", 81)

    lines = sheet.text.splitlines()
    assert 'host = "::1"                # nơi nghe / where to listen' in lines
    assert 'mark = "c # d"              # có dấu thăng / with a hash' in lines
    assert "port = 81" in lines
    assert sheet.comment("web", "mark") == "có dấu thăng / with a hash"


def test_a_table_that_is_off_is_switched_on_with_what_is_said_of_it_alone() -> None:
    sheet = Sheet(TEXT)

    sheet.write("channels.late", "kind", "late")

    assert tomllib.loads(sheet.text)["channels"] == {"late": {"kind": "late"}}
    assert '# token = "env:TOKEN"       # mã / token' in sheet.text


def test_a_table_is_switched_off_with_all_below_it_and_can_come_back() -> None:
    sheet = Sheet(TEXT)

    sheet.switch_off("sources.folder")

    assert "sources" not in tomllib.loads(sheet.text)
    assert everything_on(sheet.text) == everything_on(TEXT)


def test_what_the_text_does_not_have_is_added_where_it_belongs() -> None:
    sheet = Sheet(TEXT)

    sheet.write("sources.folder", "pause", 5.5)
    sheet.write("sources.folder.agencies", '"H32.10"', "Sở Xây dựng")
    sheet.write("channels.late.login", "kind", "basic")
    sheet.write("brand.new", "on", True)

    said = tomllib.loads(sheet.text)
    assert said["sources"]["folder"]["pause"] == 5.5
    assert said["sources"]["folder"]["fields"] == {}
    assert said["sources"]["folder"]["agencies"] == {"H32.10": "Sở Xây dựng"}
    assert said["channels"]["late"]["login"] == {"kind": "basic"}
    assert said["brand"] == {"new": {"on": True}}


@pytest.mark.parametrize(
    "value",
    ['Tỉnh "Khánh Hòa" \\ # 1', "a\tb\n\x7f\x00", True, 3, 2.5, ["a", 1, []], {"H32.10": 5, "a": {"b": ["c"]}}, {}],
    ids=repr,
)
def test_whatever_is_written_is_read_back(value: Value) -> None:
    assert tomllib.loads(f"value = {literal(value)}")["value"] == value


def test_an_untouched_example_is_the_example() -> None:
    text = Path("config.example.toml").read_text(encoding="utf-8")

    assert Sheet(text).text == text
