"""Rights that one process holds at a time, and loses when it stops renewing them."""

from datetime import datetime

from bot.model.clock import to_millis
from storage.statements import Statements


class Leases:
    """`bot.ports.LeaseStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def take(self, name: str, *, owner: str, now: datetime, until: datetime) -> bool:
        taken = await self._sql.change("lease_take", name=name, owner=owner, now=to_millis(now), until=to_millis(until))
        return taken == 1

    async def give_back(self, name: str, *, owner: str) -> None:
        await self._sql.change("lease_give_back", name=name, owner=owner)
