"""What is noted in portions: everything once, no reader in two of them, and none longer than it must be."""

from collections.abc import Mapping
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as some

from bot.portions import portions


class Row(NamedTuple):
    agency: str
    number: int


AGENCIES = "abcdef"
ROWS = some.lists(some.sampled_from(AGENCIES), max_size=60).map(
    lambda names: [Row(*each) for each in zip(names, range(60), strict=False)]
)
READERS = some.dictionaries(some.sampled_from(AGENCIES), some.sets(some.sampled_from("1234"), max_size=3))


def cut(rows: list[Row], readers: Mapping[str, set[str]], size: int = 7) -> list[list[Row]]:
    return portions(rows, lambda agency: readers.get(agency, set()), size)


@given(ROWS, READERS)
def test_every_row_is_in_one_portion_in_the_order_of_the_rows(rows: list[Row], readers: dict[str, set[str]]) -> None:
    made = cut(rows, readers)

    assert sorted(row.number for portion in made for row in portion) == [row.number for row in rows]
    assert all(portion == sorted(portion, key=lambda row: row.number) for portion in made)
    assert all(made)


@given(ROWS, READERS)
def test_no_reader_is_told_by_two_portions(rows: list[Row], readers: dict[str, set[str]]) -> None:
    told = [{name for row in portion for name in readers.get(row.agency, set())} for portion in cut(rows, readers)]

    assert sum(map(len, told)) == len(set().union(*told))


@given(ROWS, READERS)
def test_a_portion_is_longer_than_its_size_only_for_readers_who_share_it(
    rows: list[Row], readers: dict[str, set[str]]
) -> None:
    for portion in cut(rows, readers):
        if len(portion) > 7:
            assert all(readers.get(row.agency) for row in portion)
            assert is_connected([readers[agency] for agency in {row.agency for row in portion}])


def is_connected(sets: list[set[str]]) -> bool:
    known, rest = set(sets[0]), sets[1:]
    while near := [each for each in rest if each & known]:
        known = known.union(*near)
        rest = [each for each in rest if each not in near]
    return not rest


def test_what_nobody_is_told_of_is_cut_to_size() -> None:
    rows = [Row("a", number) for number in range(17)]

    assert [len(each) for each in cut(rows, {})] == [7, 7, 3]


def test_small_groups_share_a_portion() -> None:
    rows = [Row("abc"[number % 3], number) for number in range(9)]

    assert [len(each) for each in cut(rows, {"a": {"1"}, "b": {"2"}, "c": {"3"}})] == [6, 3]


def test_nothing_makes_no_portion() -> None:
    assert cut([], {}) == []
