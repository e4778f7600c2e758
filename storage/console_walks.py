"""Walks down indexes, one or many at once, put together into a page: each looks at so many rows and no more."""

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from storage.statements import Row, Statements

SCAN = 10_000
"""Rows that a search looks at in vain before it stops and says so."""
FEW = 16
"""Agencies up to which each has a walk of its own, whatever is looked for in them."""


class Seen(NamedTuple):
    """A row that a walk has brought."""

    place: tuple[Any, ...]
    """What the walk is ordered by."""
    is_hit: bool
    number: int
    rest: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Sought:
    """What several walks have found together, the highest place first."""

    hits: list[Seen]
    reach: tuple[Any, ...] | None
    """As far as every walk has come: below it nobody has looked. None: to the end."""


STEPS = (150, 2_000, SCAN)
"""A search that soon finds what it wants does not go far."""

Walk = Callable[[int], Awaitable[list[list[Seen]]]]
"""Walks over so many rows: what each strand has brought."""


@dataclass(frozen=True, slots=True)
class Among:
    """Of whom something may be."""

    is_everywhere: bool
    agencies: list[str] = field(default_factory=list)

    @property
    def is_nobody(self) -> bool:
        return not self.is_everywhere and not self.agencies

    @property
    def are_few(self) -> bool:
        return not self.is_everywhere and len(self.agencies) <= FEW


def among(known: Iterable[str], scope: Collection[str], wished: str) -> Among:
    """Those of the `known` agencies that lie in `scope` (with all below; none: all) and in or below the wished one."""
    if not scope and not wished:
        return Among(is_everywhere=True)
    found = [
        each for each in known if (not scope or _lies_in(each, scope)) and (not wished or _lies_in(each, [wished]))
    ]
    return Among(False, found)


def _lies_in(agency: str, those: Collection[str]) -> bool:
    return any(agency == each or agency.startswith(f"{each}.") for each in those)


async def seek(walk: Walk, *, scans: Sequence[int], limit: int) -> Sought:
    """Walks so far, and then further, until more than `limit` rows are found or all has been looked at."""
    sought = Sought([], None)
    for scan in scans:
        sought = _together(await walk(scan), scan)
        if sought.reach is None or len(sought.hits) > limit:
            break
    return sought


def _together(strands: Sequence[Sequence[Seen]], scan: int) -> Sought:
    reach = max((seen.place for strand in strands for seen in strand if seen.number == scan), default=None)
    hits = [seen for strand in strands for seen in strand if seen.is_hit and (reach is None or seen.place >= reach)]
    hits.sort(key=lambda seen: seen.place, reverse=True)
    return Sought(hits, reach)


async def strands(sql: Statements, name: str, *, columns: int, values: dict[str, Any]) -> list[list[Seen]]:
    """Of a query that has a row for each walk. The place is the first `columns` of what it brings."""
    rows = await sql.rows(name, **values)
    return [[_seen(each, columns) for each in json.loads(row["seen"] or "[]")] for row in rows]


async def strand(sql: Statements, name: str, *, columns: int, values: dict[str, Any]) -> list[list[Seen]]:
    """Of a query that is one walk."""
    return [[_seen(row, columns) for row in await sql.rows(name, **values)]]


def _seen(row: Row | list[Any], columns: int) -> Seen:
    values = tuple(row)
    return Seen(values[:columns], values[-2] == 1, values[-1], values[columns:-2])
