"""How quick the messages were and how many failed, counted in batches where they are settled."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple

from bot.ports.watching import BOUNDS
from storage.statements import Statements

_MINUTE = 60_000
SLOT = 600_000
"""Milliseconds over which failures are counted together."""
CHANNEL, AGENCY = "channel", "agency"
_LIMITS = [bound * 1000 for bound in BOUNDS]


class Answer(NamedTuple):
    """What is to be counted of one message; moments in milliseconds."""

    gateway: str
    agency: str
    lane: int
    at: int
    due_at: int | None
    """None where it is no first attempt: what a provider's refusal cost is not our slowness."""
    tried: bool
    """The provider has said its word on it."""
    failed: bool
    """And that was no. By this way; `ended`: by the last."""
    ended: bool


class Measures:
    """Adds to what was counted before, in the order of the keys, so that two writers cannot wait for each other."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def count(self, answers: Iterable[Answer]) -> None:
        # Two steps of a counter a message: a batch has hundreds.
        speed: Counter[tuple[str, int, int, int]] = Counter()
        ends: Counter[tuple[str, str, int, bool, bool, bool]] = Counter()
        for gateway, agency, lane, at, due_at, tried, failed, ended in answers:
            if due_at is not None:
                speed[gateway, lane, at // _MINUTE, bisect_left(_LIMITS, at - due_at)] += 1
            if tried or failed:
                ends[gateway, agency, at // SLOT, tried, failed, ended] += 1
        await self._sql.change_many("count_failures", _failure_rows(ends))
        await self._sql.change_many("count_speed", _speed_rows(speed))


def _speed_rows(speed: Counter[tuple[str, int, int, int]]) -> list[dict[str, str | int]]:
    """`speed` tells how many fell between two bounds, the rows how many took no longer than each."""
    rows: dict[tuple[str, int, int], list[int]] = {}
    for (gateway, lane, minute, place), number in sorted(speed.items()):
        rows.setdefault((gateway, lane, minute), [0] * (len(BOUNDS) + 1))[place] += number
    return [
        {
            "gateway": gateway,
            "lane": lane,
            "minute": minute * _MINUTE,
            "messages": sum(numbers),
            **{f"within_{bound}": total for bound, total in zip(BOUNDS, accumulate(numbers), strict=False)},
        }
        for (gateway, lane, minute), numbers in rows.items()
    ]


def _failure_rows(ends: Counter[tuple[str, str, int, bool, bool, bool]]) -> list[dict[str, str | int]]:
    rows: dict[tuple[str, str, int], list[int]] = {}
    for (gateway, agency, slot, tried, failed, ended), number in ends.items():
        # What goes on by another way has not failed for the agency yet.
        is_last = ended >= failed
        for kind, name, counts in (
            (CHANNEL, gateway, (tried * number, failed * number)),
            (AGENCY, agency, ((tried and is_last) * number, ended * number)),
        ):
            if name and any(counts):
                row = rows.setdefault((kind, name, slot), [0, 0])
                row[0], row[1] = row[0] + counts[0], row[1] + counts[1]
    return [
        {"kind": kind, "name": name, "slot": slot * SLOT, "tried": tried, "failed": failed}
        for (kind, name, slot), (tried, failed) in sorted(rows.items())
    ]
