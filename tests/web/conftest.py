"""An office that serves pages, for every test of the web face, and a browser to look at them."""

import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from bot.ports import Storage
from tests.support.storages import sqlite_storage
from tests.web.axe import install, version
from tests.web.office import Office, open_office

__all__ = ["sqlite_storage"]

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)
_START_SECONDS = 30


@pytest.fixture
async def office(sqlite_storage: Storage) -> AsyncIterator[Office]:
    async with open_office(sqlite_storage) as opened:
        yield opened


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The system's own Chromium, started once; the address by which it is driven."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        reason = "Chromium is not installed (Debian: apt install chromium), so no page was looked at in a browser"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("chromium")
    command = [program, *_ARGUMENTS, f"--user-data-dir={folder}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield _address_in(folder / "DevToolsActivePort")
        finally:
            process.terminate()
            process.wait(timeout=_START_SECONDS)


@pytest.fixture(scope="session")
def axe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, kept in pytest's cache, which outlives a run."""
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    name = f"axe-core-{version()}"
    return install(cache.mkdir(name) if cache else tmp_path_factory.mktemp(name))


def _address_in(note: Path) -> str:
    """Where the browser says that it listens, once it does: a line with the port, one with the path."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if note.exists() and len(lines := note.read_text().split()) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.05)
    pytest.fail("Chromium did not start")


@pytest.fixture
async def page(chromium: str) -> AsyncIterator[Page]:
    """An empty page, 360 px wide, in Vietnam. An error in a script fails the test."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(chromium)
        context = await browser.new_context(
            viewport={"width": 360, "height": 720}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh"
        )
        context.set_default_timeout(10_000)
        opened = await context.new_page()
        mistakes: list[str] = []
        opened.on("pageerror", lambda error: mistakes.append(str(error)))
        opened.on("console", lambda line: mistakes.append(line.text) if _is_about_security(line.text) else None)
        yield opened
        await context.close()
        assert mistakes == []


def _is_about_security(line: str) -> bool:
    return "Content Security Policy" in line or "Permissions-Policy" in line
