"""How fast a channel may go: a token bucket, pauses that grow while it is down, and waiting with an end."""

import asyncio
from collections.abc import Callable

Monotonic = Callable[[], float]
"""Seconds that never run backwards."""


class Bucket:
    """Tokens that come at `rate` a second; a tenth of a second's worth is kept after a quiet time."""

    def __init__(self, rate: float, monotonic: Monotonic) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._most = max(rate / 10, 1.0)
        self._tokens = self._most
        self._at = monotonic()

    def missing(self) -> float:
        """Seconds until there is a whole token."""
        return max(0.0, (1.0 - self._refilled()) / self._rate) if self._rate else 0.0

    def spend(self, tokens: int) -> None:
        """May overdraw; the next one waits the longer."""
        if self._rate:
            self._tokens = self._refilled() - tokens

    def _refilled(self) -> float:
        now = self._monotonic()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return self._tokens


class Pace:
    """Lets `rate` parts a second leave (0: any number), of which pushes leave the share `reserved` to replies."""

    def __init__(self, rate: float, monotonic: Monotonic, *, reserved: float = 0.0) -> None:
        self._all = Bucket(rate, monotonic)
        self._pushes = Bucket(rate * (1 - reserved), monotonic)

    def wait(self, *, is_reply: bool) -> float:
        """Seconds until such a message may leave; `spend` then says how much it was."""
        return self._all.missing() if is_reply else max(self._all.missing(), self._pushes.missing())

    def spend(self, parts: int, *, is_reply: bool) -> None:
        """Long messages may overdraw; the next one waits the longer."""
        self._all.spend(parts)
        if not is_reply:
            self._pushes.spend(parts)


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
