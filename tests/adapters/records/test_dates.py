"""Moments as offices write them."""

from datetime import UTC, datetime

import pytest

from adapters.records.dates import moments

AFTERNOON = datetime(2026, 6, 8, 7, 7, 53, tzinfo=UTC)
MINUTE = AFTERNOON.replace(second=0)
MIDNIGHT = datetime(2026, 6, 7, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("20260608140753", AFTERNOON),
        ("202606081407", MINUTE),
        ("20260608", MIDNIGHT),
        ("08/06/2026 14:07:53", AFTERNOON),
        ("08/06/2026 14:07", MINUTE),
        ("8/6/2026 14:07", MINUTE),
        ("08/06/2026, 14:07", MINUTE),
        ("08/06/2026 lúc 14h07", MINUTE),
        ("08-06-2026 14:07", MINUTE),
        ("08.06.2026", MIDNIGHT),
        ("08/06/2026", MIDNIGHT),
        ("14:07 08/06/2026", MINUTE),
        ("14h07 ngày 08/06/2026", MINUTE),
        ("08/06/2026 2:07:53 CH", AFTERNOON),
        ("08/06/2026 2:07:53 PM", AFTERNOON),
        ("08/06/2026 12:00:00 SA", MIDNIGHT),
        ("2026-06-08 14:07:53", AFTERNOON),
        ("2026-06-08T14:07:53", AFTERNOON),
        ("2026-06-08T14:07:53+07:00", AFTERNOON),
        ("2026-06-08T07:07:53Z", AFTERNOON),
        ("2026-06-08T14:07:53.0000000", AFTERNOON),
        ("2026-06-08", MIDNIGHT),
        ("46181", MIDNIGHT),
        ("46181.588807870371", AFTERNOON),
        ("46181,588807870371", AFTERNOON),
        ("  20260608140753 ", AFTERNOON),
        ("", None),
        ("   ", None),
        ("0", None),
        ("00000000000000", None),
        ("01/01/0001 00:00:00", None),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00+07:00", None),
        ("00010101000000", None),
        ("1900-01-01 00:00:00.000", None),
        ("99991231235959", None),
    ],
)
def test_a_moment_is_understood(cell: str, expected: datetime | None) -> None:
    moment = moments(7.0)

    assert moment(cell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "32/13/2026",
        "06/13/2026",
        "29/02/2025",
        "08/06/26",
        "20261308",
        "2026060",
        "20260608250000",
        "hôm qua",
        "15:00",
        "08/06/2026 25:00",
        "08/06/2026 14:07 CH",
        "12/06/1492",
        "12/06/2190",
        "11111",
        "2026-W23-1",
        "2026-06-08 lúc ba giờ",
        "x" * 100,
        "٢٠٢٦٠٦٠٨",
        "1e5",
    ],
)
def test_what_is_no_date_is_not_guessed(cell: str) -> None:
    moment = moments(7.0)

    with pytest.raises(ValueError):
        moment(cell)


def test_another_office_hour_is_a_setting() -> None:
    moment = moments(0.0)

    assert moment("20260608140753") == datetime(2026, 6, 8, 14, 7, 53, tzinfo=UTC)
