"""Values of answers and databases as text: each kind as people would write it, anything else refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from adapters.records.cells import cell
from tests.adapters.records.support import JSON


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  Nguyễn Thị Ánh ", "  Nguyễn Thị Ánh "),
        ("Nguye\u0302\u0303n", "Nguyễn"),
        (None, ""),
        ("", ""),
        (4, "4"),
        (4.0, "4"),
        (4.5, "4.5"),
        (20261122081500.0, "20261122081500"),
        (Decimal("12.50"), "12.50"),
        (True, "True"),
        (date(2026, 11, 22), "2026-11-22"),
        (datetime(2026, 11, 22, 8, 15, tzinfo=timezone(timedelta(hours=7))), "2026-11-22T08:15:00+07:00"),
        (["Phòng A", 7], "Phòng A; 7"),
        ([], ""),
        ({"$date": "2026-11-22T01:15:00Z"}, "2026-11-22T01:15:00Z"),
        ({"$date": 1795310100000}, "2026-11-22T01:15:00+00:00"),
        ({"$date": {"$numberLong": "1795310100000"}}, "2026-11-22T01:15:00+00:00"),
        ({"$date": {"$numberLong": "-62135596800000"}}, "0001-01-01T00:00:00+00:00"),
    ],
)
def test_a_value_becomes_the_text_of_a_cell(value: Any, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"ten": "x"},
        {"$date": None},
        {"$date": True},
        {"$date": {"$numberLong": None}},
        {"$date": {"$numberLong": "x"}},
        {"$date": 10**400},
        {"$date": float("nan")},
        {"$date": "2026-11-22", "zone": 7},
        [["x"]],
        [None],
        b"x",
        [10**5_000],
        timedelta(1),
    ],
)
def test_what_cannot_stand_in_a_cell_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        cell(value)


@given(JSON)
def test_whatever_json_holds_is_text_or_refused(value: Any) -> None:
    try:
        assert isinstance(cell(value), str)
    except ValueError:
        assert not isinstance(value, str | None)


def test_a_moment_of_mongodb_is_the_moment_that_was_written() -> None:
    moment = datetime(2026, 11, 22, 1, 15, tzinfo=UTC)

    assert datetime.fromisoformat(cell({"$date": int(moment.timestamp() * 1000)})) == moment
