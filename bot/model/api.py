"""Keys by which other software of the office uses the service, and what is remembered of what it asked for."""

import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from bot.model.message import DeliveryState, OutboxItem

TRIAL = "api-test"
"""The channel, and the scheme of addresses, of what test keys send: a sandbox, nothing leaves the house."""


class KeyKind(StrEnum):
    """What becomes of the messages that a key plans."""

    LIVE = "live"
    TEAM = "team"
    """They go to the phones and chats on the key's list, and to nobody else."""
    TEST = "test"
    """The sandbox settles them by the number's last digits (`adapters.fates`); nobody gets anything."""


class ApiRight(StrEnum):
    """What a key may do."""

    SEND = "send"
    READ = "read"
    """The status of a dossier, for somebody to whom it belongs."""
    BROADCASTS = "broadcasts"
    """Draft broadcasts, which people then submit and approve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key. What opens with it is kept as a hash alone."""

    id: str
    kind: KeyKind
    name: str
    """Names the software: `phan-mem-ho-tich`. The record says `api:<name>`."""
    agency: str = ""
    """It acts for this agency and all below it; empty: the whole province."""
    rights: frozenset[ApiRight]
    digest: str = field(repr=False)
    """See `digest_of`."""
    made_at: datetime
    made_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str = ""
    used_at: datetime | None = None
    """To some minutes."""
    callback_url: str = field(default="", repr=False)
    callback_secret: str = field(default="", repr=False)
    """Signs callbacks, and so cannot be kept as a hash."""
    guests: tuple[str, ...] = field(default=(), repr=False)
    """Of a team key, keys of addresses (`bot.model.person.Address.key`)."""

    @property
    def by(self) -> str:
        """As the record names it."""
        return f"api:{self.name}"

    @property
    def is_trial(self) -> bool:
        return self.kind is KeyKind.TEST

    def is_open(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def covers(self, agency: str) -> bool:
        """What belongs to no agency belongs to the whole province."""
        return self.agency in ("", agency) or agency.startswith(f"{self.agency}.")


_WRITTEN = re.compile(r"mc_(live|team|test)_([0-9a-z]{16})_([A-Za-z0-9]{43})")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
"""What a key may be called."""


def written(kind: KeyKind, key_id: str, secret: str) -> str:
    """As it is shown once: `mc_live_<id>_<secret>`. Searching for `mc_live_` finds those that leaked."""
    return f"mc_{kind}_{key_id}_{secret}"


def read_key(text: str) -> tuple[KeyKind, str, str] | None:
    """Kind, id and secret."""
    found = _WRITTEN.fullmatch(text)
    return (KeyKind(found[1]), found[2], found[3]) if found else None


def digest_of(kind: KeyKind, key_id: str, secret: str) -> str:
    """What is kept. The secret has 256 random bits, which nobody can try out: a slow hash such as argon2, which makes
    up for the guessable passwords of people, would add nothing here but its cost to every request."""
    return hmac.digest(f"motcua:api:{kind}:{key_id}".encode(), secret.encode(), sha256).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiMessage:
    """What ties a message to the key that planned it."""

    item_id: str
    key_id: str
    agency: str
    """The key's, not the message's: those who hold keys of one agency see each other's messages."""
    is_trial: bool
    reference: str = ""
    """The caller's own name for it."""
    told_until: datetime | None = None
    """Callbacks are made about it until then; None: no more."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A message of the API as it stands."""

    message: ApiMessage
    item: OutboxItem


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was answered to an Idempotency-Key; `answer` is empty while it is being worked on."""

    digest: str
    status: int
    answer: str = field(repr=False)
    at: datetime
    subject: str = ""
    """What has come of it so far: the id of a draft."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A message whose next state somebody wants to be told."""

    message: ApiMessage
    told: str
    """The state that was told last; empty: none."""
    state: DeliveryState
    """Its present one."""
    reason: str
    at: datetime
    """Since when it is in that state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One state to be told to one key's address."""

    id: str
    """Stays the same when it is sent again."""
    key_id: str
    item_id: str
    state: DeliveryState
    reason: str = ""
    reference: str = ""
    at: datetime
    """When the message came to this state."""
    made_at: datetime
    next_at: datetime
    attempts: int = 0
    ended_at: datetime | None = None
    answer: str = ""
    """What came of the last attempt: `200`, `timeout`, `refused`, `address` …"""


TOLD = frozenset(
    {
        DeliveryState.DELIVERED,
        DeliveryState.FAILED,
        DeliveryState.EXPIRED,
        DeliveryState.UNCERTAIN,
        DeliveryState.SUPPRESSED,
        DeliveryState.SUPERSEDED,
        DeliveryState.CANCELLED,
    }
)
"""States that are called back."""


def signature(secret: str, body: bytes, *, at: datetime) -> str:
    """The header `Motcua-Signature`: the second it was made in, and an HMAC over that and the body."""
    second = int(at.timestamp())
    mac = hmac.digest(secret.encode(), f"{second}.".encode() + body, sha256).hex()
    return f"t={second},v1={mac}"
