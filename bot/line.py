"""The messages that one channel may send next: best lane first, in the channel's pace, with room kept for replies."""

import asyncio
import heapq
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from math import inf

from bot.model.message import Lane
from bot.pace import Pace, pace_of, wait
from bot.ports import Claimed, Limits

_FEW = 4
"""Messages that may be under way at once right after an outage."""
_LONGEST = 1.0
"""Seconds after which the pace is asked again: what it is granted may have changed."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message in line."""

    claimed: Claimed
    too_late: datetime
    """After this moment it is handed back rather than sent: its facts must be looked at again."""
    is_probe: bool = False
    """It is sent to see whether the channel works again."""

    @property
    def is_reply(self) -> bool:
        return self.claimed.item.lane is Lane.REPLY

    @property
    def address(self) -> str:
        return self.claimed.item.address.key


_Push = tuple[int, str, Turn]
"""Lane and id, by which they are ordered, and the turn."""


class Line:
    """Many senders wait at one turnstile, so that the pace holds and a reply that comes late goes first. A person's
    news keeps its order: a push leaves when the one before it to the same address has been answered."""

    def __init__(self, limits: Limits, pace: Pace | None = None) -> None:
        spare = max(1, int(limits.window * limits.reserved)) if limits.reserved and limits.window > 1 else 0
        self._most_pushes = limits.window - spare
        self.pace = pace or pace_of(limits.rate, time.monotonic, reserved=limits.reserved, window=limits.window)
        self._window = limits.window
        self._room = limits.window
        self._out = 0
        self._replies: deque[Turn] = deque()
        self._pushes: list[_Push] = []
        self._pushes_out = 0
        self._busy: set[str] = set()
        self._behind: dict[str, list[_Push]] = {}
        self._turnstile = asyncio.Lock()
        self._changed = asyncio.Event()
        self._ended = False

    def __len__(self) -> int:
        """Without those that wait for another message to the same address: they take nobody's place."""
        return len(self._replies) + len(self._pushes)

    @property
    def last(self) -> Lane:
        """The least urgent lane of those in line."""
        return Lane(max((lane for lane, _, _ in self._pushes), default=Lane.REPLY))

    @property
    def urgent(self) -> int:
        """How many in line are more urgent than that."""
        last = self.last
        return len(self._replies) + sum(lane < last for lane, _, _ in self._pushes) if last is not Lane.REPLY else 0

    def put(self, turn: Turn) -> None:
        if turn.is_reply:
            self._replies.append(turn)
        else:
            heapq.heappush(self._pushes, (turn.claimed.item.lane, turn.claimed.item.id, turn))
        self._changed.set()

    def narrow(self) -> None:
        """After an outage few leave at once, and each that is answered lets one more leave: a provider that has just
        come back is not overrun, and one that goes away again has little in its hands."""
        self._room = min(self._window, _FEW)

    def end(self) -> None:
        """Nothing more comes: each sender gets None once the line is empty. What is left is handed out without pace or
        order, for it is handed back and not sent."""
        self._ended = True
        for behind in self._behind.values():
            for push in behind:
                heapq.heappush(self._pushes, push)
        self._behind.clear()
        self._changed.set()

    async def next(self) -> Turn | None:
        """The message whose turn it is; None at the end. `done` must be said when it has been sent, or not."""
        async with self._turnstile:
            while isinstance(found := self.take(), float):
                await self.changed(found)
            return found

    def take(self) -> Turn | float | None:
        """`next` without waiting: where nobody's turn has come, the seconds after which to ask again unless there is a
        change before."""
        is_reply = bool(self._replies)
        if not self._may_leave(is_reply=is_reply):
            return None if self._ended and not len(self) else inf
        if self._ended:
            return self._take()
        parts = (self._replies[0] if is_reply else self._pushes[0][2]).claimed.item.parts
        pause = self.pace.wait(is_reply=is_reply, parts=parts)
        if pause == inf:
            # Shut: it is handed back, for others may send it.
            return self._take()
        if pause:
            # A reply that comes meanwhile may have a shorter one, and what is granted may change.
            return min(pause, _LONGEST)
        self.pace.spend(parts, is_reply=is_reply)
        return self._take()

    async def changed(self, longest: float) -> None:
        """Something has come, or gone, or so many seconds have passed."""
        self._changed.clear()
        if longest == inf:
            await self._changed.wait()
        else:
            await wait(self._changed, longest)

    def done(self, turn: Turn, *, is_answered: bool = True) -> None:
        """`is_answered`: the provider took or refused it, and so is there."""
        self._out -= 1
        if is_answered and self._room < self._window:
            self._room += 1
        if not turn.is_reply:
            self._pushes_out -= 1
            self._is_over(turn.address)
        self._changed.set()

    def _is_over(self, address: str) -> None:
        """The oldest of those that waited for it may go."""
        self._busy.discard(address)
        if behind := self._behind.get(address):
            heapq.heappush(self._pushes, heapq.heappop(behind))
            if not behind:
                del self._behind[address]

    def _may_leave(self, *, is_reply: bool) -> bool:
        if self._out >= self._room and not self._ended:
            return False
        return is_reply or (self._has_push() and self._pushes_out < self._most_pushes)

    def _has_push(self) -> bool:
        """One whose address has nothing under way stands in front; the others step behind."""
        while self._pushes and not self._ended and (address := self._pushes[0][2].address) in self._busy:
            heapq.heappush(self._behind.setdefault(address, []), heapq.heappop(self._pushes))
        return bool(self._pushes)

    def _take(self) -> Turn:
        self._out += 1
        if self._replies:
            turn = self._replies.popleft()
        else:
            turn = heapq.heappop(self._pushes)[2]
            self._pushes_out += 1
            self._busy.add(turn.address)
        return turn
