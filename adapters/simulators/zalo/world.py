"""What the simulated Zalo knows: people, what was sent to them, the quota, and the faults that were ordered."""

import hashlib
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from adapters.simulators.handset.journal import Journal
from adapters.simulators.handset.talks import Talks
from adapters.simulators.zalo.events import Events
from adapters.simulators.zalo.settings import Settings
from adapters.simulators.zalo.templates import Templates
from adapters.simulators.zalo.tokens import Tokens

WINDOW = 7 * 24 * 3600.0
"""Seconds after somebody's last word within which consultation messages are taken."""
_MINUTE = 60.0
_USER = "8800000"

Start = Callable[[Coroutine[Any, Any, None]], None]


@dataclass
class Faults:
    """What was ordered for everybody."""

    refresh_delay: float = 0.0
    """Seconds between a refresh, which is done at once, and its answer."""
    refresh_error: bool = False
    """Refreshes are answered with an error body; the refresh token stays good."""
    refresh_lost: bool = False
    """Refreshes are done, and the connection falls before the answer."""
    night: bool = False
    """Template messages by phone are refused with -133."""
    twice: bool = False
    """Every event is told twice."""
    hang_uploads: bool = False
    """Uploads never get an answer."""
    stale_upload: bool = False
    """The next upload that is named is refused as expired (-100), once."""


@dataclass
class User:
    """Somebody on Zalo."""

    id: str
    name: str = "Công dân"
    is_follower: bool = False
    heard_at: float = 0.0
    """Unix seconds of the last interaction; 0: never."""
    shared: dict[str, str] = field(default_factory=dict)
    """What was filled into the form."""

    @property
    def phone(self) -> str:
        return f"84{self.id[-9:]}"

    @property
    def by_app(self) -> str:
        """The other id of the same user, which must not be mixed up with `id`."""
        return f"5{self.id[-9:]:0>18}"


@dataclass
class Upload:
    """A file that was uploaded."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    at: float = field(default_factory=time.time)


@dataclass
class Sent:
    """A message that was taken."""

    id: str
    user: str
    received_at: float = 0.0
    seen_at: float = 0.0


@dataclass
class World:
    """Times are Unix seconds."""

    settings: Settings
    journal: Journal
    events: Events
    start: Start
    """Runs something in the background until the simulator ends."""

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.settings)
        self.templates = Templates(self.settings.templates)
        self.talks = Talks()
        self.faults = Faults()
        self.users: dict[str, User] = {}
        self.sent: dict[str, Sent] = {}
        self.uploads: dict[str, Upload] = {}
        """By their tokens."""
        self.quota = self.settings.quota
        self.met: Counter[object] = Counter()
        """How often a text has met its misfortune."""
        self._hashes: dict[str, str] = {}
        self._calls: deque[float] = deque()

    def user(self, user_id: str) -> User:
        """Known from now on."""
        if user_id not in self.users:
            self.users[user_id] = User(user_id)
            phone = self.users[user_id].phone
            self._hashes[hashlib.sha256(phone.encode()).hexdigest()] = phone
        return self.users[user_id]

    def user_with(self, phone: str) -> User:
        """`phone` as `84…`."""
        return self.user(user_id_of(phone))

    def phone_with(self, digest: str) -> str:
        """The phone with this SHA-256, among the phones that were met; empty if there is none."""
        return self._hashes.get(digest.lower(), "")

    def take(self, user: User) -> Sent:
        """A new message to `user`."""
        message = Sent(secrets.token_hex(10), user.id)
        self.sent[message.id] = message
        self.journal.counts["messages"] += 1
        return message

    def calls_left(self) -> int:
        """Calls that may still come in this minute; negative: this one is one too many. Counts one."""
        now = time.time()
        while self._calls and self._calls[0] <= now - _MINUTE:
            self._calls.popleft()
        left = self.settings.rate - len(self._calls) - 1
        if left >= 0:
            self._calls.append(now)
        return left


def user_id_of(phone: str) -> str:
    """The user who has this phone, which may be written in any way."""
    return f"{_USER}{phone[-9:]}"


def millis(at: float) -> str:
    """As Zalo writes a moment."""
    return str(int(at * 1000))
