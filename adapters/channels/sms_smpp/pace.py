"""Slowing down when the SMSC says it is too much, and growing back."""

import asyncio
import time
from collections.abc import Callable

_CALM = 1.0
"""Seconds. Refusals closer together than this are one refusal: a window's worth arrives at once."""
_LONE = 0.05
"""Share of refusals, over this second and the one before, under which they concern a few numbers and not our speed:
SMSCs answer "throttled" and "queue full" for one busy handset too."""
_FEW = 5
"""Refusals in that time below which they say nothing of our speed, however little else was sent."""
_GROWTH = 1.25
"""How much faster after each calm second."""
_SLOWEST = 1.0
_LONGEST_WAIT = 60.0


class Pace:
    """The speed of one account, kept over reconnections. Free until the first throttling answer."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._counted_since = self._now()
        self._counted = 0
        self._second_before = 0.0
        self._refused = 0
        self._refused_before = 0
        self._next_turn = 0.0
        self._struck_at = 0.0
        self._grown_at = 0.0
        self._ceiling = 0.0
        self.rate = 0.0
        """Parts a second that may leave; 0 while nothing holds us back."""
        self.strikes = 0
        """Throttling answers since we were last free, those of one second counted once."""

    async def turn(self, parts: int, *, longest: float) -> float:
        """Waits until `parts` more may leave, and returns 0; or does not wait and returns the seconds until there
        is room, where those are more than `longest`."""
        now = self._now()
        if self.rate:
            self._grow()
        if self.rate:
            wait = max(0.0, self._next_turn - now)
            if wait > longest:
                return wait
            self._next_turn = now + wait + parts / self.rate
            if wait:
                await asyncio.sleep(wait)
        self._count(parts, now)
        return 0.0

    def count(self, parts: int) -> None:
        """So many leave now, while nothing holds us back (`rate` 0)."""
        self._count(parts, self._now())

    def throttled(self) -> float:
        """Notes a throttling answer: half the speed. Returns the seconds to keep the refused message back."""
        now = self._now()
        self._count(0, now)
        self._refused += 1
        refused = self._refused + self._refused_before
        if refused < _FEW or refused < _LONE * (self._counted + self._second_before):
            return _CALM
        if not self.strikes or now - self._struck_at >= _CALM:
            speed = self.rate or self._measured()
            self._ceiling = max(self._ceiling, speed * 2)
            self.rate = max(_SLOWEST, speed / 2)
            self.strikes += 1
            self._struck_at = self._grown_at = now
        return min(_LONGEST_WAIT, 2.0 ** (self.strikes - 1))

    def _grow(self) -> None:
        calm = self._now() - self._grown_at
        if calm < _CALM:
            return
        steps = min(100, int(calm / _CALM))
        self.rate *= _GROWTH**steps
        self._grown_at += steps * _CALM
        if self.rate >= self._ceiling:
            self.rate = self._ceiling = self._next_turn = 0.0
            self.strikes = 0

    def _measured(self) -> float:
        """Parts a second in this second or the one before, whichever saw more."""
        return max(self._second_before, float(self._counted))

    def _count(self, parts: int, now: float) -> None:
        elapsed = now - self._counted_since
        if elapsed >= _CALM:
            self._second_before = self._counted / elapsed
            self._refused_before = self._refused if elapsed < 2 * _CALM else 0
            self._counted_since, self._counted, self._refused = now, 0, 0
        self._counted += parts
