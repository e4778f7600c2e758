"""`/tinh-trang`: how the service fares, for everybody, as a page and as JSON; also while the database is away."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.model.errors import trail
from bot.ports import Transaction
from bot.ports.watching import Alarm
from bot.public_status import DAYS, Notices, PublicStatus, status_of
from bot.web.desk import Desk
from bot.web.errors import RefusedError
from bot.web.pages import language_of
from bot.web.rates import network_of

log = logging.getLogger(__name__)

PATH = "/tinh-trang"
_KEPT = timedelta(seconds=30)
_SECONDS = 2.0
"""How long a reader waits for the database before she sees what was known."""
_MOST = 1000
"""Alarms that are looked through; more in a month are a fault of the alarms."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What the look does not hold."""

    at: datetime
    past: Sequence[Alarm] = ()
    stopped: Mapping[str, Any] = field(default_factory=dict)
    is_answered: bool = True


class Status:
    """The two addresses."""

    def __init__(self, desk: Desk, notices: Notices) -> None:
        self._desk = desk
        self._notices = notices
        self._kept: _Read | None = None
        self._one = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self.show), web.get(f"{PATH}.json", self.tell)]

    async def show(self, request: web.Request) -> web.StreamResponse:
        return self._desk.pages.page(
            "status.html",
            language=language_of(request),
            path=PATH,
            shown=await self._status(request),
            objective=self._notices.watch.rules.watch,
            days=DAYS.days,
        )

    async def tell(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(as_json(await self._status(request)))

    async def _status(self, request: web.Request) -> PublicStatus:
        network = network_of(request, self._desk.context.settings.trusted_proxies)
        if wait := self._desk.drawings.take(network):
            raise RefusedError(429, "too_many", wait=wait)
        watch, read = self._notices.watch, await self._read()
        return status_of(
            watch.readings,
            watch.rules,
            self._notices.ways,
            stopped=read.stopped,
            past=read.past,
            is_down=watch.is_still or watch.is_lost or not read.is_answered,
        )

    async def _read(self) -> _Read:
        """Once in 30 seconds, however many ask and whether it is answered or not."""
        async with self._one:
            now = self._desk.context.clock()
            if self._kept is None or not timedelta(0) <= now - self._kept.at < _KEPT:
                self._kept = await self._read_anew(now)
            return self._kept

    async def _read_anew(self, now: datetime) -> _Read:
        try:
            async with asyncio.timeout(_SECONDS):
                past, stopped = await self._desk.context.storage.read(_past_and_stopped)
            return _Read(now, past, stopped)
        except Exception as error:
            log.warning("the status page shows what was known: %s", trail(error))
            before = self._kept or _Read(now)
            return _Read(now, before.past, before.stopped, is_answered=False)


async def _past_and_stopped(tx: Transaction) -> tuple[Sequence[Alarm], Mapping[str, Any]]:
    return await tx.watch.past_alarms(limit=_MOST), await tx.routing.pauses()


def as_json(status: PublicStatus) -> dict[str, Any]:
    """The same for programs; moments in UTC, days in Vietnam."""
    replies = None
    if pace := status.replies:
        replies = {"messages": pace.messages, "quick_percent": round(pace.quick_percent, 2)}
    return {
        "at": _moment(status.at),
        "state": status.overall.value,
        "channels": {scheme: each.value for scheme, each in status.ways.items()},
        "replies_24h": replies,
        "sources": [
            {"name": each.source, "until": _moment(each.until), "stale": each.is_stale} for each in status.sources
        ],
        "incidents": [
            {"day": each.day.isoformat(), "trouble": each.trouble.value, "minutes": each.minutes, "over": each.is_over}
            for each in status.incidents
        ],
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
