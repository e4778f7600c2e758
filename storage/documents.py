"""Documents that go with messages."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.model.clock import to_millis
from bot.model.message import File
from storage.edge import clean, key_set
from storage.statements import Statements


class Documents:
    """`bot.ports.DocumentStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def put(self, files: Sequence[File], *, at: datetime) -> None:
        rows = [
            {
                "id": file.id,
                "name": clean(file.name),
                "media_type": clean(file.media_type),
                "content": file.content,
                "put_at": to_millis(at),
            }
            for file in files
        ]
        await self._sql.change_many("documents_put", rows)

    async def get(self, ids: Collection[str]) -> list[File]:
        rows = await self._sql.rows("documents_get", ids=key_set(ids))
        found = {row["id"]: File(row["id"], row["name"], row["media_type"], bytes(row["content"])) for row in rows}
        return [found[each] for each in ids if each in found]

    async def forget(self, *, before: datetime) -> int:
        return await self._sql.change("documents_forget", before=to_millis(before))
