"""A database that goes away in the middle of things."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.auditing import Audited
from bot.model.errors import StorageError
from bot.ports import Storage, Transaction

T = TypeVar("T")


class Breaking(Audited):
    """The real one, whose `breaks_at`-th write from now on fails: before anything is kept, or after all of it is, when
    nobody is told any more. `stays_away`: so do all that follow, until it is mended."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage, lambda result: None)
        self.breaks_at = 0
        self.is_kept = self.stays_away = self.is_away = False

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        if self.is_away:
            raise StorageError("away")
        self.breaks_at -= 1
        if self.breaks_at:
            return await super().write(work)
        self.is_away = self.stays_away
        if self.is_kept:
            await super().write(work)
        raise StorageError("away")

    def mend(self) -> None:
        self.breaks_at, self.is_away = 0, False
