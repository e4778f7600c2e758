"""What the database keeps of API keys and their messages, and how a callback leaves the house."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model.api import ApiKey, ApiMessage, Callback, Planned, Remembered, Watched
from bot.model.message import DeliveryState
from bot.model.person import Address


@dataclass(frozen=True, slots=True)
class Pageful:
    """A stretch of messages, newest first."""

    messages: Sequence[Planned]
    next: str
    """Where the next stretch begins; empty: there is none. A stretch may be short, or empty, and yet not the last."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How callbacks stand."""

    waiting: int
    given_up: int


class ApiStore(Protocol):
    """Keys, what they planned, and what they are called back about."""

    async def add(self, key: ApiKey) -> bool:
        """False, and nothing kept, where an open key has the name."""
        ...

    async def key(self, key_id: str) -> ApiKey | None: ...
    async def keys(self) -> list[ApiKey]:
        """All, revoked ones too, newest first."""
        ...

    async def revoke(self, key_id: str, *, by: str, at: datetime) -> bool:
        """What is still to be called back to it is dropped. False where it was revoked before."""
        ...

    async def used(self, key_id: str, *, at: datetime) -> None: ...
    async def call_back(self, key_id: str, *, url: str, secret: str) -> None:
        """Sets where its messages' states are told; empty: nowhere, and what waited is dropped."""
        ...

    async def invite(self, key_id: str, guests: Collection[Address]) -> None:
        """Takes the place of the list that the key had."""
        ...

    async def remember(
        self, key_id: str, token: str, digest: str, *, at: datetime, held_until: datetime | None = None
    ) -> Remembered | None:
        """None: the token is new, and now taken. Else what was answered to it. Work that takes several transactions
        holds it until a moment, which tells its holder from any other."""
        ...

    async def remember_all(
        self, digests: Mapping[tuple[str, str], str], *, at: datetime
    ) -> dict[tuple[str, str], Remembered]:
        """The same of many keys' tokens, by key and token: those that were taken before, and what was answered."""
        ...

    async def take_over(self, key_id: str, token: str, *, at: datetime, held_until: datetime) -> bool:
        """Of work that nobody holds any more at `at`. False where somebody does, or where it is answered."""
        ...

    async def keep_subject(self, key_id: str, token: str, subject: str, *, held_until: datetime) -> bool:
        """What has come of it so far, for whoever takes it over. False where it is no longer held by the caller."""
        ...

    async def let_go(self, key_id: str, token: str, *, held_until: datetime) -> None:
        """Anybody may take it over now; it is forgotten where nothing has come of it yet."""
        ...

    async def answered(self, key_id: str, token: str, *, status: int, answer: str) -> None: ...
    async def answered_all(self, answers: Mapping[tuple[str, str], str], *, status: int) -> None:
        """The same of many, by key and token."""
        ...

    async def forget(self, key_id: str, token: str, *, held_until: datetime | None = None) -> None:
        """It came to nothing and may be tried again."""
        ...

    async def prune(self, *, remembered_before: datetime, ended_before: datetime, limit: int) -> int:
        """Takes away answers, and callbacks that ended, older than that; up to `limit` of each."""
        ...

    async def unwanted(self, addresses: Collection[Address]) -> set[Address]:
        """Which of them are on the do-not-send list."""
        ...

    async def note(self, messages: Sequence[ApiMessage]) -> None: ...
    async def message(self, item_id: str) -> Planned | None: ...
    async def listed(
        self,
        agency: str,
        *,
        is_trial: bool,
        before: str = "",
        since: datetime | None = None,
        state: DeliveryState | None = None,
        limit: int,
    ) -> Pageful:
        """What keys of exactly this agency planned, by the ids, which rise with time."""
        ...

    async def of_key(self, key_id: str, *, limit: int) -> list[Planned]:
        """What one key planned, newest first."""
        ...

    async def watched(self, *, after: str, limit: int) -> list[Watched]:
        """Messages about which their key may still be told something, by id, with an id above `after`."""
        ...

    async def tell(self, callbacks: Sequence[Callback], told: Mapping[str, str], over: Collection[str]) -> None:
        """Puts callbacks into the queue, notes what was told of which message, and ends the watch over some."""
        ...

    async def due(self, *, now: datetime, limit: int) -> list[tuple[Callback, ApiKey]]:
        """Those to be made now, oldest first; of one message only the oldest."""
        ...

    async def called(self, callbacks: Sequence[Callback]) -> None:
        """Keeps what came of them."""
        ...

    async def callbacks_of(self, key_id: str, *, limit: int) -> list[Callback]:
        """Newest first."""
        ...

    async def backlog(self, key_id: str = "") -> Backlog:
        """Of one key or of all."""
        ...


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a callback."""

    status: int = 0
    """HTTP; 0: there was no answer."""
    trouble: str = ""
    """`timeout`, `unreachable`, `tls`, `address` (a place that callbacks must not go to), `broken`; empty: none."""

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def word(self) -> str:
        """`200`, or what went wrong."""
        return self.trouble or str(self.status)


class CallbackDoor(Protocol):
    """Makes one HTTP request to where a key wants to be told."""

    async def call(self, url: str, body: bytes, headers: Mapping[str, str]) -> Called:
        """Never raises for what the other side may do."""
        ...
