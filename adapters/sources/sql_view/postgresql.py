"""PostgreSQL's moments that Python has none for, such as `infinity`: as text, so that one row does not spoil a page."""

from typing import Any

from psycopg import Connection, DataError
from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader


def lenient(connection: Connection[Any], _record: object) -> None:
    """Prepares a new connection of the driver's."""
    for name, loader in (("date", _Date), ("timestamp", _Timestamp), ("timestamptz", _Timestamptz)):
        connection.adapters.register_loader(name, loader)


class _Date(DateLoader):
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except DataError:
            return bytes(data).decode()


class _Timestamp(TimestampLoader):
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except DataError:
            return bytes(data).decode()


class _Timestamptz(TimestamptzLoader):
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except DataError:
            return bytes(data).decode()
