"""What the database keeps of documents that go with messages."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.model.message import File


class DocumentStore(Protocol):
    """Documents by id. They hold names: a person's erasure takes those that belong to her messages."""

    async def put(self, files: Sequence[File], *, at: datetime) -> None:
        """Keeps them with their content. An id that is there already keeps what it has."""
        ...

    async def get(self, ids: Collection[str]) -> list[File]:
        """Those that are still there, with their content, in the order of `ids`."""
        ...

    async def forget(self, *, before: datetime) -> int:
        """Deletes what was put earlier; how many documents that were."""
        ...
