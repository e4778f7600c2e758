"""The office at work: what happens in the province is written into the register and shown on every face."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import aiohttp

from adapters.simulators.onestop.calls import Caller, NationalCaller, OwnCaller, Post
from adapters.simulators.onestop.exports import Exporter
from adapters.simulators.onestop.hours import moment_at, worked
from adapters.simulators.onestop.logins import Logins
from adapters.simulators.onestop.misbehaviour import Faults
from adapters.simulators.onestop.province import Province, Record
from adapters.simulators.onestop.pushing import Pusher
from adapters.simulators.onestop.register import Register
from adapters.simulators.onestop.settings import Settings
from bot.model.clock import Clock

if TYPE_CHECKING:
    from adapters.simulators.onestop.database import Database

_PART = 1_000
"""States that are worked through at a time."""


class Office:
    """One task calls `work`; the ports read beside it."""

    def __init__(
        self, settings: Settings, clock: Clock, *, pusher: Pusher | None, database: "Database | None", faults: Faults
    ) -> None:
        start = settings.start or clock()
        self.faults, self.pusher = faults, pusher
        self.register = Register(settings.keep, faults)
        self.logins = Logins(settings.accounts, seconds=settings.token_seconds, clock=clock)
        self.answers: Counter[str] = Counter()
        self.exporter = (
            Exporter(settings.out, form=settings.format, bad_rows=settings.bad_rows, clock=clock)
            if settings.out
            else None
        )
        self._database = database
        self._province = Province(settings, start)
        self._opening, self._speed, self._interval = worked(start), settings.speed, settings.interval
        self._stepped = settings.stepped

    async def work(self, ready: Callable[[], None]) -> None:
        """Works until cancelled; `ready` is called after the first look. While the office is down nothing is looked
        at; a late look loses nothing."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self._look_if_up(0.0)
        ready()
        if self._stepped:
            await asyncio.Event().wait()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self.faults.changed.wait()
            await self._look_if_up(loop.time() - began)

    async def advance(self, until: datetime) -> None:
        """Everything happens that happens until then; for an office that is stepped. Told on every face afterwards."""
        await self._look(until)

    async def _look_if_up(self, elapsed: float) -> None:
        self.faults.changed.clear()
        if self.faults.up.is_set():
            await self._look(moment_at(self._opening + int(elapsed * self._speed)))

    async def _look(self, until: datetime) -> None:
        changed: dict[str, Record] = {}
        states = self._province.states(until)
        while part := await asyncio.to_thread(list[Record], islice(states, _PART)):
            await self._tell(self.register.take(part), changed)
        await self._tell(self.register.migrate(until), changed)
        if self._database:
            await self._database.write()
        if self.exporter:
            await asyncio.to_thread(self.exporter.write, self.faults.doubled(changed.values(), "files"))
        if self.pusher:
            await self.pusher.release()

    async def _tell(self, told: list[Record], changed: dict[str, Record]) -> None:
        gone, self.register.forgotten = self.register.forgotten, []
        if self.exporter:
            changed.update((record.code, record) for record in told)
        if self._database:
            self._database.owe(told, gone)
        if self.pusher:
            await self.pusher.offer(told)


@asynccontextmanager
async def opened(settings: Settings, clock: Clock) -> AsyncIterator[Office]:
    """An office with its folder, database and connections."""
    faults = Faults(settings, settings.seed)
    async with AsyncExitStack() as stack:
        if settings.out:
            await asyncio.to_thread(settings.out.mkdir, parents=True, exist_ok=True)
        database = await stack.enter_async_context(_database(settings.sql_url)) if settings.sql_url else None
        pusher = None
        if settings.push_url:
            caller = await stack.enter_async_context(_caller(settings))
            window, most = settings.push_window, settings.push_waiting
            pusher = Pusher(caller, faults, window=window, most_waiting=most, clock=clock)
        yield Office(settings, clock, pusher=pusher, database=database, faults=faults)


@asynccontextmanager
async def _database(url: str) -> "AsyncIterator[Database]":
    from adapters.simulators.onestop.database import Database

    database = Database(url)
    try:
        await database.open()
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _caller(settings: Settings) -> AsyncIterator[Caller]:
    connector = aiohttp.TCPConnector(limit=settings.push_window)
    async with aiohttp.ClientSession(
        connector=connector, timeout=aiohttp.ClientTimeout(total=settings.push_timeout)
    ) as http:
        post = Post(http, str(settings.push_url))
        if settings.push_form == "own":
            assert settings.push_key is not None  # noqa: S101 the settings have looked
            yield OwnCaller(post, settings.push_key.get_secret_value())
            return
        assert settings.push_password is not None  # noqa: S101 the settings have looked
        password = settings.push_password.get_secret_value()
        yield NationalCaller(post, settings.push_username, password, look_up=settings.push_look_up)
