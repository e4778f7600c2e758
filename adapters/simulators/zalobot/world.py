"""What the simulated platform knows: the bot's webhook, updates that wait, what was sent, and who has met what."""

import asyncio
import json
import secrets
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from adapters.simulators.handset.calls import Calls, Letter, Written
from adapters.simulators.handset.journal import Journal
from adapters.simulators.handset.talks import Talks
from adapters.simulators.zalobot.settings import Settings

_KEPT_UPDATES = 100_000


@dataclass
class World:
    """Times are Unix milliseconds, as in the platform's messages."""

    settings: Settings
    journal: Journal
    calls: Calls
    talks: Talks = field(default_factory=Talks)
    names: dict[str, str] = field(default_factory=dict)
    updates: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT_UPDATES))
    webhook: str = ""
    secret: str = ""
    changed_at: int = 0
    """When the webhook was set or taken away."""
    met: Counter[tuple[str, str]] = field(default_factory=Counter)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    sent: deque[float] = field(default_factory=deque)

    def times(self, chat: str, text: str) -> int:
        """How often this text has come, with this time."""
        self.met[chat, text] += 1
        return self.met[chat, text]

    def is_too_fast(self) -> bool:
        """Whether one message more in this second is one too many; counts it where it is not."""
        rate, now = self.settings.rate, time.monotonic()
        while self.sent and self.sent[0] <= now - 1:
            self.sent.popleft()
        if rate and len(self.sent) >= max(1, int(rate)):
            return True
        self.sent.append(now)
        return False

    def set_webhook(self, url: str, secret: str) -> dict[str, Any]:
        self.webhook, self.secret, self.changed_at = url, secret, now_millis()
        return self.webhook_known()

    def webhook_known(self) -> dict[str, Any]:
        return {"url": self.webhook, "updated_at": self.changed_at}

    async def tell(self, update: dict[str, Any]) -> bool:
        """Hands an update over; whether the webhook took it at the first time. Without one it waits for a poll."""
        if self.webhook:
            return await self.calls.make(self.webhook, str(update.get("event_name", "")), self._written(update))
        self.updates.append(update)
        async with self.news:
            self.news.notify_all()
        return False

    async def next_update(self, patience: float) -> dict[str, Any] | None:
        """The oldest update, gone from here; None where none came within `patience` seconds."""
        try:
            async with asyncio.timeout(patience), self.news:
                await self.news.wait_for(lambda: self.updates)
        except TimeoutError:
            return None
        return self.updates.popleft()

    def _written(self, update: dict[str, Any]) -> Written:
        body = json.dumps({"ok": True, "result": update} if self.settings.wrapped else update, ensure_ascii=False)
        headers = {"Content-Type": "application/json", "X-Bot-Api-Secret-Token": self.secret}
        return lambda _: Letter(body.encode(), headers)


def new_id() -> str:
    return secrets.token_hex(10)


def now_millis() -> int:
    return int(time.time() * 1000)
