"""How fast a channel may go: never more than its rate in a second, pauses that grow while it is down, and waiting with
an end."""

import asyncio
from array import array
from collections.abc import Callable
from math import ceil, inf

Monotonic = Callable[[], float]
"""Seconds that never run backwards."""

WINDOW = 1.02
"""Seconds in which no more than `rate` parts leave: one, and room for what the network moves closer together."""
_KEPT = 0.1
"""Seconds' worth that may leave at once after a quiet time."""


class Pace:
    """Lets `rate` parts leave in any second (0: any number), of which pushes leave the share `reserved` to replies.

    In a single second a rate that is no whole number is rounded up; on the average it is kept. A message of more parts
    than the rate leaves when nothing else has left for a second. Where several processes share an account each is
    granted its part for a time (`grant`); without a grant the pace is shut.
    """

    def __init__(self, rate: float, monotonic: Monotonic, *, reserved: float = 0.0) -> None:
        self._now = monotonic
        self._for_pushes = 1.0 - reserved
        self._until = inf
        # A ring of the moments at which parts left: the n-th latest is found without a look at the others.
        self._left = array("d", [-inf]) * max(1, ceil(rate))
        self._place = 0
        self._at = monotonic()
        self._tokens = self._push_tokens = inf
        self._set(rate)

    @property
    def rate(self) -> float:
        """Parts a second by the latest grant, ended or not; 0: any number."""
        return self._rate

    @property
    def is_shut(self) -> bool:
        """Nothing is granted, or the grant has ended."""
        return self._until != inf and self._now() >= self._until

    @property
    def free_at(self) -> float:
        """The moment from which on what has left so far no longer counts."""
        return self._left[self._place - 1] + WINDOW

    def grant(self, rate: float, *, until: float) -> None:
        """Until that moment of the monotonic clock `rate` parts a second (0: any number) may leave."""
        if rate != self._rate:
            self._set(rate)
        self._until = until

    def shut(self) -> None:
        """Nothing may leave until the next grant."""
        self._until = -inf

    def wait(self, *, is_reply: bool, parts: int = 1) -> float:
        """Seconds until such a message may leave, infinite while the pace is shut; `spend` then says that it did."""
        if not self._rate:
            return inf if self.is_shut else 0.0
        now = self._refilled()
        if now >= self._until:
            return inf
        tokens = self._tokens
        pause = (1.0 - tokens) / self._speed if tokens < 1.0 else 0.0
        if not is_reply and self._push_tokens < 1.0:
            pause = max(pause, (1.0 - self._push_tokens) / self._push_speed)
        place = self._place - (self._whole - parts + 1 if parts < self._whole else 1)
        return max(pause, self._left[place] + WINDOW - now)

    def spend(self, parts: int, *, is_reply: bool) -> None:
        """A message of several parts may use what has yet to come; the next one waits the longer."""
        if not self._rate:
            return
        now = self._refilled()
        self._tokens -= parts
        if not is_reply:
            self._push_tokens -= parts
        ring, place = self._left, self._place
        size = len(ring)
        for _ in range(min(parts, size)):
            ring[place] = now
            place = place + 1 if place + 1 < size else 0
        self._place = place

    def _set(self, rate: float) -> None:
        self._rate = rate
        self._whole = ceil(rate)
        self._speed = rate / WINDOW
        self._push_speed = self._speed * self._for_pushes
        self._most = max(rate * _KEPT, 1.0)
        self._most_pushes = max(rate * self._for_pushes * _KEPT, 1.0)
        self._tokens = min(self._tokens, self._most)
        self._push_tokens = min(self._push_tokens, self._most_pushes)
        if (missing := self._whole - len(self._left)) > 0:
            # The oldest stands at `_place`; those before it were never there.
            self._left = self._left[: self._place] + array("d", [-inf]) * missing + self._left[self._place :]

    def _refilled(self) -> float:
        """Now, with what has come since the last look."""
        now = self._now()
        passed = now - self._at
        self._at = now
        self._tokens = min(self._tokens + passed * self._speed, self._most)
        self._push_tokens = min(self._push_tokens + passed * self._push_speed, self._most_pushes)
        return now


def pace_of(rate: float, monotonic: Monotonic, *, reserved: float, window: int) -> Pace:
    """A channel's own, where nobody shares its account: nothing is kept for replies in a window of one."""
    return Pace(rate, monotonic, reserved=reserved if window > 1 else 0.0)


class Pauses:
    """A quarter of a second, doubling up to 10 seconds, while a channel is down, back to a quarter after a success.

    Where a try got no answer the next one may cost a message too: then they are 15 to 60 seconds apart. Where the
    answer was "too fast" somebody is there: they are half a second apart at most, time enough for another message.
    """

    FIRST = 0.25
    LONGEST = 10.0
    ANSWERED = 0.5
    SILENT = 15.0
    LONGEST_SILENT = 60.0

    def __init__(self) -> None:
        self._next = self.FIRST
        self._longest = self.LONGEST
        self.opened = asyncio.Event()
        self.opened.set()

    @property
    def open(self) -> bool:
        return self.opened.is_set()

    def shut(self) -> None:
        self.opened.clear()

    def silence(self) -> None:
        """A try got no answer."""
        self._next, self._longest = max(self._next, self.SILENT), self.LONGEST_SILENT

    def answered(self) -> bool:
        """A try was answered, if only for its own message. The next one has its pause too: True."""
        self._next, self._longest = min(self._next, self.ANSWERED), self.LONGEST
        return True

    def works(self) -> None:
        self._next, self._longest = self.FIRST, self.LONGEST
        self.opened.set()

    def longer(self) -> float:
        """How long to leave the channel alone this time."""
        pause, self._next = self._next, min(self._next * 2, self._longest)
        return pause


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Returns when `event` is set, or after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
