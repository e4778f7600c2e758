"""What `motcua top` shows: the service as the database has it now, read cheaply enough for every two seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.model.clock import Clock
from bot.ports import Failure, Minute, Pause, SourceState, Transaction
from bot.ports.watching import Alarm, Heartbeat, Holding, Proof, Speed, Waiting

MOST = 10_000
"""Messages of one queue and lane, or held, that are counted; of more it is said that there are more."""
_MINUTES = timedelta(minutes=2)
_HOUR = timedelta(hours=1)

COUNTED = ("accepted", "rejected", "errors", "uncertain", "delivered", "undelivered")
"""What is counted of each gateway and minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture."""

    at: datetime
    waiting: Sequence[Waiting] = ()
    held: Sequence[Holding] = ()
    minutes: Sequence[Minute] = ()
    """The running minute of each gateway, and the two before."""
    shares: Mapping[str, int] = field(default_factory=dict)
    pauses: Mapping[str, Pause] = field(default_factory=dict)
    speeds: Sequence[Speed] = ()
    """Of the last hour."""
    sources: Mapping[str, SourceState] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)
    beats: Sequence[Heartbeat] = ()
    posts: Mapping[str, str] = field(default_factory=dict)
    """Job → the process that has it, of those that one process does at a time."""
    alarms: Sequence[Alarm] = ()
    proof: Proof | None = None

    def outcomes(self) -> dict[str, dict[str, int]]:
        """Of the last whole minute, by gateway."""
        last = self.at.replace(second=0, microsecond=0) - timedelta(minutes=1)
        return {
            each.gateway: {word: getattr(each, word) for word in COUNTED}
            for each in self.minutes
            if each.minute == last
        }


async def look(tx: Transaction, clock: Clock) -> Frame:
    """On one view; a few look-ups in small tables and at the ends of indexes, whatever waits or was ever sent."""
    now = clock()
    return Frame(
        at=now,
        waiting=await tx.watch.unsent_at_a_glance(now=now, most=MOST),
        held=await tx.watch.held_at_a_glance(most=MOST),
        minutes=await tx.routing.minutes(since=now - _MINUTES - timedelta(minutes=1)),
        shares=await tx.routing.shares(),
        pauses=await tx.routing.pauses(),
        speeds=await tx.watch.speed(since=now - _HOUR),
        sources=await tx.sources.states(),
        failures=await tx.sources.failures(),
        beats=await tx.watch.beats(),
        posts=await tx.leases.held(now=now),
        alarms=await tx.watch.alarms(),
        proof=await tx.watch.proof(),
    )


def sent_per_second(frame: Frame, before: Frame | None) -> float:
    """Messages that providers took, since the frame before; of a first frame by the last whole minute."""
    seconds = (frame.at - before.at).total_seconds() if before else 0.0
    if before is None or not 0 < seconds <= 60:
        return sum(each["accepted"] for each in frame.outcomes().values()) / 60
    known = {(each.gateway, each.minute): each.accepted for each in before.minutes}
    grown = sum(max(0, each.accepted - known.get((each.gateway, each.minute), 0)) for each in frame.minutes)
    return grown / seconds
