"""Documents that go with messages."""

from storage.statements import Statements


class Documents:
    """`bot.ports.DocumentStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql
