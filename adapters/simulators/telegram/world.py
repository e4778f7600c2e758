"""What Telegram knows: the bot's messages, the updates that wait for it, and the counts of what happened."""

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from adapters.simulators.telegram.answers import Upload
from adapters.simulators.telegram.throttle import Throttle

_FIRST_UPDATE = 870_000_000
_KEPT_PER_CHAT = 1000
_KEPT_UPDATES = 100_000

BOT = {
    "id": 110201543,
    "is_bot": True,
    "first_name": "Một cửa (mô phỏng)",
    "username": "motcua_simulated_bot",
    "can_join_groups": False,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}


@dataclass
class Hook:
    """Where updates are sent instead of being asked for."""

    url: str
    secret: str
    connections: int
    error: str = ""
    error_at: int = 0
    """Unix seconds of the last failed call."""


@dataclass
class Order:
    """What was ordered of one chat: after `taken` more messages it is throttled until `until` (monotonic seconds)."""

    taken: int
    until: float


def _kept() -> dict[int, deque[dict[str, Any]]]:
    return defaultdict(lambda: deque(maxlen=_KEPT_PER_CHAT))


@dataclass
class World:
    """Times are Unix seconds, as in the Bot API."""

    rate: float = 0.0
    chat_rate: float = 0.0
    paid_rate: float = 0.0
    messages: dict[int, deque[dict[str, Any]]] = field(default_factory=_kept)
    """What the bot sent, by chat."""
    talk: dict[int, deque[dict[str, Any]]] = field(default_factory=_kept)
    """What was said in a chat by both sides, as a person sees it."""
    updates: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT_UPDATES))
    counts: Counter[str] = field(default_factory=Counter)
    answered: list[str] = field(default_factory=list)
    """Button presses that the bot has answered."""
    wanted: frozenset[str] = frozenset()
    """Kinds of updates that the bot asked for; empty for the usual ones."""
    hook: Hook | None = None
    commands: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    """The bot's menus, by scope and language."""
    names: dict[int, str] = field(default_factory=dict)
    languages: dict[int, str] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    """What the bot uploaded, by Telegram's id of it."""
    blocked: set[int] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    met: set[int] = field(default_factory=set)
    """Chats that misbehave once and have done so."""
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    last_message: int = 0
    last_update: int = _FIRST_UPDATE
    poll: int = 0
    """The newest poll; an older one that still waits is ended."""

    def __post_init__(self) -> None:
        self._overall = Throttle(self.rate)
        self._paid = Throttle(self.paid_rate)
        self._by_chat: dict[int, Throttle] = defaultdict(lambda: Throttle(self.chat_rate))

    def next_message_id(self) -> int:
        self.last_message += 1
        return self.last_message

    def wait_for(self, chat: int, *, is_paid: bool) -> int:
        """Seconds that a message to this chat must wait for the limits; 0: it may go."""
        now = time.monotonic()
        if (order := self.orders.get(chat)) and (wait := _ordered(order, now)):
            return wait
        overall = self._paid if is_paid else self._overall
        return (self._by_chat[chat].wait(now) if self.chat_rate else 0) or overall.wait(now)

    def first_time(self, chat: int) -> bool:
        is_new = chat not in self.met
        self.met.add(chat)
        return is_new

    def person(self, user: int) -> dict[str, Any]:
        name, language = self.names.get(user, "Công dân"), self.languages.get(user, "vi")
        return {"id": user, "is_bot": False, "first_name": name, "language_code": language}

    def chat(self, chat: int) -> dict[str, Any]:
        if chat > 0:
            return {"id": chat, "first_name": self.names.get(chat, "Công dân"), "type": "private"}
        return {"id": chat, "title": "Nhóm cán bộ", "type": "supergroup" if chat < -(10**12) else "group"}

    async def record(self, chat: int, message: dict[str, Any], markup: Mapping[str, Any] | None) -> None:
        """A message of the bot."""
        self.messages[chat].append(message)
        self.talk[chat].append({**message, **({"reply_markup": markup} if markup else {})})
        self.counts["messages"] += 1
        await self._tell()

    async def call_at(self, hook: Hook | None) -> None:
        self.hook = hook
        self.poll += 1
        await self._tell()

    async def add_update(self, kind: str, content: object) -> int:
        """A new update, unless the bot did not ask for its kind; its number."""
        self.last_update += 1
        if not self.wanted or kind in self.wanted:
            await self.add_raw({"update_id": self.last_update, kind: content})
        return self.last_update

    async def add_raw(self, update: dict[str, Any]) -> None:
        self.updates.append(update)
        await self._tell()

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

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()


def _ordered(order: Order, now: float) -> int:
    """Seconds for which an ordered 429 still holds."""
    if order.taken:
        order.taken -= 1
        return 0
    return max(0, int(order.until - now + 0.999))


def _number(update: dict[str, Any]) -> int:
    number = update.get("update_id")
    return number if isinstance(number, int) else 0
