"""Somebody who looks at the console, page after page, while a broadcast leaves."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientSession

from bot.model.staff import Credentials, Grant, Member, Role, StaffSession
from bot.service import App
from bot.serving import serve_web
from bot.web.console.console import digest_of
from bot.web.prefix import PREFIX

PAGES = ("/", "/phat-tin", "/phat-tin/{id}", "/tin-nhan", "/ho-so", "/kenh", "/xin-loi")
EVERY = 0.25
"""Seconds between two pages."""
_SECRET = "a-session-of-the-benchmark"  # noqa: S105 opens nothing but this database


@dataclass
class Visits:
    """How long each page took, by the broadcast's phase."""

    app: App
    phase: Callable[[], str]
    took: dict[str, list[float]] = field(default_factory=dict)
    """Seconds."""

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Serves the console, and opens its pages until the block ends."""
        await self._hire()
        async with serve_web(self.app), ClientSession(cookies={"motcua-staff": _SECRET}) as http:
            looking = asyncio.create_task(self._look(http))
            try:
                yield
            finally:
                looking.cancel()

    async def _hire(self) -> None:
        now = self.app.clock()
        member = Member(id="m", login="lan", name="Lan", grants=frozenset(map(Grant, Role)), since=now)
        session = StaffSession(digest=digest_of(_SECRET), member="m", opened_at=now, seen_at=now, proved_at=now)
        await self.app.storage.write(lambda tx: tx.staff.add(member, Credentials()))
        await self.app.storage.write(lambda tx: tx.staff.open_session(session))

    async def _look(self, http: ClientSession) -> None:
        base = f"http://127.0.0.1:{self.app.plan.config.web.port}{PREFIX}"
        while True:
            for page in PAGES:
                newest = await self.app.broadcasts.listed((), limit=1)
                if "{id}" in page and not newest:
                    continue
                phase, begun = self.phase(), time.perf_counter()
                path = page.format(id=newest[0].id if newest else "")
                async with http.get(f"{base}{path}", allow_redirects=False) as answer:
                    await answer.read()
                    assert answer.status == 200, (path, answer.status)
                self.took.setdefault(phase, []).append(time.perf_counter() - begun)
                await asyncio.sleep(EVERY)
