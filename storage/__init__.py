"""The database: one meaning for SQLite (embedded) and PostgreSQL (many machines)."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from bot.model.clock import Clock, utc_now
from bot.model.errors import StorageError
from bot.ports import Storage
from storage.postgres import open_postgres
from storage.sealing.seal import Seal
from storage.sqlite import open_sqlite

_SQLITE = "sqlite:"
_POSTGRES = ("postgresql://", "postgres://")


def open_storage(
    url: str, *, clock: Clock = utc_now, keys: Callable[[], str] | None = None
) -> AbstractAsyncContextManager[Storage]:
    """`sqlite:PATH`, `sqlite::memory:` or `postgresql://…`; closes when the block ends. Does not migrate.

    `keys` reads the ring of keys (storage.sealing.ring) under which what is personal is sealed; it may be asked again.
    Raises `StorageError`, in words for an operator and without the password.
    """
    seal = Seal(keys) if keys else None
    if url.startswith(_SQLITE) and url != _SQLITE:
        return open_sqlite(url.removeprefix(_SQLITE), clock, seal)
    if url.startswith(_POSTGRES):
        return open_postgres(url, clock, seal)
    raise StorageError("the database is named sqlite:PATH, sqlite::memory: or postgresql://USER@HOST/NAME")
