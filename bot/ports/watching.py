"""What the database keeps so that the service can watch itself: proofs, speed, failures, heartbeats, alarms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.model.message import DeliveryState, Lane
from bot.model.person import Address

BOUNDS = (1, 2, 5, 10, 30, 60, 300)
"""Seconds within which first attempts are counted."""


@dataclass(frozen=True, slots=True)
class Askew:
    """An event whose messages are not as they were planned."""

    origin: str
    planned: int
    found: int
    must: bool = False
    """It is a change whose fate says that a message was planned: nothing planned and nothing found is wrong too."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How far the books are proven."""

    until: datetime
    at: datetime
    whole_at: datetime | None
    """When they were last proven from the beginning."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Everything counted, on one view. Scans."""

    planned: int
    states: Mapping[tuple[str, DeliveryState], int]
    """By (channel, state)."""
    suppressed: Mapping[str, int]
    """By reason."""
    changes: Mapping[str, int]
    """By fate, the most frequent first."""
    inbound: Mapping[tuple[str, str], int]
    """Citizens' messages by (channel, outcome)."""
    parked: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is due in one lane of a queue and has not left."""

    channel: str
    """The queue, as in `OutboxItem.channel`."""
    lane: Lane
    since: datetime
    """When the oldest was due."""
    items: int


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held back, by what it waits for (`Settlement.held_for`; empty: a person)."""

    why: str
    since: datetime
    items: int


@dataclass(frozen=True, slots=True)
class Speed:
    """First attempts of one lane, by the time from due until the provider's answer."""

    lane: Lane
    messages: int
    within: Mapping[int, int]
    """Seconds, one of `BOUNDS` → how many took no longer."""


@dataclass(frozen=True, slots=True)
class Failed:
    """How the messages of a channel or an agency fared."""

    kind: str
    """`channel` or `agency`."""
    name: str
    tried: int
    failed: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A job's latest sign of life."""

    owner: str
    """The process."""
    name: str
    at: datetime
    every: float
    """Seconds after which the next one is expected."""
    trouble: str = ""
    """What it complains of, in Vietnamese; empty: of nothing."""
    trouble_en: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something wrong: open until `cleared_at`. One is open for each (name, subject)."""

    name: str
    subject: str
    """What it is about: a channel, a source, a job; never a person."""
    since: datetime
    detail: str
    """In Vietnamese."""
    detail_en: str
    told_at: datetime | None = None
    """When the staff were last told."""
    cleared_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unreached:
    """A message to the owner of a dossier that came by no way."""

    id: str
    source: str
    code: str
    situation: str
    channel: str
    address: Address
    state: DeliveryState
    reason: str
    at: datetime
    agency: str
    agency_name: str
    name: str = field(repr=False)
    phone: str = field(repr=False)


class HeartDoor(Protocol):
    """The way to a watch outside of the house."""

    async def call(self, *, is_well: bool) -> str:
        """Tells how the service fares. Empty: it was heard; else why not, in a few words that hold no address. Never
        raises."""
        ...


class WatchStore(Protocol):
    """Heartbeats, alarms, speed, failures, the fate of changes."""

    async def totals(self) -> Totals: ...
    async def fateless(self) -> int:
        """Changes of which nobody says what came of them."""
        ...

    async def unanswered(self, *, before: datetime) -> int:
        """Citizens' messages from before then that have no outcome."""
        ...

    async def proof(self) -> Proof | None:
        """None before the first."""
        ...

    async def askew_since(self, since: datetime, *, limit: int) -> list[Askew]:
        """What does not balance of the events of which a change or a message came since then, and of what was noted
        before."""
        ...

    async def askew_page(self, after: str, *, plans: int, limit: int) -> tuple[list[Askew], str]:
        """What does not balance of the next so many events; the event up to which that is, empty at the end."""
        ...

    async def unplanned_page(self, after: datetime, *, changes: int, limit: int) -> tuple[list[Askew], datetime | None]:
        """The same for changes without the plan that they should have; None at the end."""
        ...

    async def proven(self, askew: Sequence[Askew], *, until: datetime, at: datetime, is_whole: bool) -> None:
        """Notes a proof, and what it found in place of what was found before."""
        ...

    async def askew(self) -> list[Askew]:
        """What the last proof found."""
        ...

    async def unsent(self, *, now: datetime) -> list[Waiting]:
        """Per queue and lane, where something is due."""
        ...

    async def held(self) -> list[Holding]: ...
    async def unsent_at_a_glance(self, *, now: datetime, most: int) -> list[Waiting]:
        """As `unsent`, counting up to so many of each."""
        ...

    async def held_at_a_glance(self, *, most: int) -> list[Holding]:
        """As `held`, of so many at most; then the oldest may be older."""
        ...

    async def speed(self, *, since: datetime) -> list[Speed]: ...
    async def failures(self, *, since: datetime) -> list[Failed]: ...
    async def usual_receipts(self, *, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
        """Of each gateway's messages in that time: (taken, those whose receipt came within `SLOW`)."""
        ...

    async def newest(self) -> datetime | None:
        """The latest moment that was written down."""
        ...

    async def clock(self) -> datetime:
        """What time it is for the database."""
        ...

    async def sizes(self) -> dict[str, int]:
        """Octets of the database as a whole (`main`); of SQLite also of what waits beside it to be carried over
        (`wal`)."""
        ...

    async def beat(self, beats: Sequence[Heartbeat]) -> None: ...
    async def beats(self) -> list[Heartbeat]: ...
    async def rest(self, owner: str) -> None:
        """The process ends in order: nothing more is expected of it."""
        ...

    async def alarms(self) -> list[Alarm]:
        """The open ones, oldest first."""
        ...

    async def past_alarms(self, *, limit: int) -> list[Alarm]:
        """Open and cleared, newest first."""
        ...

    async def lately_told(self, *, since: datetime) -> dict[tuple[str, str], datetime]:
        """When the staff were last told of alarms that were cleared since then, by (name, subject)."""
        ...

    async def raise_alarms(self, alarms: Sequence[Alarm]) -> None: ...
    async def renew_alarms(self, alarms: Sequence[Alarm]) -> None:
        """Takes over detail and `told_at` of open ones."""
        ...

    async def clear_alarms(self, keys: Collection[tuple[str, str]], *, at: datetime) -> None: ...
    async def unreached(self, *, before: str, since: datetime, limit: int) -> list[Unreached]:
        """Messages to owners of dossiers that came by no way and were followed by none that did, newest first, with
        an id below `before` (empty: from the newest)."""
        ...

    async def forget(self, *, counts_before: datetime, alarms_before: datetime) -> None: ...
