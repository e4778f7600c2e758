"""What a backup needs of the database as a whole: one moment of it as a stream of bytes, and a stream put back."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SQLITE, POSTGRES = "sqlite", "postgres"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a copy of the database holds, to be compared when it is read again."""

    engine: str
    """`SQLITE`: the stream is the database file. `POSTGRES`: it is what `pg_dump -Fc` writes."""
    schema: tuple[str, ...]
    """Names of the migrations, in order."""
    planned: int
    """Messages ever planned; equal to `messages` where the ledger balances."""
    messages: int
    dossiers: int
    size: int = 0
    """Bytes of the stream; 0: not known before its end."""


class Copying(Protocol):
    """One moment of the database, to be read to its end. Meant for a thread: `read` waits for the disk."""

    @property
    def facts(self) -> Facts: ...
    def read(self, size: int) -> bytes:
        """The next bytes, at most so many; none at the end, which is reached only where the copy is whole. Raises
        `StorageError`."""
        ...


CopyDatabase = Callable[[], AbstractAsyncContextManager[Copying]]
"""Opens a copy of the database as it is now, while others go on writing. Raises `StorageError`."""


class Receiving(Protocol):
    """A database that is being put back, beside everything that is in use."""

    def write(self, content: bytes) -> None:
        """The next bytes of the stream. Raises `StorageError`."""
        ...

    def finish(self) -> Facts:
        """After the last ones: what the copy holds, once it was found whole. Raises `StorageError`."""
        ...


@dataclass(frozen=True, slots=True)
class Placed:
    """A database that has taken its place."""

    where: str
    aside: Path | None = None
    """Where the one that stood there is now."""
