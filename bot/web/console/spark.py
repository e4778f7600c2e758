"""A small line of the last hour, drawn on the server: how much a gateway took each minute, and how much failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ports import Minute

MINUTES = 60
WIDTH, HEIGHT = 180, 32
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Spark:
    """Points of an SVG, and the figures that are said beside it."""

    accepted: str
    """Points of a line."""
    errors: Sequence[tuple[float, float, float]]
    """x, y and height of a bar, for the minutes that had any."""
    most: int
    """Messages taken in the busiest minute."""
    taken: int
    failed: int
    """Errors and uncertain sends."""
    refused: int
    """Rejected for good: the text or the number."""
    delivered: int


def spark_of(minutes: Sequence[Minute], *, now: datetime) -> Spark:
    """Of one gateway's minutes; the present one is the last."""
    first = now.replace(second=0, microsecond=0) - (MINUTES - 1) * _MINUTE
    taken, failed = [0] * MINUTES, [0] * MINUTES
    within = [each for each in minutes if first <= each.minute < first + MINUTES * _MINUTE]
    for each in within:
        place = (each.minute - first) // _MINUTE
        taken[place] += each.accepted
        failed[place] += each.errors + each.uncertain
    most = max(*taken, *failed, 1)
    step, high = WIDTH / (MINUTES - 1), HEIGHT - 4
    points = " ".join(f"{x * step:.1f},{2 + high * (1 - y / most):.1f}" for x, y in enumerate(taken))
    bars = [
        (round(x * step, 1), round(HEIGHT - high * y / most, 1), round(high * y / most, 1))
        for x, y in enumerate(failed)
        if y
    ]
    return Spark(
        points, bars, max(taken), sum(taken), sum(failed),
        sum(each.rejected for each in within), sum(each.delivered for each in within),
    )  # fmt: skip
