"""How fast a channel may go: a token bucket, pauses that grow while it is down, and waiting with an end."""

import asyncio
from collections.abc import Callable

Monotonic = Callable[[], float]
"""Seconds that never run backwards."""


class Pace:
    """Lets `rate` parts a second leave; a tenth of a second's worth at once after a quiet time."""

    def __init__(self, rate: float, monotonic: Monotonic) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._most = max(rate / 10, 1.0)
        self._tokens = self._most
        self._at = monotonic()

    async def permission(self) -> None:
        """Returns when a message may leave; `spend` then says how much it was."""
        while self._rate and (missing := 1.0 - self._refilled()) > 0:  # noqa: ASYNC110 only time makes tokens
            await asyncio.sleep(missing / self._rate)

    def spend(self, parts: int) -> None:
        """Long messages may overdraw; the next one waits the longer."""
        if self._rate:
            self._tokens = self._refilled() - parts

    def _refilled(self) -> float:
        now = self._monotonic()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return self._tokens


class Pauses:
    """A quarter of a second, doubling up to 10 seconds, while a channel is down, back to a quarter after a success."""

    FIRST = 0.25
    LONGEST = 10.0

    def __init__(self) -> None:
        self._next = self.FIRST
        self.opened = asyncio.Event()
        self.opened.set()

    @property
    def open(self) -> bool:
        return self.opened.is_set()

    def shut(self) -> None:
        self.opened.clear()

    def works(self) -> None:
        self._next = self.FIRST
        self.opened.set()

    def longer(self) -> float:
        """How long to leave the channel alone this time."""
        pause, self._next = self._next, min(self._next * 2, self.LONGEST)
        return pause


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Returns when `event` is set, or after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
