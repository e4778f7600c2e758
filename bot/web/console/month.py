"""The month at the apology desk: by agency, how many were owed, sent, in time, and arrived."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiohttp import web

from bot.lateness import Figures, Punctuality, month_before, span_of
from bot.model.clock import VIETNAM, month_of
from bot.model.errors import ConfigError
from bot.web.console.apology_acts import scope_within
from bot.web.console.console import Console
from bot.web.console.visit import Visit, missing

_HOLDS = timedelta(minutes=2)
"""For so long the figures of a month are shown as they were counted: to count them reads the month's dossiers."""


@dataclass(slots=True)
class MonthlyFigures:
    """Counts a month for all agencies at once, and shows everybody her own."""

    console: Console
    _counted: dict[str, tuple[datetime, Sequence[Figures]]] = field(default_factory=dict)
    _counting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def page(self, visit: Visit) -> web.StreamResponse:
        now = visit.console.clock()
        month, agency = visit.asked("thang") or month_of(now), visit.asked("co-quan")
        scope = scope_within(visit, agency)
        try:
            at, figures = await self._of(month, now)
        except ConfigError:
            raise missing() from None
        first, _ = span_of(month)
        own = [each for each in figures if scope.covers(each.agency)]
        return visit.page(
            "apologies-month.html",
            month=month,
            title=f"{first.astimezone(VIETNAM).month}/{first.astimezone(VIETNAM).year}",
            before=month_before(first),
            after=_after(first, now),
            agency=agency,
            figures=own,
            counted_at=at,
            totals={name: sum(_number(each, name) for each in own) for name in _TOTALS},
        )

    async def _of(self, month: str, now: datetime) -> tuple[datetime, Sequence[Figures]]:
        async with self._counting:
            at, figures = self._counted.get(month, (None, ()))
            if at is None or now - at > _HOLDS or now < at:
                app = self.console.app
                clocks = {name: rules.supplement_clock for name, rules in app.rules.items()}
                at, figures = now, await Punctuality(app.storage, app.calendars, clocks).month(month, now=now)
                self._counted = {**dict(list(self._counted.items())[-11:]), month: (at, figures)}
            return at, figures


_TOTALS = ("owed", "drafted", "approved", "sent", "in_time", "reached")


def _number(figures: Figures, name: str) -> int:
    return figures.owed if name == "owed" else int(getattr(figures.apologised, name))


def _after(first: datetime, now: datetime) -> str:
    """The next month; empty where that has not begun."""
    following = (first + timedelta(days=32)).replace(day=1)
    return month_of(following) if following <= now else ""
