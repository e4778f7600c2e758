"""How moments are written into requests."""

from datetime import UTC, datetime, timedelta, timezone

from bot.model.clock import to_millis

_EPOCH = {"epoch": 1_000, "epoch_ms": 1}
"""Name of a format that counts from 1970 -> milliseconds in its unit."""


def check_format(form: str) -> None:
    """Raises `ValueError` where `form` is neither a strftime pattern nor epoch, epoch_ms."""
    if form not in _EPOCH and "%" not in form:
        raise ValueError("expected a strftime pattern such as %Y-%m-%dT%H:%M:%S, or epoch, epoch_ms")
    written(datetime(2026, 12, 31, tzinfo=UTC), form, 7)


def written(moment: datetime, form: str, utc_offset: float) -> str | int:
    """`moment` as local time `utc_offset` hours ahead of UTC; never later than it is."""
    if form in _EPOCH:
        return to_millis(moment) // _EPOCH[form]
    return moment.astimezone(timezone(timedelta(hours=utc_offset))).strftime(form)
