"""An office without a web chat: staff, software and providers find everything, citizens no page."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.app import open_app, read_plan
from bot.config import Config
from bot.demo.processes import free_port
from bot.model.errors import ConfigError
from bot.serving import serve_web

KEY = "a key of the one-stop software"


@asynccontextmanager
async def serving(place: Path, **config: Any) -> AsyncIterator[str]:
    port = free_port()
    given = {
        "storage": {"url": f"sqlite:{place / 'motcua.db'}"},
        "channels": {"sms": {"kind": "log", "path": place / "sms.jsonl"}},
        **config,
        "web": {"port": port, "key_file": place / "web.key", **config.get("web", {})},
    }
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_app(read_plan(Config.model_validate(given)), migrate=True))
        await stack.enter_async_context(serve_web(app))
        yield f"http://127.0.0.1:{port}"


async def statuses(url: str, *paths: str) -> dict[str, int]:
    async with ClientSession() as http:
        found = {}
        for path in paths:
            async with http.get(f"{url}{path}", allow_redirects=False) as answer:
                found[path] = answer.status
        return found


async def test_console_api_and_health_are_served(tmp_path: Path) -> None:
    async with serving(tmp_path, watch={"metrics_networks": ["127.0.0.0/8"]}) as url:
        seen = await statuses(
            url, "/can-bo/dang-nhap", "/can-bo/static/console.css", "/static/mark.svg", "/api/v1/docs",
            "/api/v1/openapi.json", "/api/v1/notifications", "/healthz", "/metrics",
        )  # fmt: skip
        (ready,) = (await statuses(url, "/readyz")).values()

    assert seen.pop("/api/v1/notifications") == 401
    assert set(seen.values()) == {200}, seen
    assert ready in (200, 503)


async def test_pages_that_live_by_the_chat_do_not_exist(tmp_path: Path) -> None:
    async with serving(tmp_path) as url:
        seen = await statuses(url, "/", "/tra-cuu", "/chat/stream", "/tai-lieu/a/b", "/qr/H56.14-240823-0001.svg")
        async with ClientSession() as http, http.get(f"{url}/") as answer:
            page = await answer.text()

    assert set(seen.values()) == {404}, seen
    assert 'class="button"' not in page


async def test_the_public_figures_lead_to_no_page_that_is_missing(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, reports={"public": True}) as url,
        ClientSession() as http,
        http.get(f"{url}/cong-khai") as answer,
    ):
        status, page = answer.status, await answer.text()

    assert status == 200
    assert 'href="/"' not in page
    assert 'href="/?lang' not in page


async def test_one_stop_software_comes_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_TEST_KEY", KEY)
    source = {"ward": {"kind": "push", "keys": ["env:MOTCUA_TEST_KEY"]}}
    async with serving(tmp_path, sources=source) as url, ClientSession() as http:
        door = f"{url}/onestop/v1/alive"
        async with http.post(door, headers={"X-Api-Key": KEY}, json={}) as known, http.post(door, json={}) as stranger:
            seen = known.status, stranger.status

    assert seen == (200, 401)


async def test_switched_off_nothing_listens_and_who_calls_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTCUA_TEST_KEY", KEY)
    source = {"ward": {"kind": "push", "keys": ["env:MOTCUA_TEST_KEY"]}}

    async with serving(tmp_path, web={"enabled": False}) as url, ClientSession() as http:
        with pytest.raises(OSError, match="Cannot connect"):
            await http.get(f"{url}/healthz")
    with pytest.raises(ConfigError, match=r"\[sources\.ward\] kind = push: cần \[web\] enabled = true"):
        async with serving(tmp_path, sources=source, web={"enabled": False}):
            pass
