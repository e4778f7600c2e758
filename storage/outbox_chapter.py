"""What the chapters of the outbox begin with."""

from collections.abc import Collection
from datetime import timedelta

from bot.model.clock import EPOCH
from bot.model.ids import first_id_at
from bot.model.message import Receipt
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


_RECENT = timedelta(days=35)
"""Older messages get no receipts, or so few that they may be looked for a second time."""


def recent_id(receipts: Collection[Receipt]) -> str:
    """Items whose receipts these can be have no lower id, but for rare ones."""
    return first_id_at(max(EPOCH, min(each.at for each in receipts) - _RECENT)) if receipts else ""
