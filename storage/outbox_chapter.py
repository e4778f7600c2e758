"""What the chapters of the outbox begin with."""

from storage.coordination import Coordination
from storage.measuring import Measures
from storage.statements import Statements
from storage.tallies import Tallies


class OutboxChapter:
    """A part of `bot.ports.OutboxStore`, on one connection."""

    def __init__(self, sql: Statements, others: Coordination) -> None:
        self._sql = sql
        self._others = others
        self._tallies = Tallies(sql)
        self._measures = Measures(sql)
