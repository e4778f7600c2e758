"""Simulator `onestop`: a fake province whose one-stop software writes export files into a folder.

Deterministic within (`Province`); only `run` knows the real clock.
"""

import asyncio
from collections.abc import Callable

from adapters.simulators.onestop.exports import Exporter
from adapters.simulators.onestop.hours import moment_at, worked
from adapters.simulators.onestop.province import Province, Record
from adapters.simulators.onestop.settings import Settings
from bot.model.clock import Clock, utc_now

__all__ = ["Exporter", "Province", "Record", "Settings", "run"]


async def run(settings: Settings, ready: Callable[[], None], clock: Clock = utc_now) -> None:
    """Writes an export every `interval` seconds until cancelled; `ready` is called after the first look.

    The backlog, if there is one, is the first file. A late tick loses nothing: the next export has it.
    """
    await asyncio.to_thread(settings.out.mkdir, parents=True, exist_ok=True)
    start = settings.start or clock()
    opening, loop = worked(start), asyncio.get_running_loop()
    province = Province(settings, start)
    exporter = Exporter(settings.out, form=settings.format, bad_rows=settings.bad_rows, clock=clock)

    def export(elapsed: float) -> None:
        exporter.write(province.advance(moment_at(opening + int(elapsed * settings.speed))))

    await asyncio.to_thread(export, 0.0)
    ready()
    began = loop.time()
    while True:
        await asyncio.sleep(settings.interval)
        await asyncio.to_thread(export, loop.time() - began)
