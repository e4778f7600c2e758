"""Texts that an office has made its own, in all their versions."""

from storage.statements import Statements


class Texts:
    """`bot.ports.TextStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql
