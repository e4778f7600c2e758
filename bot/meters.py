"""What one process counts of itself in plain numbers: providers' answers, calls of the web, how late the event loop is.

A note costs well under a microsecond. Names are ours or the configuration's, so their number has an end.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Mapping

from bot.model.message import Accepted, ChannelDown, Outcome, Rejected, Retry, Uncertain

CALL_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
WEB_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
LAG_BOUNDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds up to which a time belongs to a bucket."""

_LAG_EVERY = 0.5
"""Seconds between two looks at the loop."""

_WORDS: Mapping[type[Outcome], str] = {
    Accepted: "accepted",
    Retry: "retry",
    Rejected: "rejected",
    Uncertain: "uncertain",
    ChannelDown: "down",
}


class Timing:
    """How many took how long."""

    __slots__ = ("bounds", "counts", "seconds")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """One for each bound, and one for what took longer."""
        self.seconds = 0.0
        """All of them together."""

    def note(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.seconds += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """(bound, how many took no longer), as Prometheus has it."""
        total, found = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


class Calls:
    """Of one channel: what its provider answered, and after how many seconds."""

    __slots__ = ("of",)

    def __init__(self) -> None:
        self.of = {kind: Timing(CALL_BOUNDS) for kind in _WORDS}

    def note(self, outcome: Outcome, seconds: float) -> None:
        self.of[type(outcome)].note(seconds)

    def timings(self) -> dict[str, Timing]:
        """By the outcome's word; what never came is left out."""
        return {_WORDS[kind]: timing for kind, timing in self.of.items() if any(timing.counts)}


class Meters:
    """Of one service in one process; begun anew when the configuration is read anew, as counters may be."""

    def __init__(self) -> None:
        self.calls: dict[str, Calls] = {}
        """By channel."""
        self.web: dict[tuple[str, str], Timing] = {}
        """By (class of the route, class of the status)."""
        self.lag = Timing(LAG_BOUNDS)
        """How much later than asked for the loop came back."""

    def of_channel(self, channel: str) -> Calls:
        return self.calls.setdefault(channel, Calls())

    def note_request(self, route: str, status: str, seconds: float) -> None:
        """Both are one of a few words of ours, never a part of what was asked for."""
        timing = self.web.get((route, status))
        if timing is None:
            timing = self.web[route, status] = Timing(WEB_BOUNDS)
        timing.note(seconds)

    async def watch_loop(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LAG_EVERY
            await asyncio.sleep(_LAG_EVERY)
            self.lag.note(max(0.0, loop.time() - due))
