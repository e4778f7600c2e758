"""One process of the service that can be told where to die: the real `open_app`, with mortal storage and channels."""

import asyncio
import inspect
import json
import signal
from collections.abc import MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from aiohttp import web

import bot.app
from adapters.channels.telegram.client import QuietBot
from bot.config import Config
from bot.leading import Posts
from bot.logs import start_logging
from bot.roles import Role
from bot.serving import serve_web
from tests.chaos import steps
from tests.chaos.steps import AFTER, BEFORE, DURING, DyingStorage, Sheet, Walk

POST_LEASE, POST_RENEWED = 1.2, 0.2
"""Seconds, shorter than in service: a thousand kills do not wait for a thousand take-overs of ten seconds, and a busy
machine loses a post at times to somebody who is as alive, as it should happen here."""

_ANSWERS = {"/webhooks/": "answer webhook", "/onestop/": "answer push", "/api/": "answer api"}


def live(order: dict[str, Any]) -> None:
    """Serves until it is killed; to be called in a process that has no event loop."""
    walk = Walk(order["slot"], Sheet.at(Path(order["sheet"])), Path(order["steps"]))
    make_mortal(walk)
    start_logging("INFO", Path(order["log"]))
    settings = json.loads(Path(order["config"]).read_text(encoding="utf-8"))
    roles = frozenset(map(Role, order["roles"]))
    asyncio.run(serve(Config.model_validate(settings), roles, walk))


def _tell() -> None:
    """What every task waits for, into the log: for who looks at a process that seems to stand still (SIGUSR1)."""
    for task in asyncio.all_tasks():
        task.print_stack()


async def serve(config: Config, roles: frozenset[Role], walk: Walk) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _tell)
    split: dict[str, Any] = {"roles": roles} if "roles" in inspect.signature(bot.app.open_app).parameters else {}
    async with bot.app.open_app(bot.app.read_plan(config), **split) as app, serve_web(app):
        walk.say("serving")
        await app.run()


def make_mortal(walk: Walk) -> None:
    """From now on, in this process, whatever is opened counts its steps."""
    root: Any = bot.app
    kinds = cast("MutableMapping[str, Any]", root.CHANNELS)
    for word, kind in list(kinds.items()):
        kinds[word] = replace(kind, open=steps.opening(kind.open, steps.dying_channel, walk))
    sources = cast("MutableMapping[str, Any]", root.SOURCES)
    for word, source in list(sources.items()):
        sources[word] = replace(source, open=steps.opening(source.open, steps.dying_source, walk))
    root.open_storage = steps.opening(root.open_storage, DyingStorage, walk)
    _mortal_answers(walk)
    _mortal_offset(walk)
    defaults = Posts.__init__.__kwdefaults__ or {}
    defaults.update(lease=POST_LEASE, renew=POST_RENEWED)


def _mortal_answers(walk: Walk) -> None:
    """Before the answer of a web hook or a push leaves, and after it has."""
    write_eof = web.Response.write_eof

    async def watched(self: web.Response, data: bytes = b"") -> None:
        path = self._req.path if self._req else ""
        what = next((name for beginning, name in _ANSWERS.items() if path.startswith(beginning)), "")
        if what:
            walk.pass_by(what, BEFORE)
        await write_eof(self, data)
        if what:
            walk.pass_by(what, AFTER)

    web.Response.write_eof = watched  # type: ignore[method-assign]


def _mortal_offset(walk: Walk) -> None:
    """Before Telegram's offset moves, and while the poll that moves it is under way."""
    raw_updates = QuietBot.raw_updates

    async def watched(self: QuietBot, *, offset: int | None, seconds: int, read_timeout: float) -> object:
        if offset is not None:
            walk.pass_by("offset telegram", BEFORE)
            walk.begin("offset telegram", DURING)
        return await raw_updates(self, offset=offset, seconds=seconds, read_timeout=read_timeout)

    QuietBot.raw_updates = watched  # type: ignore[method-assign]
