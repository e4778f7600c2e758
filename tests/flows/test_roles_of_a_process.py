"""What a process does, serves and hears by its roles."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import run_commands
from bot.app import App, open_app, read_plan
from bot.config import Config
from bot.demo.processes import free_port
from bot.model.api import TRIAL
from bot.model.errors import ConfigError
from bot.model.person import Address
from bot.roles import ALL, Role, roles_of, shown
from bot.serving import serve_web
from tests.support.making import message

EVERYWHERE = {"watch", "looks", "ledger", "guessing", "texts"}
PLANS = {"fallback", "quiet", "broadcasts", "sessions", "talks", "deadlines", "reports", "callbacks", "keeping"}
SENDS = {
    *(f"sender:{name}" for name in ("webchat", "sms", "tele", TRIAL)),
    "sweeper", "gateways", "blocked", "listener:sms", f"listener:{TRIAL}", "aside:tele",
}  # fmt: skip


@dataclass
class Process:
    app: App
    http: aiohttp.ClientSession
    url: str

    async def status(self, path: str) -> int:
        """0: nobody listens."""
        with suppress(aiohttp.ClientConnectionError):
            async with self.http.get(f"{self.url}{path}") as response:
                return response.status
        return 0

    async def jobs(self, expected: Collection[str]) -> set[str]:
        """The jobs that give signs of life, once the expected ones do."""
        with suppress(TimeoutError):
            async with asyncio.timeout(20):
                while not set(expected) <= self.app.beats.ages().keys():
                    await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        return set(self.app.beats.ages())


@asynccontextmanager
async def process(
    tmp_path: Path, roles: Collection[Role] = ALL, *, port: int | None = None, web: Mapping[str, Any] = {}
) -> AsyncIterator[Process]:
    """A running service with one channel of each kind of listener; nothing stands behind them."""
    given = free_port()
    os.environ |= {"MOTCUA_TEST_PASSWORD": "secret-1", "MOTCUA_TEST_TOKEN": "1:abc"}
    exports = tmp_path / "exports"
    exports.mkdir(exist_ok=True)
    config = Config.model_validate(
        {
            "storage": {"url": f"sqlite:{tmp_path / 'motcua.db'}"},
            "web": {"port": given, "key_file": tmp_path / "web.key", **web},
            "reports": {"public": True},
            "channels": {
                "webchat": {"kind": "webchat"},
                "sms": {
                    "kind": "sms_smpp", "host": "127.0.0.1", "port": free_port(), "system_id": "m",
                    "password": "env:MOTCUA_TEST_PASSWORD", "source_addr": "8041", "sandbox": True,
                },
                "tele": {"kind": "telegram", "token": "env:MOTCUA_TEST_TOKEN", "base_url": f"http://127.0.0.1:{free_port()}/bot"},
            },
            "sources": {"office": {"kind": "folder", "path": exports, "pause": 0.1}},
        }
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_app(read_plan(config), migrate=True, roles=roles))
        await stack.enter_async_context(serve_web(app, port=port))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        running = asyncio.create_task(app.run())
        health = port or config.web.health_port
        serves = web.get("enabled", True) and not app.roles.isdisjoint({Role.WEB, Role.RECEIVE})
        yield Process(app, http, f"http://127.0.0.1:{(port or given) if serves else health or given}")
        app.stop()
        await running


@pytest.mark.parametrize(
    ("roles", "jobs"),
    [
        ({Role.MIRROR}, EVERYWHERE | {"source:office"}),
        ({Role.PLAN}, EVERYWHERE | PLANS),
        ({Role.SEND}, EVERYWHERE | SENDS),
        ({Role.RECEIVE}, EVERYWHERE | {"listener:tele"}),
        ({Role.WEB}, EVERYWHERE),
        (ALL, EVERYWHERE | PLANS | SENDS | {"source:office", "listener:tele"}),
    ],
    ids=lambda value: shown(value) if value and isinstance(next(iter(value)), Role) else "",
)
async def test_a_process_does_what_its_roles_say_and_nothing_else(
    tmp_path: Path, roles: Collection[Role], jobs: set[str]
) -> None:
    async with process(tmp_path, roles) as here:
        found = await here.jobs(jobs)

    assert {each for each in found if not each.startswith("clock:")} == jobs


@pytest.mark.parametrize(
    ("roles", "served"),
    [
        ({Role.WEB}, {"/": 200, "/cong-khai": 200, "/can-bo/vao": 200, "/webhooks/none": 404, "/healthz": 200}),
        ({Role.RECEIVE}, {"/": 404, "/cong-khai": 404, "/can-bo/vao": 404, "/healthz": 200, "/readyz": 200}),
        ({Role.SEND}, {"/": 0, "/healthz": 0}),
    ],
    ids=["web", "receive", "send"],
)
async def test_a_process_serves_what_its_roles_say(
    tmp_path: Path, roles: Collection[Role], served: Mapping[str, int]
) -> None:
    async with process(tmp_path, roles) as here:
        found = {path: await here.status(path) for path in served}

    assert found == served


@pytest.mark.parametrize("way", ["setting", "option"])
async def test_a_process_without_pages_tells_how_it_fares_where_it_is_told_to(tmp_path: Path, way: str) -> None:
    port = free_port()
    web = {"health_port": port} if way == "setting" else {}
    async with process(tmp_path, {Role.SEND}, port=None if way == "setting" else port, web=web) as here:
        found = {path: await here.status(path) for path in ("/healthz", "/readyz", "/metrics", "/", "/webhooks/sms")}

    assert found == {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/": 404, "/webhooks/sms": 404}


async def test_calls_from_outside_are_asked_for_only_where_they_would_come_in(tmp_path: Path) -> None:
    os.environ["MOTCUA_TEST_KEY"] = "0123456789abcdef0123456789abcdef"
    pushed = Config.model_validate(
        {
            "storage": {"url": f"sqlite:{tmp_path / 'motcua.db'}"},
            "web": {"enabled": False},
            "sources": {"office": {"kind": "push", "keys": ["env:MOTCUA_TEST_KEY"]}},
        }
    )
    plan = read_plan(pushed)

    async with open_app(plan, migrate=True, roles={Role.SEND}) as sender, serve_web(sender):
        pass
    async with open_app(plan, roles={Role.RECEIVE}) as receiver:
        with pytest.raises(ConfigError, match="enabled = true"):
            async with serve_web(receiver):
                pass


async def test_a_job_that_no_process_does_is_missed_and_one_that_is_done_elsewhere_is_not(tmp_path: Path) -> None:
    async with process(tmp_path, {Role.WEB}) as here:
        watch, now = here.app.watch, here.app.clock()
        until = now.replace(year=2999)
        while not here.app.posts.holds("watch"):
            await asyncio.sleep(0.01)
        await here.app.storage.write(lambda tx: tx.leases.take("plan", owner="elsewhere", now=now, until=until))

        await watch.look()
        early = {each.subject for each in watch.causes}
        watch._unheld = {name: since.replace(year=2001) for name, since in watch._unheld.items()}
        await watch.look()
        late = {each.subject for each in watch.causes}

    assert not any(each.startswith("post ") for each in early)
    assert {each for each in late if each.startswith("post ")} == {"post source:office", "post listener:tele"}


@pytest.mark.parametrize("routes", [{}, {"default": {"gateways": {"sms": {}}}}], ids=["none", "some"])
async def test_moving_weights_is_missed_where_there_are_gateways_to_move_them(
    tmp_path: Path, routes: dict[str, Any]
) -> None:
    config = Config.model_validate(
        {
            "storage": {"url": f"sqlite:{tmp_path / 'motcua.db'}"},
            "channels": {"sms": {"kind": "log", "path": tmp_path / "sms.jsonl"}},
            "routes": routes,
        }
    )
    async with open_app(read_plan(config), migrate=True, roles={Role.WEB}) as app:
        await app.watch.look()
        app.watch._unheld = {name: since.replace(year=2001) for name, since in app.watch._unheld.items()}
        missed = {each.subject for each in await app.watch.look()}

    assert ("post gateways" in missed) is bool(routes)


async def test_an_answer_reaches_a_page_that_is_open_in_another_process(tmp_path: Path) -> None:
    """Over one SQLite file, where no notice travels: by the slow look."""
    address = Address("webchat", "visitor")
    async with process(tmp_path, {Role.WEB}) as web, process(tmp_path, {Role.SEND}) as sender:
        feed = next(each.feed for each in web.app.channels if each.feed)
        waiting = feed.watch(address)
        item = message(
            id=sender.app.new_id(), channel="webchat", address=address, text="Có kết quả.",
            created_at=sender.app.clock(), next_at=sender.app.clock(), expires_at=sender.app.clock().replace(year=2999),
        )  # fmt: skip
        await sender.app.storage.write(lambda tx: tx.outbox.enqueue([item]))
        async with asyncio.timeout(20):
            shown_there = await anext(waiting)

    assert (shown_there.id, shown_there.text) == (item.id, "Có kết quả.")


def test_roles_are_read_from_words_and_a_wrong_one_is_named() -> None:
    assert roles_of("") == ALL
    assert roles_of(" send, mirror") == {Role.SEND, Role.MIRROR}
    assert shown(roles_of("web,mirror")) == "mirror,web"
    with pytest.raises(ConfigError, match="sender"):
        roles_of("mirror,sender")


def test_a_split_over_a_file_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    config = Config.model_validate({"storage": {"url": "sqlite:motcua.db"}})

    run_commands.warn_of_split(config, ALL)
    whole = caplog.text
    run_commands.warn_of_split(config, {Role.WEB})

    assert whole == ""
    assert "PostgreSQL" in caplog.text
