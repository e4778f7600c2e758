"""The command `motcua top`: the service, live in a terminal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated

import typer
from rich.live import Live

from bot import app, show, show_top
from bot.command_line import HERE, AsJson, ConfigPath, plan_of, reading
from bot.model.clock import utc_now
from bot.model.errors import StorageError
from bot.ports import Storage
from bot.readings import Rules
from bot.top import Frame, look

EVERY = 2.0
"""Seconds between two pictures."""
_PATIENCE = 5.0
"""Seconds that the database has for one."""

Seen = tuple[Frame | None, str]
"""A picture, or why there is none."""


def top(
    config: ConfigPath = HERE,
    once: Annotated[bool, typer.Option("--once", help="In một lần rồi thôi / print one picture and end")] = False,
    json: AsJson = False,
    every: Annotated[float, typer.Option("--every", min=0.5, help="Giây giữa hai lần / seconds between two")] = EVERY,
) -> None:
    """Xem dịch vụ đang chạy, 2 giây một lần; Ctrl-C để thôi. / Watch the service live; Ctrl-C ends."""
    plan = plan_of(config)
    sources = {each.name: app.rules_of(each) for each in plan.sources}
    rules = Rules(watch=plan.config.watch, sources=sources, begun=utc_now())
    if json or once or not show.console.is_terminal:
        frame = reading(plan.config, lambda tx: look(tx, utc_now))
        if json:
            show.as_json(show_top.as_json(frame, rules))
        else:
            show.console.print(show_top.view(frame, None, rules))
        return
    with Live(console=show.console, screen=True, auto_refresh=False) as live:
        try:
            asyncio.run(_watch(plan, every, lambda frame, before, lost: _draw(live, rules, frame, before, lost)))
        except KeyboardInterrupt:
            return


Draw = Callable[[Frame | None, Frame | None, str], None]
"""(the latest picture, the one before, why there is no newer one)."""


def _draw(live: Live, rules: Rules, frame: Frame | None, before: Frame | None, lost: str) -> None:
    live.update(show_top.view(frame, before, rules, lost=lost) if frame else show_top.waiting_for(lost), refresh=True)


async def _watch(plan: app.Plan, every: float, draw: Draw) -> None:
    """Until cancelled."""
    latest: Frame | None = None
    async for frame, lost in pictures(plan, every):
        draw(frame or latest, latest if frame else None, lost)
        latest = frame or latest


async def pictures(plan: app.Plan, every: float) -> AsyncIterator[Seen]:
    """For ever: what the database says, or why it says nothing. It is opened anew after it was away."""
    while True:
        try:
            async with app.open_database(plan.config) as storage:
                while True:
                    yield await _picture(storage), ""
                    await asyncio.sleep(every)
        except StorageError as error:
            yield None, str(error)
        except (OSError, TimeoutError) as error:
            yield None, type(error).__name__
        await asyncio.sleep(every)


async def _picture(storage: Storage) -> Frame:
    async with asyncio.timeout(_PATIENCE):
        return await storage.read(lambda tx: look(tx, utc_now))
