"""What each agency's messages of a month came to."""

from datetime import datetime

from bot.model.clock import to_millis
from bot.ports import Spent
from storage.edge import moment
from storage.statements import Statements


class Spending:
    """`bot.ports.SpendingStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def of_month(self, month: str) -> dict[str, Spent]:
        rows = await self._sql.rows("spent_of_month", month=month)
        return {
            row["agency"]: Spent(row["messages"], row["parts"], row["cost"], moment(row["warned_at"])) for row in rows
        }

    async def warned(self, agency: str, month: str, *, at: datetime) -> bool:
        return await self._sql.change("spending_warned", agency=agency, month=month, at=to_millis(at)) == 1
