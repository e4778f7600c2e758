"""Keys of the API: made, shown once, opened with, revoked."""

import hmac
import secrets
import string
import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from bot.model.api import ApiKey, ApiRight, KeyKind, digest_of, read_key, written
from bot.model.clock import Clock
from bot.ports import Storage

_LETTERS = string.ascii_letters + string.digits
_ID = string.ascii_lowercase + string.digits
_SECRET = 43
"""Of 62 letters and digits: 256 bits."""
USED_EVERY = timedelta(minutes=5)
"""The time of last use is written down no oftener."""
SEEN_WITHIN = 5.0
"""Seconds for which a key is believed by those who ask for it again in the transaction of their own work."""
_MOST_SEEN = 1000
_NOBODY = "0" * 64
"""Compared with where there is no such key, so that this takes the same time."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A key that was just made, and what opens with it. That is seen now or never."""

    key: ApiKey
    shown: str

    def __repr__(self) -> str:
        return f"Fresh({self.key.id})"


def fresh_key(
    kind: KeyKind,
    name: str,
    *,
    agency: str,
    rights: Collection[ApiRight],
    by: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> Fresh:
    """Not kept yet: `tx.api.add`."""
    key_id = "".join(secrets.choice(_ID) for _ in range(16))
    secret = "".join(secrets.choice(_LETTERS) for _ in range(_SECRET))
    key = ApiKey(
        id=key_id,
        kind=kind,
        name=name,
        agency=agency,
        rights=frozenset(rights),
        digest=digest_of(kind, key_id, secret),
        made_at=at,
        made_by=by,
        expires_at=expires_at,
    )
    return Fresh(key, written(kind, key_id, secret))


def fresh_callback_secret() -> str:
    """With which callbacks are signed."""
    return "mcs_" + "".join(secrets.choice(_LETTERS) for _ in range(_SECRET))


class ApiKeys:
    """The door of the API."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._seen: OrderedDict[str, tuple[float, ApiKey]] = OrderedDict()
        """By what opens with it, as a hash: when it was last asked of the database."""

    async def opened(self, text: str, *, seen_within: float = 0.0) -> ApiKey | None:
        """The key that this opens; None for all others, whatever is wrong with them. Asked of the database each time:
        what is revoked opens nothing from that moment on.

        With `seen_within` it is not asked again for so many seconds: only for who asks in the transaction of his own
        work anyway. A caller with a thousand requests a second then costs one question, and nothing gets through.
        """
        word = sha256(text.encode()).hexdigest()
        known = self._seen.get(word)
        now = self._clock()
        if known and time.monotonic() - known[0] < seen_within and known[1].is_open(now):
            return await self._used(known[1], word, now)
        self._seen.pop(word, None)
        key = await self._asked(text)
        if key is None:
            return None
        self._remember(word, key, time.monotonic())
        return await self._used(key, word, self._clock())

    async def _asked(self, text: str) -> ApiKey | None:
        said = read_key(text)
        if said is None:
            return None
        kind, key_id, secret = said
        key = await self._storage.read(lambda tx: tx.api.key(key_id))
        is_right = hmac.compare_digest(digest_of(kind, key_id, secret), key.digest if key else _NOBODY)
        return key if key and is_right and key.is_open(self._clock()) else None

    async def _used(self, key: ApiKey, word: str, now: datetime) -> ApiKey:
        if key.used_at is not None and now - key.used_at <= USED_EVERY:
            return key
        used = replace(key, used_at=now)
        if word in self._seen:
            # Before it is written: those who come meanwhile need not write it too.
            self._seen[word] = (self._seen[word][0], used)
        await self._storage.write(lambda tx: tx.api.used(key.id, at=now))
        return used

    def _remember(self, word: str, key: ApiKey, at: float) -> None:
        self._seen[word] = (at, key)
        if len(self._seen) > _MOST_SEEN:
            self._seen.popitem(last=False)
