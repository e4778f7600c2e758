"""Things that become due, under one timer."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_SHORTEST = 0.005
"""Seconds: what falls due closer together is done together."""


class Agenda(Generic[T]):
    """Calls `ripe` for each entry at its time, in order. Times in seconds since 1970."""

    def __init__(self, ripe: Callable[[T], None]) -> None:
        self._ripe = ripe
        self._entries: list[tuple[float, int, T]] = []
        self._order = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None

    def put(self, due: float, entry: T) -> None:
        heapq.heappush(self._entries, (due, next(self._order), entry))
        if self._alarm is None or self._entries[0][2] is entry:
            self._set()

    def close(self) -> None:
        if self._alarm:
            self._alarm.cancel()

    def _set(self) -> None:
        self.close()
        wait = max(_SHORTEST, self._entries[0][0] - time.time())
        self._alarm = asyncio.get_running_loop().call_later(wait, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        now = time.time()
        while self._entries and self._entries[0][0] <= now:
            self._ripe(heapq.heappop(self._entries)[2])
        if self._entries:
            self._set()
