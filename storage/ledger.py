"""The outbox counted: what was planned, what became of it, and whether the two agree."""

from bot.model.message import DeliveryState
from storage.outbox_chapter import OutboxChapter


class Ledger(OutboxChapter):
    """The counting part of `bot.ports.OutboxStore`. Scans; meant for readers."""

    async def counts(self) -> dict[tuple[str, DeliveryState], int]:
        rows = await self._sql.rows("counts")
        return {(row["channel"], DeliveryState(row["state"])): row["items"] for row in rows}

    async def waiting(self) -> dict[str, int]:
        return {row["channel"]: row["items"] for row in await self._sql.rows("waiting_by_queue")}

    async def situations(self) -> dict[tuple[str, str, DeliveryState], int]:
        rows = await self._sql.rows("situations")
        return {(row["channel"], row["situation"], DeliveryState(row["state"])): row["items"] for row in rows}

    async def planned(self) -> int:
        return int(await self._sql.value("planned"))

    async def imbalances(self, *, limit: int) -> list[tuple[str, int, int]]:
        rows = await self._sql.rows("imbalances", most=limit)
        return [(row["origin"], row["planned"], row["found"]) for row in rows]

    async def parked(self) -> int:
        return int(await self._sql.value("parked"))
