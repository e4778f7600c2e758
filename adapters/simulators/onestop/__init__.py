"""Simulator `onestop`: a fake province whose one-stop software shows four faces and misbehaves on request.

The faces: export files in a folder (`exports`), an API that is asked (`rest`), a client that pushes (`pushing`), a
database with a view (`database`). What it does wrong is in `misbehaviour`, and can be changed while it runs through
the control port (`control`). Deterministic within (`Province`, `Register`, `Faults`); only `run` knows the real clock.

`skew`, `down` and `migration` are seen on every face, `duplicates` on all but the database, which has a key; the
rest are of the API alone, but for `reorder`, which is of the pushes.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from adapters.simulators.onestop import control, rest
from adapters.simulators.onestop.exports import Exporter
from adapters.simulators.onestop.office import opened
from adapters.simulators.onestop.province import Province, Record
from adapters.simulators.onestop.serving import listening, serve
from adapters.simulators.onestop.settings import Settings
from bot.model.clock import Clock, utc_now

__all__ = ["Exporter", "Province", "Record", "Settings", "run"]


async def run(settings: Settings, ready: Callable[[], None], clock: Clock = utc_now) -> None:
    """Works until cancelled, every `interval` seconds; `ready` is called after the first look, with the ports open.

    The backlog, if there is one, is the first file.
    """
    async with AsyncExitStack() as stack:
        office = await stack.enter_async_context(opened(settings, clock))
        if settings.control_port:
            site = listening(control.application(office), settings.host, settings.control_port)
            await stack.enter_async_context(site)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        if office.pusher:
            tasks.create_task(office.pusher.run())
        if settings.rest_port:
            open_port = asyncio.Event()
            api = serve(
                lambda: rest.application(office.register, office.logins, office.faults, office.answers),
                settings.host, settings.rest_port, office.faults, open_port,
            )  # fmt: skip
            tasks.create_task(api)
            await open_port.wait()
        await office.work(ready)
