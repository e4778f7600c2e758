"""Messages that wait for a person's word, or for their agency's next budget."""

from collections.abc import Collection
from datetime import datetime

from bot.model.clock import to_millis
from storage.edge import key_set
from storage.outbox_chapter import OutboxChapter


class Holds(OutboxChapter):
    """The part of `bot.ports.OutboxStore` that stops messages and lets them go."""

    async def hold(self, source: str, *, since: datetime, reason: str, at: datetime) -> int:
        values = {"source": source, "since": to_millis(since), "reason": reason, "at": to_millis(at)}
        return await self._sql.change("hold", **values) + await self._sql.change("hold_of_budget", **values)

    async def let_go(self, source: str, *, at: datetime) -> int:
        rows = await self._sql.rows("let_go", source=source, now=to_millis(at))
        await self._others.wake({row["channel"] for row in rows})
        return len(rows)

    async def discard(self, source: str, *, reason: str, at: datetime) -> int:
        return await self._sql.change("discard", source=source, reason=reason, now=to_millis(at))

    async def held(self) -> dict[str, dict[str, int]]:
        held: dict[str, dict[str, int]] = {}
        for row in await self._sql.rows("held"):
            held.setdefault(row["source"], {})[row["situation"]] = row["items"]
        return held

    async def release_budget(self, agencies: Collection[str], *, at: datetime) -> int:
        if not agencies:
            return 0
        rows = await self._sql.rows("release_budget", agencies=key_set(agencies), now=to_millis(at))
        await self._others.wake({row["channel"] for row in rows})
        return len(rows)

    async def held_for_budget(self) -> dict[str, int]:
        return {row["agency"]: row["items"] for row in await self._sql.rows("held_for_budget")}
