"""What the commands share: their options, and how their work is run."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot import app
from bot.config import Config, load_config
from bot.logs import start_logging
from bot.ports import Storage, Transaction
from bot.upkeep import Work, open_work

T = TypeVar("T")

ConfigPath = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="MOTCUA_CONFIG", help="Tệp cấu hình / configuration file"),
]
AsJson = Annotated[bool, typer.Option("--json", help="In JSON cho máy đọc / print JSON")]
HERE = Path("config.toml")

Name = Annotated[str, typer.Argument(help="Tên nguồn trong cấu hình / source in the configuration")]
CsvPath = Annotated[
    Path | None, typer.Option("--csv", help="Ghi tệp CSV cho Excel; - là màn hình / CSV for Excel; - for the screen")
]
ON_SCREEN = 50
"""Lines of a list on the screen."""
IN_A_FILE = 100_000
"""Lines of a list in CSV or JSON: what a spreadsheet still opens with ease, and what fits into memory."""


def plan_of(config: Path) -> app.Plan:
    return app.read_plan(load_config(config))


def in_database(config: Config, work: Callable[[Storage], Awaitable[T]]) -> T:
    """Opens the database for `work` and closes it again."""

    async def run() -> T:
        async with app.open_database(config) as storage:
            return await work(storage)

    return asyncio.run(run())


def reading(config: Config, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """`work` on one consistent view of the database."""
    return in_database(config, lambda storage: storage.read(work))


def with_source(config: Path, name: str, work: Callable[[Work], Awaitable[T]]) -> T:
    """Opens the source `name` beside its mirror for `work`. Warnings go to standard error, without secrets."""
    plan = plan_of(config)
    blotting = start_logging("WARNING")

    async def run() -> T:
        async with open_work(plan, name, blotting.hide) as opened:
            return await work(opened)

    return asyncio.run(run())


def login() -> str:
    """Who is at the keyboard, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container, a number may be all that there is
        return "operator"
