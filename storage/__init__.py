"""The database: one meaning for SQLite (embedded) and PostgreSQL (many machines)."""

from contextlib import AbstractAsyncContextManager

from bot.model.clock import Clock, utc_now
from bot.model.errors import StorageError
from bot.ports import Storage
from storage.postgres import open_postgres
from storage.sqlite import open_sqlite

_SQLITE = "sqlite:"
_POSTGRES = ("postgresql://", "postgres://")


def open_storage(url: str, *, clock: Clock = utc_now) -> AbstractAsyncContextManager[Storage]:
    """`sqlite:PATH`, `sqlite::memory:` or `postgresql://…`; closes when the block ends. Does not migrate.

    Raises `StorageError`, in words for an operator and without the password.
    """
    if url.startswith(_SQLITE) and url != _SQLITE:
        return open_sqlite(url.removeprefix(_SQLITE), clock)
    if url.startswith(_POSTGRES):
        return open_postgres(url, clock)
    raise StorageError("the database is named sqlite:PATH, sqlite::memory: or postgresql://USER@HOST/NAME")
