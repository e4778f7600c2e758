"""The wheel is whole: what runs from the checkout runs where there is none."""

import asyncio
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import aiohttp
import pytest
from hatchling.builders.wheel import WheelBuilder

from bot.demo.processes import free_port

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "adapters", "storage")
ENVIRONMENT = {"PATH": os.environ["PATH"], "COLUMNS": "200", "LANG": "C.UTF-8"}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as `pip` has it built, in a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return folder / "site"


START = """
import json, sys
sys.path[:] = [sys.argv[1], *(path for path in sys.path if path != sys.argv[2])]
import bot
assert bot.__file__.startswith(sys.argv[1]), bot.__file__
from bot.cli import main
for words in json.loads(sys.argv[3]):
    sys.argv[:] = ["motcua", *words]
    try:
        main()
    except SystemExit as left:
        if left.code:
            raise
"""


def commands(unpacked: Path, *each: list[str]) -> list[str]:
    """`motcua`, time after time, from the wheel alone: isolated, so that neither the working folder nor the checkout
    can be imported."""
    return [sys.executable, "-I", "-c", START, str(unpacked), str(ROOT), json.dumps(each)]


def test_every_file_beside_the_code_travels(unpacked: Path) -> None:
    ours = {
        path.relative_to(ROOT)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}

    assert len([path for path in ours if path.suffix != ".py"]) > 100
    assert sorted(map(str, ours - packed)) == []
    beside = {str(path) for path in packed - ours if path.suffix != "" and ".dist-info" not in path.parts[0]}
    examples = {f"bot/examples/channels/{path.name}" for path in (ROOT / "docs/examples/channels").glob("*.toml")}
    assert beside == {"bot/config.example.toml", *examples}


@pytest.mark.slow
async def test_a_fresh_office_is_set_up_and_served_from_the_wheel_alone(unpacked: Path, tmp_path: Path) -> None:
    port = free_port()
    begin = [
        "init", "--yes", "--office", "Tỉnh Khánh Hòa", "--channel", "webchat", "--channel", "log",
        "--admin", "lan.nguyen=Nguyễn Thị Lan", "--set", f"web.port={port}",
    ]  # fmt: skip
    done = await asyncio.to_thread(
        ran, commands(unpacked, begin, ["migrate"], ["check"], ["sms"], ["--help"]), tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    letter = re.search(r"http://\S+/can-bo/loi-moi/\S+", done.stdout)
    assert letter

    service = await asyncio.create_subprocess_exec(
        *commands(unpacked, ["run"]), cwd=tmp_path, env=ENVIRONMENT, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(40), aiohttp.ClientSession() as http:
            while not await is_ready(http, f"http://127.0.0.1:{port}/readyz"):
                assert service.returncode is None
            pages = {path: await page(http, f"http://127.0.0.1:{port}{path}") for path in ("/", "/can-bo/dang-nhap")}
            pages["letter"] = await page(http, letter[0])
            sheet = await page(http, f"http://127.0.0.1:{port}/static/page.css")
    finally:
        service.terminate()
        await service.wait()

    for word in ("mới nhất", "nothing to mend", "progress", "simulate"):
        assert word in done.stdout, word
    assert all("Tỉnh Khánh Hòa" in text for text in pages.values())
    assert "Nguyễn Thị Lan" in pages["letter"]
    assert "{" in sheet


def ran(command: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=place, env=ENVIRONMENT, capture_output=True, text=True, timeout=50, check=False)


async def is_ready(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        await asyncio.sleep(0.05)
        return False


async def page(http: aiohttp.ClientSession, url: str) -> str:
    async with http.get(url) as answer:
        assert answer.status == 200, url
        return await answer.text()
