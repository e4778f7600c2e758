"""The whole service with one channel under test, its provider simulated beside it, and a clock that can be moved."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot.app import App, open_app, read_plan
from bot.config import Config
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.model.dossier import Dossier
from bot.model.message import DeliveryState
from bot.ports import Batch, Mirrored, SourceState, Transaction
from bot.serving import serve_web
from tests.scripts.people import Citizen, Person

_UNDER_WAY = (DeliveryState.QUEUED, DeliveryState.SENDING)
_SOON = 5.0

Simulation = Callable[[Callable[[], None]], Coroutine[Any, Any, None]]
"""Runs until cancelled; calls back when it is ready."""

USUAL: Mapping[str, Any] = {
    "conversation": {"hotline": "1900 1234", "official": ["Zalo: Một cửa Khánh Hòa", "SMS: MOTCUA-KH"]},
    "texts": {"sensitive": ["1.001776"]},
    "links": {"sms": "8041"},
    "survey": {"schemes": ["zalo", "zalobot", "telegram", "webchat", "sms"]},
    # What many scripts get wrong on purpose is no attack.
    "lookup": {"alarm_failures": 100_000},
}
STRICT: Mapping[str, Any] = {
    **USUAL,
    "conversation": {"clerks": False},
    "lookup": {"strangers": "nothing", "alarm_failures": 100_000},
}


@dataclass
class Clock:
    """Real time, which a script may move on."""

    moved: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What is peculiar to the channel under test."""

    channels: Mapping[str, Mapping[str, Any]]
    simulations: Sequence[Simulation]
    citizen: Callable[[ClientSession, Person], Citizen]
    handset: Callable[[ClientSession, Person], Citizen]
    """The plain phone of the same person, where SMS come that she did not ask for."""
    web_port: int
    begin: Callable[[App], Awaitable[None]] | None = None
    """What an operator does once before the service starts."""


@dataclass
class Service:
    """Runs; citizens of many scripts write to it."""

    app: App
    http: ClientSession
    clock: Clock
    layout: Layout
    people: int = 0
    _devices: list[Citizen] = field(default_factory=list)

    def person(self) -> Person:
        """Somebody new, whose number has no fate in the simulators."""
        self.people += 1
        return Person(self.people, f"+8493{self.people:04}{self.people * 7 % 900 + 100}")

    def citizen(self, person: Person) -> Citizen:
        self._devices.append(self.layout.citizen(self.http, person))
        return self._devices[-1]

    def handset(self, person: Person) -> Citizen:
        self._devices.append(self.layout.handset(self.http, person))
        return self._devices[-1]

    async def put_away(self) -> None:
        """The devices of a script that has ended."""
        for device in self._devices:
            await device.close()
        self._devices.clear()

    async def has(self, *dossiers: Dossier) -> None:
        """These are in the mirror, and nobody was told of them."""
        mirrored = [Mirrored.of(each, 0) for each in dossiers]
        now = self.clock()
        await self.app.storage.write(lambda tx: tx.dossiers.add(mirrored, at=now))

    async def changes(self, dossier: Dossier) -> None:
        """The one-stop software tells how the dossier is now, and whoever is to be told is told."""
        app = self.app
        mirror = Mirror(dossier.source, app.storage, app.planner, self.clock, reach=app.reach)
        await mirror.apply(Batch((dossier,), "later"))

    async def read_sources(self) -> None:
        """The one-stop software was read just now, and the other one a day ago."""
        now = self.clock()
        for name, age in {"office": timedelta(), "silent": timedelta(days=1)}.items():
            await self.app.storage.write(lambda tx, name=name, at=now - age: _read(tx, name, at))  # type: ignore[misc]

    async def pass_(self, span: timedelta) -> None:
        """Time passes once everything that was said has arrived."""
        async with asyncio.timeout(_SOON):
            while await self._under_way():
                await asyncio.sleep(0.01)
        self.clock.moved += span
        await self.read_sources()

    async def _under_way(self) -> bool:
        counts = await self.app.storage.read(lambda tx: tx.outbox.counts())
        return any(number and state in _UNDER_WAY for (_, state), number in counts.items())


async def _read(tx: Transaction, name: str, at: datetime) -> None:
    state = await tx.sources.get(name) or SourceState("first", at - timedelta(days=365), None)
    await tx.sources.save(name, replace(state, synced_at=at, fresh_at=at))


@asynccontextmanager
async def service(layout: Layout, place: Path, settings: Mapping[str, Any]) -> AsyncIterator[Service]:
    clock = Clock()
    config = Config.model_validate(
        {
            **settings,
            "storage": {"url": f"sqlite:{place / 'motcua.db'}"},
            "quiet": {"personal": {"begin": "00:00", "end": "00:00"}},  # whatever the hour is
            "web": {
                "port": layout.web_port, "key_file": place / "web.key", "trusted_proxies": ["127.0.0.0/8"],
                "visitor_per_minute": 1000, "network_per_minute": 1000, "answer_wait": 0.4,
            },
            "channels": {"webchat": {"kind": "webchat"}, **layout.channels},
        }
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())
        for simulation in layout.simulations:
            await stack.enter_async_context(_simulating(simulation))
        app = await stack.enter_async_context(open_app(read_plan(config), clock=clock, migrate=True))
        await stack.enter_async_context(serve_web(app))
        if layout.begin:
            await layout.begin(app)
        running = asyncio.create_task(app.run())
        yield Service(app, http, clock, layout)
        app.stop()
        await running


@asynccontextmanager
async def _simulating(simulation: Simulation) -> AsyncIterator[None]:
    ready = asyncio.Event()
    serving = asyncio.ensure_future(simulation(ready.set))
    waiting = asyncio.ensure_future(ready.wait())
    try:
        await asyncio.wait([serving, waiting], timeout=_SOON, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        yield
    finally:
        for task in (serving, waiting):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(serving, waiting)
