"""Keys survive being kept as text, and can be stepped back from in their own shape."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sources.sql_view.keys import Key, no_later, step_back
from adapters.sources.sql_view.progress import Progress, Round
from bot.model.errors import SourceError


def local(*parts: int) -> datetime:
    """As databases give moments that have no zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
VIETNAM = timezone(timedelta(hours=7))
KEYS = st.one_of(
    st.datetimes(), st.datetimes(timezones=st.just(UTC)), st.dates(), st.integers(), st.floats(allow_nan=False),
    st.decimals(allow_nan=False), st.binary(), st.text(), st.uuids(),
)  # fmt: skip


@given(since=KEYS, ceiling=st.none() | KEYS, changed=KEYS, code=KEYS)
def test_a_cursor_comes_back_as_it_was(since: Key, ceiling: Key | None, changed: Key, code: Key) -> None:
    progress = Progress("v", since, Round(NOW, ceiling, "dated", (changed, code)))

    kept = Progress.load(progress.dump(), "v")

    assert kept == progress
    assert kept.round is not None
    assert [type(key) for key in kept.round.after] == [type(changed), type(code)]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (local(2026, 11, 20, 8, 15, 0, 5), local(2026, 11, 20, 8, 10, 0, 5)),
        (datetime(2026, 11, 20, 8, 15, tzinfo=UTC), datetime(2026, 11, 20, 8, 10, tzinfo=UTC)),
        (date(2026, 11, 20), date(2026, 11, 19)),
        (5_000, 4_000),
        (Decimal("5000.5"), Decimal("4000.5")),
        (b"\0\0\0\0\0\0\x10\0", b"\0\0\0\0\0\0\x0c\x18"),
        (b"\0\x01", b"\0\0"),
        ("2026-11-20 08:15:00.123", "2026-11-20 08:10:00.000"),
        ("2026-11-20T08:15:00.1234567", "2026-11-20T08:10:00.0000000"),
        ("2026-11-20T08:15:00+07:00", "2026-11-20T08:10:00+07:00"),
        ("2026-11-20T00:01:00Z", "2026-11-19T23:56:00Z"),
        ("2026-11-20", "2026-11-19"),
        ("20261120000100", "20261119235600"),
        (local(1, 1, 1), local(1, 1, 1)),
        ("-infinity", "-infinity"),
        ("0000-00-00 00:00:00", "0000-00-00 00:00:00"),
        (UUID(int=5), UUID(int=5)),
    ],
)
def test_the_look_back_keeps_type_and_shape(key: Key, expected: Key) -> None:
    assert step_back(key, seconds=300, number=1_000) == expected


@pytest.mark.parametrize("text", ["20/11/2026", "2026-13-40 00:00:00", "20261399000000", "", "hôm nay"])
def test_a_text_that_is_no_time_cannot_be_stepped_back_from(text: str) -> None:
    with pytest.raises(SourceError, match="CAST"):
        step_back(text, seconds=300, number=1_000)

    assert step_back(text, seconds=0, number=1_000) == text


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (local(2026, 11, 22, 7, 59), local(2026, 11, 22, 7, 59)),
        (local(2026, 11, 22, 8, 1), local(2026, 11, 22, 8, 0)),
        (datetime(9999, 12, 31, 23, tzinfo=VIETNAM), NOW),
        (date(2099, 1, 1), date(2026, 11, 22)),
        ("2099-01-01 00:00:00.000", "2026-11-22 08:00:00.000"),
        ("2099-01-01T00:00:00+00:00", "2026-11-22T01:00:00+00:00"),
        ("2099-01-01T00:00:00-05:00", "2026-11-21T20:00:00-05:00"),
        ("20990101000000", "20261122080000"),
        ("infinity", "2026-11-22 08:00:00+07:00"),
        ("20261-01-01 00:00:00", "2026-11-22 08:00:00+07:00"),
        ("20261122075959", "20261122075959"),
        (17, 17),
        (b"\xff", b"\xff"),
    ],
)
def test_nothing_counts_from_the_future(key: Key, expected: Key) -> None:
    assert no_later(key, NOW, 7) == expected
