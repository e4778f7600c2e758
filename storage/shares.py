"""What each living sender may use of an account's pace, or of a budget."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.model.clock import from_millis, to_millis
from bot.ports import Share
from storage.edge import key_set
from storage.statements import Statements


class Shares:
    """`bot.ports.ShareStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def locked(self) -> list[Share]:
        # A statement of its own: the next one must see what the holder of the lock has written.
        await self._sql.change("shares_lock")
        return await self.all()

    async def all(self) -> list[Share]:
        return [
            Share(
                account=row["account"],
                owner=row["owner"],
                joined_at=from_millis(row["joined_at"]),
                until=from_millis(row["until"]),
                granted=row["granted"],
            )
            for row in await self._sql.rows("shares_all")
        ]

    async def renew(self, owner: str, *, until: datetime) -> None:
        await self._sql.change("shares_renew", owner=owner, until=to_millis(until))

    async def put(self, shares: Sequence[Share]) -> None:
        rows = [
            {
                "account": each.account,
                "owner": each.owner,
                "joined_at": to_millis(each.joined_at),
                "until": to_millis(each.until),
                "granted": each.granted,
            }
            for each in shares
        ]
        await self._sql.change_many("shares_put", rows)

    async def in_hand(self, owners: Collection[str]) -> dict[str, int]:
        rows = await self._sql.rows("shares_in_hand", owners=key_set(owners)) if owners else []
        return {row["agency"]: row["parts"] for row in rows}

    async def drop(self, owners: Collection[str]) -> None:
        if owners:
            await self._sql.change("shares_drop", owners=key_set(owners))
