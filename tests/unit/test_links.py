"""Deep links and QR codes: what stands on a slip opens the right dossier in the right channel."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import segno
import typer
from typer.testing import CliRunner

from bot.config import LinkSettings
from bot.link_commands import link
from bot.links import QUIET_ZONE, code_of_payload, links_of, qr_png, qr_svg, telegram_payload
from bot.model.code import read_codes
from bot.model.errors import ConfigError

NEW = "H56.14-240823-0001"
OLD = "000.17.22.H56-210531-0001"
LONGEST = "H15.50.05.13.101.102.103.104.105.10-20261008-1800123"
EVERYWHERE = LinkSettings(web="https://hoso.tinh.gov.vn", telegram="MotCuaBot", zalo="2950001234", sms="8041")


def url(channel: str, code: str = NEW, places: LinkSettings = EVERYWHERE) -> str:
    (found,) = [each.url for each in links_of(code, places) if each.channel == channel]
    return found


def test_each_channel_has_its_link() -> None:
    assert url("web") == "https://hoso.tinh.gov.vn/?ma=H56.14-240823-0001"
    assert url("telegram") == "https://t.me/MotCuaBot?start=H56_14-240823-0001"
    assert url("zalo") == "https://zalo.me/2950001234"
    assert url("sms") == "sms:8041?body=HS%20H56.14-240823-0001"


def test_only_zalo_cannot_carry_the_code() -> None:
    assert [each.channel for each in links_of(NEW, EVERYWHERE) if not each.carries_code] == ["zalo"]


def test_a_channel_without_a_place_has_no_link() -> None:
    assert links_of(NEW, LinkSettings()) == []
    assert [each.channel for each in links_of(NEW, LinkSettings(sms="8041"))] == ["sms"]


def test_a_page_below_a_portal_keeps_its_path_and_query() -> None:
    places = LinkSettings(web="https://tinh.gov.vn/mot-cua?lang=vi#top")

    parts = urlsplit(url("web", OLD, places))

    assert parts.path == "/mot-cua"
    assert parse_qs(parts.query) == {"lang": ["vi"], "ma": [OLD]}
    assert parts.fragment == ""


@pytest.mark.parametrize("code", [NEW, OLD, LONGEST])
def test_telegrams_payload_is_in_its_letters_and_is_read_back(code: str) -> None:
    payload = telegram_payload(code)

    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload)
    assert code_of_payload(payload) == code
    assert [(each.code, each.repaired) for each in read_codes(payload)] == [(code, False)]


def test_the_drawing_has_exactly_the_modules_of_the_code_and_a_quiet_zone() -> None:
    link_url = url("telegram", LONGEST)

    drawing = qr_svg(link_url)

    expected = [
        [bool(module) for module in row] for row in segno.make_qr(link_url, error="m").matrix_iter(border=QUIET_ZONE)
    ]
    assert _modules(drawing) == expected
    assert not any(expected[0] + expected[QUIET_ZONE - 1])


def _modules(drawing: str) -> list[list[bool]]:
    """Reads the picture: strokes `m dx dy` and `h width` over a light ground."""
    (size,) = re.findall(r'viewBox="0 0 (\d+) \d+"', drawing)
    (path,) = re.findall(r'stroke="#000" d="([^"]+)"', drawing)
    dark = [[False] * int(size) for _ in range(int(size))]
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([^Mmh]+)", path):
        values = [float(each) for each in re.findall(r"-?[\d.]+", numbers)]
        if command == "h":
            for column in range(int(x), int(x + values[0])):
                dark[int(y)][column] = True
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    return dark


def test_an_image_for_printers_is_a_png() -> None:
    assert qr_png(url("web")).startswith(b"\x89PNG\r\n\x1a\n")


COMMAND = typer.Typer()
COMMAND.command()(link)
CONFIG = """
[links]
web = "https://hoso.tinh.gov.vn"
telegram = "MotCuaBot"
zalo = "2950001234"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def said(*words: str) -> str:
    result = CliRunner().invoke(COMMAND, list(words), catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_the_command_prints_the_links_of_a_code(config: Path) -> None:
    lines = said("h56.14 - 240823 - 0001", "-c", str(config)).splitlines()

    assert [line.split()[:2] for line in lines] == [
        ["web", "https://hoso.tinh.gov.vn/?ma=H56.14-240823-0001"],
        ["zalo", "https://zalo.me/2950001234"],
        ["telegram", "https://t.me/MotCuaBot?start=H56_14-240823-0001"],
    ]


@pytest.mark.parametrize(("file", "begins"), [("slip.svg", b"<svg"), ("slip.PNG", b"\x89PNG")])
def test_the_command_draws_a_qr_code_of_one_channel(config: Path, tmp_path: Path, file: str, begins: bytes) -> None:
    said(NEW, "-c", str(config), "--qr", str(tmp_path / file), "--channel", "telegram")

    drawn = (tmp_path / file).read_bytes()
    assert drawn.startswith(begins)
    assert drawn in (qr_svg(url("telegram")).encode(), qr_png(url("telegram")))


@pytest.mark.parametrize(
    ("words", "said_why"),
    [
        (["không phải mã"], "is no dossier code"),
        ([NEW, "--qr", "slip.pdf"], "name a file .svg or .png"),
        ([NEW, "--qr", "slip.svg", "--channel", "sms"], "has no such channel (web, zalo, telegram)"),
        ([NEW, "--qr", "/none/slip.svg"], "cannot be written"),
    ],
)
def test_what_the_command_cannot_do_it_says(config: Path, words: list[str], said_why: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said_why)):
        CliRunner().invoke(COMMAND, [*words, "-c", str(config)], catch_exceptions=False)


def test_without_places_the_command_says_where_they_belong(config: Path) -> None:
    config.write_text("", encoding="utf-8")

    with pytest.raises(ConfigError, match=re.escape("[links] còn trống / is empty")):
        CliRunner().invoke(COMMAND, [NEW, "-c", str(config)], catch_exceptions=False)
