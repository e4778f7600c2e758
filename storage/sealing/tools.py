"""For commands that make rings of keys, and seal what is there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from storage import open_storage
from storage.sealing.ring import Ring, new_ring, parse
from storage.sealing.turning import Turning, holds_sealed

__all__ = ["Ring", "Turning", "is_sealed", "new_ring", "open_turning", "parse"]


@asynccontextmanager
async def open_turning(url: str, keys: Callable[[], str]) -> AsyncIterator[Turning]:
    """The database for who gives it its first or another look-up key."""
    async with open_storage(url, keys=keys) as storage:
        yield Turning(storage)


async def is_sealed(url: str) -> bool:
    """Whether what is personal is sealed there. Raises `StorageError`."""
    async with open_storage(url) as storage:
        return await holds_sealed(storage)
