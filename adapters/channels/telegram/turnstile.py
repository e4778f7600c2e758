"""Lets so many messages out in any second, by what the other side may have counted; replies before pushes."""

import asyncio
import heapq
from itertools import count

_GRAIN = 0.003
"""Seconds, against the coarseness of clocks."""
_SURE = 0.9
"""Part of the quickest answer's time that every call surely needs on its way there and back."""
_CATCH_UP = 0.02
"""Seconds by which a push that left late lets the next ones follow sooner."""
_GROWS_EACH = 5.0
"""Seconds without a complaint after which one more message a second is tried."""


class Turnstile:
    """At most `number` calls are counted by the server in any `period` seconds, whatever the network's moods.

    We cannot see when the server counts a call: not before it left us, nor after its answer came, and the way there
    and back takes hardly less than what the quickest answer took. So the place of a call is free again one period
    after its answer, less that time. Only uneven answers cost speed. Pushes leave evenly spread, so that some place is
    always about to be free for a reply.
    """

    def __init__(self, number: int, period: float = 1.0) -> None:
        """`number` 0: no limit."""
        self._number = number
        self._period = period
        self._free = number
        self._surplus = 0
        self._closed = 0
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._order = count()
        self._next_push = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._answers = 0
        self._quickest = 0.0

    @property
    def number(self) -> int:
        """Messages that may leave in a period just now."""
        return self._number - self._closed

    async def enter(self, *, is_reply: bool) -> float:
        """Waits for a place. Returns the moment of departure, which `leave` wants back."""
        loop = asyncio.get_running_loop()
        if self._number:
            turn: asyncio.Future[None] = loop.create_future()
            heapq.heappush(self._waiting, (not is_reply, next(self._order), turn))
            self._call()
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():
                    self._give_back()
                raise
        return loop.time()

    def leave(self, departed: float) -> None:
        """An answer came, or will not come any more."""
        if not self._number:
            return
        loop = asyncio.get_running_loop()
        took = loop.time() - departed
        self._answers += 1
        # The first ones open connections, which the later ones need not.
        if self._answers == self._number + 1:
            self._quickest = took
        self._quickest = min(self._quickest, took)
        sure = min(self._period, max(0.0, _SURE * self._quickest - _GRAIN))
        loop.call_later(self._period - sure + _GRAIN, self._give_back)

    def turn_back(self) -> None:
        """Nothing was sent: the place is free at once."""
        if self._number:
            self._give_back()

    def slow_down(self) -> None:
        """A quarter fewer from now on; they come back one by one."""
        fewer = self.number // 4
        if fewer and not self._closed:
            asyncio.get_running_loop().call_later(_GROWS_EACH, self._grow)
        self._closed += fewer
        self._surplus += fewer

    def _grow(self) -> None:
        self._closed -= 1
        if self._surplus:
            self._surplus -= 1
        else:
            self._give_back()
        if self._closed:
            asyncio.get_running_loop().call_later(_GROWS_EACH, self._grow)

    def _give_back(self) -> None:
        if self._surplus:
            self._surplus -= 1
            return
        self._free += 1
        self._call()

    def _call(self) -> None:
        """Lets out who may leave now; a push may have to wait a moment for the one before."""
        while self._free > 0 and self._waiting:
            is_push, _, turn = self._waiting[0]
            if not turn.done():
                now = turn.get_loop().time()
                if is_push and now < self._next_push:
                    self._call_at(self._next_push)
                    return
                self._next_push = max(self._next_push, now - _CATCH_UP) + self._period / self.number
                self._free -= 1
                turn.set_result(None)
            heapq.heappop(self._waiting)

    def _call_at(self, moment: float) -> None:
        if self._alarm is None or self._alarm.cancelled() or self._alarm.when() > moment:
            if self._alarm:
                self._alarm.cancel()
            self._alarm = asyncio.get_running_loop().call_at(moment, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._call()
