"""Tells the software that planned a message what became of it: finds the news, signs it, tries for a day.

The senders know nothing of this. News is found by looking again and again at the few messages that somebody still waits
for, so that no settlement of a message takes longer for it. Everything arrives at least once; `id` tells repetitions.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.api_settings import ApiSettings
from bot.beats import Beat, unheard
from bot.model.api import TOLD, ApiKey, Callback, Watched, signature
from bot.model.clock import Clock
from bot.model.errors import trail
from bot.model.ids import NewId
from bot.model.message import FINAL
from bot.ports import CallbackDoor, Called, Storage, Transaction

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between two rounds."""
LONGEST = 300.0
"""Seconds that a round takes at most, where many addresses do not answer."""
_PAGE = 2_000
_PAGES = 10
"""Pages of waiting messages looked at in one round; the next one goes on behind them."""
_CALLS = 200
_CALLS_OF_KEY = 20
"""Most calls in one round, and of one key."""
LADDER = tuple(timedelta(seconds=each) for each in (10, 30, 60, 300, 900, 1800, 3600))
"""How long after each failure it is tried again; the last step stays."""
_KEPT = timedelta(days=7)
"""For so long what has ended can be seen."""
_PRUNE_EVERY = timedelta(minutes=10)


@dataclass(slots=True, kw_only=True)
class Callbacks:
    """One process at a time runs it; any may make a single call."""

    storage: Storage
    door: CallbackDoor
    settings: ApiSettings
    clock: Clock
    new_id: NewId
    _after: str = ""
    _failures: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """Keys whose address does not answer: how often in a row, and until when they are left alone."""
    _pruned_at: datetime | None = None

    async def run(self, beat: Beat = unheard) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self.round()
                beat()
            except Exception as error:
                log.error("callbacks: the round failed: %s", trail(error))
            await asyncio.sleep(EVERY)

    async def round(self) -> int:
        """Finds news and makes the calls that are due. Returns how many were made."""
        await self._look()
        await self._prune(self.clock())
        return await self._call()

    # Finding news

    async def _look(self) -> None:
        for _ in range(_PAGES):
            after = self._after
            watched = await self.storage.read(lambda tx, after=after: tx.api.watched(after=after, limit=_PAGE))  # type: ignore[misc]
            await self._note(watched)
            self._after = watched[-1].message.item_id if len(watched) == _PAGE else ""
            if not self._after:
                return

    async def _note(self, watched: Sequence[Watched]) -> None:
        now = self.clock()
        news = [each for each in watched if each.state in TOLD and each.state != each.told]
        until = {each.message.item_id: each.message.told_until for each in watched}
        over = [each.message.item_id for each in watched if each.state in FINAL]
        over += [item for item, last in until.items() if last and last < now]
        if not news and not over:
            return
        callbacks = [self._callback(each, now) for each in news]

        async def work(tx: Transaction) -> None:
            told_to = {key.id for key in await tx.api.keys() if key.callback_url and key.is_open(now)}
            wanted = [each for each in callbacks if each.key_id in told_to]
            await tx.api.tell(wanted, {each.message.item_id: each.state for each in news}, over)

        await self.storage.write(work)

    def _callback(self, news: Watched, now: datetime) -> Callback:
        return Callback(
            id=self.new_id(),
            key_id=news.message.key_id,
            item_id=news.message.item_id,
            state=news.state,
            reason=news.reason,
            reference=news.message.reference,
            at=news.at,
            made_at=now,
            next_at=now,
        )

    async def _prune(self, now: datetime) -> None:
        if self._pruned_at and now - self._pruned_at < _PRUNE_EVERY:
            return
        self._pruned_at = now
        remembered = now - timedelta(hours=self.settings.idempotency_hours)
        await self.storage.write(
            lambda tx: tx.api.prune(remembered_before=remembered, ended_before=now - _KEPT, limit=5_000)
        )

    # Telling it

    async def _call(self) -> int:
        now = self.clock()
        due = await self.storage.read(lambda tx: tx.api.due(now=now, limit=_CALLS))
        by_key: dict[str, list[tuple[Callback, ApiKey]]] = {}
        for callback, key in due:
            by_key.setdefault(key.id, []).append((callback, key))
        # One key's calls one after the other, so that they come in order; several keys beside each other.
        made = await asyncio.gather(*(self._call_key(each) for each in by_key.values()))
        return sum(made)

    async def _call_key(self, due: Sequence[tuple[Callback, ApiKey]]) -> int:
        made = 0
        for callback, key in due[:_CALLS_OF_KEY]:
            if self._rests(key.id):
                break
            called = await self.tell(key, callback)
            after = self._after_call(callback, called)
            await self.storage.write(lambda tx, after=after: tx.api.called([after]))  # type: ignore[misc]
            made += 1
            if not self._note_health(key.id, called):
                break
        return made

    async def tell(self, key: ApiKey, callback: Callback) -> Called:
        """Makes one call, whatever came of earlier ones."""
        return await self._send(key, callback.id, body_of(callback))

    async def try_out(self, key: ApiKey) -> Called:
        """Tells the key's address something that is about no message."""
        event_id, now = self.new_id(), self.clock()
        said = {"id": event_id, "type": "test", "made_at": now.isoformat(timespec="milliseconds")}
        return await self._send(key, event_id, json.dumps(said).encode())

    async def _send(self, key: ApiKey, event_id: str, body: bytes) -> Called:
        headers = {
            "Content-Type": "application/json",
            "Motcua-Event-Id": event_id,
            "Motcua-Signature": signature(key.callback_secret, body, at=self.clock()),
            "User-Agent": "motcua-bot",
        }
        return await self.door.call(key.callback_url, body, headers)

    def _after_call(self, callback: Callback, called: Called) -> Callback:
        now, attempts = self.clock(), callback.attempts + 1
        after = replace(callback, attempts=attempts, answer=called.word)
        if called.is_taken:
            return replace(after, ended_at=now)
        next_at = now + LADDER[min(attempts, len(LADDER)) - 1]
        last = callback.made_at + timedelta(hours=self.settings.callback_hours)
        if next_at > last:
            log.warning("callback %s of key %s was given up after %d attempts", callback.id, callback.key_id, attempts)
            return replace(after, ended_at=now)
        return replace(after, next_at=next_at)

    def _rests(self, key_id: str) -> bool:
        _, until = self._failures.get(key_id, (0, self.clock()))
        return until > self.clock()

    def _note_health(self, key_id: str, called: Called) -> bool:
        """Where nobody answers, the rest of the queue is not tried one by one. False then."""
        if called.status and called.status < 500:
            self._failures.pop(key_id, None)
            return True
        number = self._failures.get(key_id, (0, self.clock()))[0] + 1
        self._failures[key_id] = (number, self.clock() + min(LADDER[min(number, len(LADDER)) - 1], LADDER[3]))
        return False


def objection_to(url: str, settings: ApiSettings) -> str:
    """What speaks against calling back there: `not_url`, `not_https`, `port`, `login`; empty: nothing. Where the name
    leads is looked at at every call."""
    try:
        parts = urlsplit(url)
        port = 443 if parts.port is None else parts.port
    except ValueError:
        return "not_url"
    if not parts.hostname or not url.isascii() or len(url) > 500 or any(sign.isspace() for sign in url):
        return "not_url"
    if parts.username or parts.password:
        return "login"
    if settings.callback_private:
        return "" if parts.scheme in ("http", "https") else "not_https"
    if parts.scheme != "https":
        return "not_https"
    return "" if port in settings.callback_ports else "port"


def body_of(callback: Callback) -> bytes:
    """What is sent; the same bytes at every attempt."""
    said = {
        "id": callback.id,
        "type": "notification.state",
        "made_at": callback.made_at.isoformat(timespec="milliseconds"),
        "notification": {
            "id": callback.item_id,
            "state": str(callback.state),
            "reason": callback.reason,
            "reference": callback.reference,
            "at": callback.at.isoformat(timespec="milliseconds"),
        },
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
