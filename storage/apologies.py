"""Apologies from their draft to what became of them."""

from storage.statements import Statements


class Apologies:
    """`bot.ports.ApologyStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql
