"""Rights that one process holds at a time, and loses when it stops renewing them."""

from collections.abc import Collection
from datetime import datetime

from bot.model.clock import to_millis
from bot.model.errors import FencedError
from storage.edge import key_set
from storage.statements import Statements


class Leases:
    """`bot.ports.LeaseStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def take(self, name: str, *, owner: str, now: datetime, until: datetime) -> int:
        await self._sql.row("lease_lock", name=name)
        row = await self._sql.row("lease_take", name=name, owner=owner, now=to_millis(now), until=to_millis(until))
        return int(row["fence"]) if row else 0

    async def require(self, name: str, *, fence: int) -> None:
        row = await self._sql.row("lease_fence", name=name)
        if row is None or row["fence"] != fence:
            raise FencedError(f"{name}: another process has taken it over, nothing was written")

    async def renew(self, name: str, *, owner: str, fence: int, until: datetime) -> bool:
        renewed = await self._sql.change("lease_renew", name=name, owner=owner, fence=fence, until=to_millis(until))
        return renewed == 1

    async def holders(self, names: Collection[str], *, now: datetime) -> dict[str, str]:
        rows = await self._sql.rows("lease_holders", names=key_set(names), now=to_millis(now))
        return {row["name"]: row["owner"] for row in rows}

    async def held(self, *, now: datetime) -> dict[str, str]:
        return {row["name"]: row["owner"] for row in await self._sql.rows("leases_held", now=to_millis(now))}

    async def give_back(self, name: str, *, owner: str) -> None:
        await self._sql.change("lease_give_back", name=name, owner=owner)
