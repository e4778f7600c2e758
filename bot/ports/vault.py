"""Credentials that a provider renews again and again: kept durably, renewed by one process at a time."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Vault(Protocol):
    """The rotating credentials of one channel, the same for all processes of the service."""

    async def read(self) -> str:
        """What was kept last; empty for nothing. Raises `StorageError`."""
        ...

    async def keep(self, content: str) -> None:
        """Returns when it is durable. Raises `StorageError`."""
        ...

    def turn(self) -> AbstractAsyncContextManager["Vault | None"]:
        """One holder at a time over all processes. Who has the turn gets the vault as it is for the holder: `keep`
        raises `FencedError`, and keeps nothing, once another one has the turn. None at once where another process has
        it: then nothing must be renewed. A holder that dies, or stands still, loses its turn after seconds."""
        ...
