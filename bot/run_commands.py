"""The command `motcua run`: the whole service, or the roles of it that this process is to do."""

import asyncio
import gc
import logging
import signal
from collections.abc import Collection
from typing import Annotated

import typer

from bot import app
from bot.command_line import HERE, ConfigPath
from bot.config import Config, load_config
from bot.logs import catch_the_rest, name_process, start_logging
from bot.model.clock import utc_now
from bot.reloading import Process
from bot.roles import ALL, SAID, Role, roles_of, shown
from bot.staffing import scarcity_now
from bot.supervision import Supervisor

log = logging.getLogger(__name__)

_ROLES = (
    "Vai của tiến trình này, cách nhau bằng dấu phẩy; bỏ trống: tất cả (docs/vai.md) / its roles; empty: all. "
    + "; ".join(f"{role}: {words}" for role, words in SAID.items())
)


def run(
    config: ConfigPath = HERE,
    migrate: Annotated[bool, typer.Option("--migrate", help="Nâng cấp cơ sở dữ liệu trước / migrate first")] = False,
    roles: Annotated[str, typer.Option("--roles", help=_ROLES)] = "",
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="Cổng HTTP của tiến trình này / its HTTP port")
    ] = None,
) -> None:
    """Chạy dịch vụ, hoặc một phần (--roles). SIGHUP: nạp lại cấu hình. / Run the service; SIGHUP: reload."""
    settings, done = load_config(config), roles_of(roles)
    blotting = start_logging(settings.log.level, settings.log.path, form=settings.log.format)
    catch_the_rest()
    warn_of_split(settings, done)

    async def work() -> None:
        process = Process(
            read=lambda: load_config(config),
            roles=done,
            port=port,
            migrate=migrate,
            hide=blotting.hide,
            started=_settle,
            supervisor=Supervisor.of(),
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, process.stop)
        loop.add_signal_handler(signal.SIGHUP, process.reload)
        await process.run()

    asyncio.run(work())


async def _settle(running: app.App) -> None:
    """When a service has begun to run, at the start or after a reload."""
    settings = running.plan.config.log
    start_logging(settings.level, settings.path, form=settings.format)
    name_process((each.value for each in running.roles), running.owner)
    spare_collections()
    await _warn_of_scarcity(running)


def spare_collections() -> None:
    """What is there when the service starts, stays: it need not be looked through again and again, nor need what is in
    hand be at every 700 objects. That was a sixth of the CPU of a message. What stayed for a service that has ended
    goes with it."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def warn_of_split(config: Config, roles: Collection[Role]) -> None:
    """A file of SQLite is for one machine, and best for one process."""
    if set(roles) == ALL:
        return
    log.info("vai / roles: %s", shown(roles))
    if config.storage.url.startswith("sqlite:"):
        log.warning(
            "chia vai trên SQLite: mọi tiến trình phải ở cùng một máy và chờ nhau khi ghi; nhiều máy thì dùng "
            "PostgreSQL / roles are split over a SQLite file: all processes must be on one machine, and wait for each "
            "other to write; for several machines use PostgreSQL"
        )


async def _warn_of_scarcity(running: app.App) -> None:
    config = running.plan.config
    if not config.console.enabled or not config.web.enabled or Role.WEB not in running.roles:
        return
    if told := await running.storage.read(lambda tx: scarcity_now(tx, utc_now())):
        log.warning("%s", told)
