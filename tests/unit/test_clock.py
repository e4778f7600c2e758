"""Times as they are stored: whole milliseconds, the same again after any number of readings."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.model.clock import from_millis, to_millis


@given(st.integers(-631_152_000_000, 4_102_444_800_000))
def test_what_is_read_and_kept_again_does_not_age(millis: int) -> None:
    assert to_millis(from_millis(millis)) == millis


@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 hypothesis wants them so
def test_what_is_below_a_millisecond_is_cut(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)

    assert timedelta() <= aware - from_millis(to_millis(aware)) < timedelta(milliseconds=1)
