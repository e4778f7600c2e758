"""What is read of the service's own state in one go, and by what it is judged."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.config import WatchSettings
from bot.ports import SLOW, Failure, Minute, SourceState, Transaction
from bot.ports.watching import Alarm, Askew, Failed, Heartbeat, Holding, Proof, Speed, Waiting
from bot.settings import SourceSettings

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_MANY = 100
"""Requests for erasure that are counted."""
STRETCH = timedelta(hours=3)
"""How far back messages without receipts are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What was found at one moment."""

    at: datetime
    waiting: Sequence[Waiting] = ()
    held: Sequence[Holding] = ()
    hour: Sequence[Speed] = ()
    day: Sequence[Speed] = ()
    failed: Sequence[Failed] = ()
    """In the last hour."""
    minutes: Sequence[Minute] = field(default=(), repr=False)
    usual: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    beats: Sequence[Heartbeat] = ()
    sources: Mapping[str, SourceState] = field(default_factory=dict)
    source_failures: Mapping[str, Failure] = field(default_factory=dict)
    proof: Proof | None = None
    askew: Sequence[Askew] = ()
    fateless: int = 0
    unanswered: int = 0
    erasures: Sequence[datetime] = ()
    """Since when requests for erasure wait, the oldest first."""
    alarms: Sequence[Alarm] = ()
    holders: Mapping[str, str] = field(default_factory=dict)
    """Job → process, of the jobs that one process does at a time."""
    unheld: Mapping[str, datetime] = field(default_factory=dict)
    """Those that no process does, and since when."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Octets of the database, by part."""
    stored: datetime | None = None
    database: datetime | None = None


async def read(tx: Transaction, now: datetime, posts: Collection[str] = ()) -> Readings:
    """On one view; costs a few look-ups in indexes, whatever the tables hold. `posts`: whose holders are asked for."""
    watch = tx.watch
    return Readings(
        at=now,
        waiting=await watch.unsent(now=now),
        held=await watch.held(),
        hour=await watch.speed(since=now - HOUR),
        day=await watch.speed(since=now - DAY),
        failed=await watch.failures(since=now - HOUR),
        minutes=await tx.routing.minutes(since=now - STRETCH),
        usual=await watch.usual_receipts(since=now - DAY, until=now - SLOW),
        beats=await watch.beats(),
        sources=await tx.sources.states(),
        source_failures=await tx.sources.failures(),
        proof=await watch.proof(),
        askew=await watch.askew(),
        fateless=await watch.fateless(),
        unanswered=await watch.unanswered(before=now - timedelta(minutes=5)),
        erasures=[each.at for each in await tx.retention.requests(limit=_MANY)],
        alarms=await watch.alarms(),
        holders=await tx.leases.holders(posts, now=now) if posts else {},
        sizes=await watch.sizes(),
        stored=await watch.newest(),
        database=await watch.clock(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """By what the readings are judged."""

    watch: WatchSettings = field(default_factory=WatchSettings)
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    receipts: Mapping[str, bool] = field(default_factory=dict)
    """Channel → whether a receipt follows each accepted message."""
    begun: datetime
    """Since when somebody looks: a source that has never given anything is missed from then on."""
