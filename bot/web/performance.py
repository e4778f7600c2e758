"""How the office and this service perform, for everybody: shares of this month and the last, speed, state in words."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from bot.model.message import Lane
from bot.model.report import Span, day_of
from bot.model.summary import Report
from bot.reports import Reports
from bot.web.desk import Desk
from bot.web.errors import RefusedError
from bot.web.pages import language_of
from bot.web.rates import network_of

PATH = "/cong-khai"
_KEPT = timedelta(minutes=1)
_QUICK = 5
"""Seconds, one of bot.ports.watching.BOUNDS."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page says."""

    at: datetime
    months: tuple[Report, Report]
    """This one and the last."""
    answers: int
    """Of the last 24 hours."""
    quick: int
    """Of them within `_QUICK` seconds."""
    state: str
    """`fine`, `mending` or `down`: a key of the words."""


class Performance:
    """`/cong-khai`: figures of the whole province, and nothing of anybody."""

    def __init__(self, desk: Desk, reports: Reports) -> None:
        self._desk = desk
        self._reports = reports
        self._kept: Shown | None = None
        self._one = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self.show)]

    async def show(self, request: web.Request) -> web.StreamResponse:
        network = network_of(request, self._desk.context.settings.trusted_proxies)
        if wait := self._desk.drawings.take(network):
            raise RefusedError(429, "too_many", wait=wait)
        shown = await self._shown()
        return self._desk.pages.page(
            "performance.html", language=language_of(request), path=PATH, shown=shown, quick=_QUICK
        )

    async def _shown(self) -> Shown:
        """Read once a minute, however many ask."""
        async with self._one:
            now = self._desk.context.clock()
            if self._kept is None or not timedelta(0) <= now - self._kept.at < _KEPT:
                self._kept = await self._read(now)
            return self._kept

    async def _read(self, now: datetime) -> Shown:
        today, context = day_of(now), self._desk.context
        month = Span.of_month(today.year, today.month)
        speeds = await context.storage.read(lambda tx: tx.watch.speed(since=now - timedelta(days=1)))
        replies = [each for each in speeds if each.lane is Lane.REPLY]
        troubled = await context.storage.read(lambda tx: tx.watch.alarms())
        return Shown(
            now,
            (await self._reports.of(month), await self._reports.of(month.before)),
            sum(each.messages for each in replies),
            sum(each.within[_QUICK] for each in replies),
            "down" if context.is_still() else "mending" if troubled else "fine",
        )
