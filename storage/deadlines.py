"""Dossiers that are due, and who was told of it."""

from storage.statements import Statements


class Deadlines:
    """`bot.ports.DeadlineStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql
