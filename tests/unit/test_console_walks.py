"""Walks down several indexes at once: together they miss nothing, show nothing twice, and end in time."""

from collections.abc import Iterator
from itertools import islice

import pytest

from storage.console_walks import Seen, Sought, among, seek

WANTED = 7
"""What is looked for: numbers that this divides."""


def indexes(strands: int, length: int) -> list[list[int]]:
    """The numbers below `length`, highest first, dealt out."""
    return [list(range(length - 1 - place, -1, -strands)) for place in range(strands)]


async def page(rows: list[list[int]], below: int, *, scans: list[int], limit: int) -> Sought:
    async def walk(scan: int) -> list[list[Seen]]:
        return [list(islice(walked(index, scan), limit + 1)) for index in rows]

    def walked(index: list[int], scan: int) -> Iterator[Seen]:
        looked_at = [number for number in index if number < below][:scan]
        for place, number in enumerate(looked_at, 1):
            if number % WANTED == 0 or place == scan:
                yield Seen((number,), number % WANTED == 0, place)

    return await seek(walk, scans=scans, limit=limit)


@pytest.mark.parametrize("strands", [1, 3, 10])
@pytest.mark.parametrize(("scans", "limit"), [([1], 1), ([3, 20], 2), ([5], 4), ([2, 4], 30)])
async def test_pages_hold_all_that_is_wished_for_once_and_in_order(strands: int, scans: list[int], limit: int) -> None:
    rows = indexes(strands, 200)
    found: list[int] = []
    below: int | None = 200
    for _ in range(500):
        assert below is not None
        sought = await page(rows, below, scans=scans, limit=limit)
        hits = [seen.place[0] for seen in sought.hits[:limit]]
        found += hits
        if len(sought.hits) > limit:
            below = hits[-1]
        elif sought.reach is not None:
            below = sought.reach[0]
        else:
            break

    assert found == [number for number in range(199, -1, -1) if number % WANTED == 0]


async def test_what_is_found_soon_is_not_walked_for_any_further() -> None:
    steps: list[int] = []

    async def walk(scan: int) -> list[list[Seen]]:
        steps.append(scan)
        return [[Seen((9,), True, 1), Seen((8,), True, 2), Seen((7,), False, scan)]]

    await seek(walk, scans=[10, 1000], limit=1)

    assert steps == [10]


def test_an_agency_is_among_those_that_lie_in_the_scope_and_in_the_wish() -> None:
    known = ["", "H32", "H32.1", "H32.1.2", "H32.10", "H33"]

    assert among(known, (), "").is_everywhere
    assert among(known, ("H32.1",), "").agencies == ["H32.1", "H32.1.2"]
    assert among(known, (), "H32.10").agencies == ["H32.10"]
    assert among(known, ("H32.1", "H33"), "H32").agencies == ["H32.1", "H32.1.2"]
    assert among(known, ("H40",), "").is_nobody
