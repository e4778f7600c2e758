"""Who gets no message unless they write first."""

from collections.abc import Collection, Sequence

from bot.model.clock import from_millis, to_millis
from bot.model.person import Address
from bot.ports import Unwanted
from storage.edge import key_set
from storage.statements import Statements


class DoNotSend:
    """`bot.ports.DoNotSendStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def add(self, entries: Sequence[Unwanted]) -> int:
        before = await self.count()
        await self._sql.change_many(
            "do_not_send",
            [
                {
                    "address": each.address.key,
                    "since": to_millis(each.since),
                    "ordered_by": each.by,
                    "reason": each.reason,
                }
                for each in entries
            ],
        )
        return await self.count() - before

    async def remove(self, addresses: Collection[Address]) -> int:
        return await self._sql.change("send_again", addresses=key_set(each.key for each in addresses))

    async def listed(self, *, limit: int) -> list[Unwanted]:
        return [
            Unwanted(Address.of(row["address"]), from_millis(row["since"]), row["ordered_by"], row["reason"])
            for row in await self._sql.rows("unwanted", most=limit)
        ]

    async def count(self) -> int:
        return int(await self._sql.value("count_unwanted"))
