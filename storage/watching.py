"""What the service knows of its own health."""

from storage.statements import Statements


class Watching:
    """`bot.ports.WatchStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql
