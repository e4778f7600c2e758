"""Pages of what is sealed, for who works beside a running service."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.model.clock import from_millis, to_millis
from bot.ports.sealing import Counted
from storage.coordination import Coordination
from storage.sealing.columns import TABLES
from storage.sealing.ring import DATA
from storage.sealing.state import WALK
from storage.sealing.statements import SealedStatements
from storage.sealing.walks import SETTLED, count_page, seal_page
from storage.statements import Statements


class Sealing:
    """`bot.ports.sealing.SealingStore` in SQL."""

    tables: Sequence[str]

    def __init__(self, sql: Statements, others: Coordination) -> None:
        self._sql = sql
        self._others = others
        known = [name for name in TABLES if sql.has(f"sealing_first_{name}")]
        self.tables = known if sql.is_sealed else []

    async def seal(self, table: str, *, at: datetime, limit: int) -> int | None:
        sql = self._sealed
        return await seal_page(sql.as_stored, sql.seal, table, to_millis(at), limit=limit)

    async def count(self, table: str, after: Sequence[Any] | None, *, limit: int) -> Counted:
        return Counted(*await count_page(self._sealed.as_stored, table, after, limit=limit))

    async def settled_at(self) -> datetime | None:
        since = await self._sealed.as_stored.value("sealing_since", kind=DATA, name=self._sealed.seal.ring.newest)
        return None if since is None else from_millis(since + SETTLED)

    async def begin_again(self) -> None:
        await self._sealed.as_stored.change("sealing_drop_kind", kind=WALK)

    async def forget(self, name: str) -> None:
        await self._sealed.as_stored.change("sealing_drop", kind=DATA, name=name)

    @property
    def _sealed(self) -> SealedStatements:
        if not isinstance(self._sql, SealedStatements):
            raise TypeError("the database is not sealed")
        return self._sql
