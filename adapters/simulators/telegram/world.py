"""What Telegram knows: the bot's messages, the updates that wait for it, and the counts of what happened."""

import asyncio
import math
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import Any, Literal

_FIRST_UPDATE = 870_000_000
_KEPT_PER_CHAT = 1000
_KEPT_UPDATES = 100_000


@dataclass
class Throttle:
    """At most `rate` messages in any second; 0 for no limit."""

    rate: float
    taken: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> int:
        """Whole seconds until the next message is welcome; 0 if it is now, and then it is counted."""
        if not self.rate:
            return 0
        period = max(1.0, 1 / self.rate)
        while self.taken and self.taken[0] <= now - period:
            self.taken.popleft()
        if len(self.taken) >= max(1, int(self.rate * period)):
            return math.ceil(self.taken[0] + period - now) or 1
        self.taken.append(now)
        return 0


@dataclass
class World:
    """Times are Unix seconds, as in the Bot API."""

    rate: float
    chat_rate: float
    messages: dict[int, deque[dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=_KEPT_PER_CHAT))
    )
    updates: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT_UPDATES))
    counts: Counter[str] = field(default_factory=Counter)
    answered: list[str] = field(default_factory=list)
    """Button presses that the bot has answered."""
    wanted: frozenset[str] = frozenset()
    """Kinds of updates that the bot asked for; empty for the usual ones."""
    webhook: str = ""
    names: dict[int, str] = field(default_factory=dict)
    met: set[int] = field(default_factory=set)
    """Chats that misbehave once and have done so."""
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    last_message: int = 0
    last_update: int = _FIRST_UPDATE
    poll: int = 0
    """The newest poll; an older one that still waits is ended."""

    def __post_init__(self) -> None:
        self._overall = Throttle(self.rate)
        self._by_chat: dict[int, Throttle] = defaultdict(lambda: Throttle(self.chat_rate))

    def next_message_id(self) -> int:
        self.last_message += 1
        return self.last_message

    def wait_for(self, chat: int) -> int:
        """Seconds that a message to this chat must wait for the limits; 0: it may go."""
        now = time.monotonic()
        return (self._by_chat[chat].wait(now) if self.chat_rate else 0) or self._overall.wait(now)

    def first_time(self, chat: int) -> bool:
        is_new = chat not in self.met
        self.met.add(chat)
        return is_new

    def person(self, user: int) -> dict[str, Any]:
        return {"id": user, "is_bot": False, "first_name": self.names.get(user, "Công dân"), "language_code": "vi"}

    def chat(self, user: int) -> dict[str, Any]:
        return {"id": user, "first_name": self.names.get(user, "Công dân"), "type": "private"}

    async def record(self, chat: int, message: dict[str, Any]) -> None:
        self.messages[chat].append(message)
        self.counts["messages"] += 1
        async with self.news:
            self.news.notify_all()

    async def add_update(self, kind: str, content: object) -> int:
        """A new update, unless the bot did not ask for its kind; its number."""
        self.last_update += 1
        if not self.wanted or kind in self.wanted:
            await self.add_raw({"update_id": self.last_update, kind: content})
        return self.last_update

    async def add_raw(self, update: dict[str, Any]) -> None:
        self.updates.append(update)
        async with self.news:
            self.news.notify_all()

    def confirm(self, offset: int) -> None:
        """Forgets what lies before `offset`; a negative one keeps only that many of the newest."""
        if offset < 0:
            while len(self.updates) > -offset:
                self.updates.popleft()
        while self.updates and offset > _number(self.updates[0]):
            self.updates.popleft()

    async def poll_for(self, *, limit: int, timeout: float) -> list[dict[str, Any]] | Literal["conflict"]:
        """The oldest updates, as soon as there is one; "conflict" when another poll takes over."""
        self.poll += 1
        mine = self.poll
        async with self.news:
            self.news.notify_all()
            try:
                async with asyncio.timeout(timeout):
                    await self.news.wait_for(lambda: self.updates or self.poll != mine)
            except TimeoutError:
                return []
        return "conflict" if self.poll != mine else list(self.updates)[:limit]


def _number(update: dict[str, Any]) -> int:
    number = update.get("update_id")
    return number if isinstance(number, int) else 0
