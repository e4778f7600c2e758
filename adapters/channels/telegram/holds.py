"""What 429 tells us: which chat, or which kind of message, is to be left alone, and for how long."""

import time
from collections import deque
from collections.abc import Callable

AGAIN = 1.0
"""Seconds where Telegram does not say how long to wait."""
_MANY = 3
_AT_ONCE = 1.0
"""So many chats throttled within so many seconds: the limit is the bot's and not theirs."""
_REPLY_EACH = 1.0
"""Seconds between two replies that are tried while the whole bot is throttled."""


class Holds:
    """A chat's 429 holds that chat. When several chats are throttled at once, all pushes wait as long as Telegram says,
    and replies are tried one by one, for a citizen waits for each."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._chats: dict[int, float] = {}
        self._recent: deque[tuple[float, int]] = deque()
        self._all_until = 0.0
        self._next_reply = 0.0

    def wait(self, chat: int, *, is_reply: bool) -> float:
        """Seconds for which this message must not be sent; 0: it may be tried now."""
        now = self._monotonic()
        alone = self._chats.get(chat, 0.0) - now
        if alone > 0:
            return alone
        if self._all_until <= now:
            return 0.0
        if not is_reply:
            return self._all_until - now
        if self._next_reply <= now:
            self._next_reply = now + _REPLY_EACH
            return 0.0
        return self._next_reply - now

    def throttled(self, chat: int, after: float) -> bool:
        """Telegram told a message to this chat to wait. Whether from this moment on it is the whole bot that waits."""
        now = self._monotonic()
        if self._all_until > now:
            self._all_until = max(self._all_until, now + after)
            return False
        self._chats = {other: until for other, until in self._chats.items() if until > now}
        self._chats[chat] = now + after
        self._recent.append((now, chat))
        while self._recent[0][0] < now - _AT_ONCE:
            self._recent.popleft()
        throttled = {each for _, each in self._recent}
        if len(throttled) < _MANY:
            return False
        self._all_until = max(self._chats.pop(each, now) for each in throttled)
        self._next_reply = now + _REPLY_EACH
        self._recent.clear()
        return True
