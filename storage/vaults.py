"""Credentials that rotate, each as its channel wrote it."""

from datetime import datetime

from bot.model.clock import to_millis
from storage.statements import Statements


class Vaults:
    """`bot.ports.VaultStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def read(self, name: str) -> str:
        return await self._sql.value("vault", name=name) or ""

    async def keep(self, name: str, content: str, *, at: datetime) -> None:
        await self._sql.change("vault_keep", name=name, content=content, kept_at=to_millis(at))
