"""One message at a time to one chat, with a rest after each; who waits for a chat keeps nobody else waiting."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

_GROUP = 3
"""A group takes 20 messages a minute: rests three times as long."""
_MOST_OF_ONE = 3
"""Messages that may wait here for one chat: the replies to one question, in their order."""


@dataclass(slots=True)
class _Chat:
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    promised: float = 0.0
    """When the last message that was sent away may come back."""


class Turns:
    """`rest` seconds between two messages to a chat (0: no rest). At most `room` messages wait here for their chats;
    others are told when to come back, each later than the one before."""

    def __init__(self, rest: float, *, room: int) -> None:
        self._rest = rest
        self._room = room
        self._chats: dict[int, _Chat] = {}

    async def enter(self, chat: int) -> float:
        """0: it is this message's turn, and `leave` must be said after it. Else in how many seconds to come back."""
        if not self._rest:
            return 0.0
        busy = self._chats.get(chat)
        if busy is None:
            self._chats[chat] = _Chat()
            return 0.0
        if self._room <= 0 or len(busy.waiting) >= _MOST_OF_ONE:
            return self._come_back(busy)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        busy.waiting.append(turn)
        self._room -= 1
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._next(chat)
            raise
        finally:
            self._room += 1
        return 0.0

    def leave(self, chat: int) -> None:
        if self._rest:
            asyncio.get_running_loop().call_later(self.rest_of(chat), self._next, chat)

    def rest_of(self, chat: int) -> float:
        """Seconds between two messages to this chat."""
        return self._rest * (_GROUP if chat < 0 else 1)

    def _come_back(self, busy: _Chat) -> float:
        now = asyncio.get_running_loop().time()
        busy.promised = max(busy.promised, now + self._rest * (1 + len(busy.waiting))) + self._rest
        return busy.promised - now

    def _next(self, chat: int) -> None:
        waiting = self._chats[chat].waiting
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._chats[chat]
