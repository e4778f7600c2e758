"""Keys of the API: made, shown once, opened with, revoked."""

import hmac
import secrets
import string
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.api import ApiKey, ApiRight, KeyKind, digest_of, read_key, written
from bot.model.clock import Clock
from bot.ports import Storage

_LETTERS = string.ascii_letters + string.digits
_ID = string.ascii_lowercase + string.digits
_SECRET = 43
"""Of 62 letters and digits: 256 bits."""
USED_EVERY = timedelta(minutes=5)
"""The time of last use is written down no oftener."""
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


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The door of the API."""

    storage: Storage
    clock: Clock

    async def opened(self, text: str) -> ApiKey | None:
        """The key that this opens; None for all others, whatever is wrong with them. Asked of the database each time:
        what is revoked opens nothing from that moment on."""
        said = read_key(text)
        if said is None:
            return None
        kind, key_id, secret = said
        key = await self.storage.read(lambda tx: tx.api.key(key_id))
        is_right = hmac.compare_digest(digest_of(kind, key_id, secret), key.digest if key else _NOBODY)
        now = self.clock()
        if key is None or not is_right or not key.is_open(now):
            return None
        if key.used_at is None or now - key.used_at > USED_EVERY:
            await self.storage.write(lambda tx: tx.api.used(key_id, at=now))
        return key
