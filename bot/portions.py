"""Pure: much that is to be noted, in portions, each of which is one short transaction."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

PORTION = 500
"""Rows that are noted at once: some 20 ms, for which every other writer waits."""


class Concerning(Protocol):
    """Something of an agency."""

    @property
    def agency(self) -> str: ...


T = TypeVar("T", bound=Concerning)


@dataclass
class _Group:
    """What must stay together."""

    readers: set[str] = field(default_factory=set)
    places: list[int] = field(default_factory=list)
    """In the rows."""


def portions(rows: Sequence[T], readers: Callable[[str], Collection[str]], size: int = PORTION) -> list[list[T]]:
    """Of at most `size` each, in the order of the rows. All rows of which one reader is told are in one, however many
    they are, so that they are one message, and it is kept together with what it tells. `readers` names those who are
    told of what an agency has.
    """
    of_agency: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        of_agency.setdefault(row.agency, []).append(place)
    alone: list[int] = []
    groups: list[_Group] = []
    for agency, places in of_agency.items():
        if told := set(readers(agency)):
            groups = _joined(groups, _Group(told, places))
        else:
            alone += places
    alone.sort()
    made = [alone[first : first + size] for first in range(0, len(alone), size)]
    for group in groups:
        if made and len(made[-1]) + len(group.places) <= size:
            made[-1] += group.places
        else:
            made.append(group.places)
    return [[rows[place] for place in sorted(places)] for places in made]


def _joined(groups: Sequence[_Group], new: _Group) -> list[_Group]:
    """Those that share a reader with the new one become one with it."""
    apart = [each for each in groups if each.readers.isdisjoint(new.readers)]
    shared = [each for each in groups if not each.readers.isdisjoint(new.readers)]
    readers = new.readers.union(*(each.readers for each in shared))
    return [*apart, _Group(readers, sum((each.places for each in shared), new.places))]
