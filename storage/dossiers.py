"""The mirror: dossiers as the sources last showed them, and their changes."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.model.clock import to_millis
from bot.model.dossier import Change, Dossier
from bot.ports import Known
from storage.edge import key_set
from storage.rows import change_of, change_row, dossier_of, dossier_row
from storage.statements import Statements


class Dossiers:
    """`bot.ports.DossierStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def known(self, source: str, codes: Collection[str]) -> dict[str, Known]:
        rows = await self._sql.rows("dossiers_known", source=source, codes=key_set(codes))
        return {row["code"]: Known(row["fingerprint"], row["last_number"]) for row in rows}

    async def get_many(self, source: str, codes: Collection[str]) -> dict[str, Dossier]:
        rows = await self._sql.rows("dossiers_many", source=source, codes=key_set(codes))
        return {row["code"]: dossier_of(row) for row in rows}

    async def find(self, code: str) -> list[Dossier]:
        return [dossier_of(row) for row in await self._sql.rows("dossiers_find", code=code)]

    async def save(self, dossiers: Sequence[tuple[Dossier, int]], *, at: datetime) -> None:
        # In the order of `known`, so that two writers of the same dossiers cannot wait for each other.
        ordered = sorted(dossiers, key=lambda each: (each[0].source, each[0].code))
        rows = [
            dossier_row(dossier) | {"last_number": number, "saved_at": to_millis(at)} for dossier, number in ordered
        ]
        await self._sql.change_many("dossiers_save", rows)

    async def add_changes(self, changes: Sequence[Change]) -> None:
        await self._sql.change_many("changes_add", [change_row(change) for change in changes])

    async def changes_of(self, source: str, code: str) -> list[Change]:
        return [change_of(row) for row in await self._sql.rows("changes_of", source=source, code=code)]

    async def count(self) -> tuple[int, int]:
        row = await self._sql.row("dossiers_count")
        return (row["dossiers"], row["changes"]) if row else (0, 0)
