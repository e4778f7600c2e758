"""What becomes of messages, counted as it happens: in the gateway's minute, the agency's month, the carriers' book.

Rows are written in the order of their keys, so that two writers meet at the same key and cannot wait for each other.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.model.clock import to_millis
from bot.ports import SLOW
from storage.statements import Statements

SLOW_MILLIS = SLOW.total_seconds() * 1000
"""`SLOW`, for who compares what is stored."""
_MINUTE = 60_000
_COLUMNS = ("accepted", "errors", "uncertain", "rejected", "delivered", "undelivered", "in_time")

Minutes = Counter[tuple[str, int, str]]
"""How often something happened: (gateway, beginning of the minute, column of `gateway_minutes`)."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One message that is paid for."""

    agency: str
    month: str
    parts: int
    cost: int


@dataclass(frozen=True, slots=True)
class Named:
    """An address and the carrier that a provider named for it."""

    address: str
    carrier: str
    at: datetime


def minute_of(moment: datetime) -> int:
    """Beginning of the minute, in milliseconds."""
    return to_millis(moment) // _MINUTE * _MINUTE


class Tallies:
    """Adds to what was counted before."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def remember(self, named: Iterable[Named]) -> None:
        """The latest naming of an address is believed."""
        latest = {each.address: each for each in sorted(named, key=lambda each: each.at)}
        rows = [
            {"address": address, "carrier": each.carrier, "at": to_millis(each.at)}
            for address, each in sorted(latest.items())
        ]
        await self._sql.change_many("remember_carrier", rows)

    async def charge(self, charges: Iterable[Charge]) -> None:
        sums: dict[tuple[str, str], tuple[int, int, int]] = {}
        for each in charges:
            messages, parts, cost = sums.get((each.agency, each.month), (0, 0, 0))
            sums[each.agency, each.month] = (messages + 1, parts + each.parts, cost + each.cost)
        rows = [
            {"agency": agency, "month": month, "messages": messages, "parts": parts, "cost": cost}
            for (agency, month), (messages, parts, cost) in sorted(sums.items())
        ]
        await self._sql.change_many("count_spending", rows)

    async def charge_dossiers(self, costs: Iterable[tuple[str, str, int]]) -> None:
        """(source, code, đồng) of each message that is paid for."""
        sums: Counter[tuple[str, str]] = Counter()
        for source, code, cost in costs:
            sums[source, code] += cost
        rows = [{"source": source, "code": code, "cost": cost} for (source, code), cost in sorted(sums.items())]
        await self._sql.change_many("count_dossier_spending", rows)

    async def count(self, minutes: Minutes) -> None:
        """Written last of all: every settler of a gateway waits here for the one before it."""
        await self._sql.change_many("count_minutes", _minute_rows(minutes))


def _minute_rows(minutes: Minutes) -> list[Mapping[str, str | int]]:
    rows: dict[tuple[str, int], dict[str, str | int]] = {}
    for (gateway, minute, column), number in sorted(minutes.items()):
        if (gateway, minute) not in rows:
            rows[gateway, minute] = {"gateway": gateway, "minute": minute, **dict.fromkeys(_COLUMNS, 0)}
        rows[gateway, minute][column] = number
    return list(rows.values())
