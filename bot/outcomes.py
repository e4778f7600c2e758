"""Pure: what a provider answered → what becomes of the message."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.model.message import (
    Accepted,
    ChannelDown,
    DeliveryState,
    OutboxItem,
    Outcome,
    Rejected,
    Retry,
    Uncertain,
)
from bot.ports import SEEN, Limits, Settlement
from bot.situation_settings import ReachSettings, Success, WaySettings

LADDER = (0.0, 30.0, 120.0, 300.0, 900.0, 1800.0)
"""Seconds before the next try after the first, second, … failure; then hourly until the message expires."""

HOURLY = 3600.0

ASIDE = 10.0
"""Seconds for which a message waits at least that was tried first after an outage and was too much."""

JITTER = 0.2
"""Share by which a wait is stretched at random, so that a thousand failures do not return together …"""

MOST_JITTER = 360.0
"""… but never by more seconds than this."""

Jitter = Callable[[], float]
"""Random number in [0, 1)."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Who settles, when, and on what kind of channel."""

    owner: str
    limits: Limits
    jitter: Jitter = random.random
    reach: ReachSettings = field(default_factory=ReachSettings)


@dataclass(frozen=True, slots=True)
class _Case:
    """A message that was answered now."""

    item: OutboxItem
    hand: Hand
    now: datetime
    repeats: bool
    """It may have been sent before, so no other way is open to it."""

    @property
    def has_ways(self) -> bool:
        return bool(self.item.alternatives) and not self.repeats

    @property
    def way(self) -> WaySettings:
        return self.hand.reach.ways.get(self.item.address.scheme, WaySettings())

    @property
    def patience(self) -> timedelta:
        """How long a message may be on this way without success."""
        is_urgent = self.item.situation in self.hand.reach.urgent
        return timedelta(minutes=self.way.urgent_minutes if is_urgent else self.way.minutes)

    def settled(self, state: DeliveryState, reason: str = "", references: tuple[str, ...] = ()) -> Settlement:
        return Settlement(
            item_id=self.item.id,
            owner=self.hand.owner,
            state=state,
            at=self.now,
            reason=reason,
            references=references,
            way=self.item.way,
        )

    def again(self, reason: str, wait: float, *, attempted: bool = True, stays: bool = False) -> Settlement:
        return replace(
            self.settled(DeliveryState.QUEUED, reason),
            next_at=self.now + timedelta(seconds=wait),
            attempted=attempted,
            stays=stays,
        )

    def another_way(self, reason: str) -> Settlement:
        return replace(self.settled(DeliveryState.QUEUED, reason), next_at=self.now, moves_on=True)

    def within_patience(self, waiting: Settlement, *, is_asked_for: bool = False) -> Settlement:
        """`waiting`, or the next way where it would wait past the moment at which that is to be taken; the first vain
        try sets this moment. What a provider asks for and is longer than all patience (`is_asked_for`), such as its
        night, is kept, and patience begins anew after it: adapters say `elsewhere` of what need not be kept."""
        if not self.has_ways or waiting.next_at is None:
            return waiting
        if is_asked_for and waiting.next_at - self.now > self.patience:
            return replace(waiting, fallback_at=waiting.next_at + self.patience)
        fallback_at = self.item.fallback_at or self.now + self.patience
        if waiting.next_at > fallback_at:
            return replace(self.another_way(waiting.reason), attempted=waiting.attempted)
        return replace(waiting, fallback_at=fallback_at)

    def accepted(self, outcome: Accepted) -> Settlement:
        limits, success = self.hand.limits, self.way.success
        waits = (limits.receipts or not limits.arrives_when_accepted) and not outcome.final
        if not waits:
            return self.settled(DeliveryState.DELIVERED, outcome.reason, outcome.references)
        settled = self.settled(DeliveryState.ACCEPTED, outcome.reason, outcome.references)
        if success is Success.ACCEPTED or not self.item.alternatives:
            return settled
        held_for = SEEN if success is Success.SEEN else ""
        return replace(settled, fallback_at=self.now + self.patience, held_for=held_for)

    def rejected(self, reason: str) -> Settlement:
        if self.has_ways:
            return self.another_way(reason)
        # That it refuses the repetition does not say what became of the first one: a receipt may.
        state = DeliveryState.UNCERTAIN if self.repeats and self.item.alternatives else DeliveryState.FAILED
        return self.settled(state, reason)

    def uncertain(self, outcome: Uncertain) -> Settlement:
        """Never resent nor moved by itself; a receipt that only says "taken" starts the patience that is set here."""
        settled = self.settled(DeliveryState.UNCERTAIN, outcome.reason, outcome.references)
        waits = self.item.alternatives and self.way.success is not Success.ACCEPTED
        return replace(settled, fallback_at=self.now + self.patience) if waits else settled

    def ladder(self, after: float | None) -> float:
        """The provider may take the same text within `repeat_after` for a mistake of ours."""
        return wait_before(self.item.attempts, max(after or 0.0, self.hand.limits.repeat_after), self.hand.jitter)


def settlement_of(
    item: OutboxItem, outcome: Outcome, hand: Hand, *, now: datetime, repeats: bool = False
) -> Settlement:
    """Turns an outcome into the item's next state. `repeats`: it may have been sent before (`Claimed.repeats`)."""
    if outcome.__class__ is Accepted and not item.alternatives:
        return _taken(item, outcome, hand, now)
    answered = _Case(item, hand, now, repeats)
    match outcome:
        case Accepted():
            return answered.accepted(outcome)
        case Retry(reason, elsewhere=True) if answered.has_ways:
            return answered.another_way(reason)
        case Retry(reason, after, counts=False):
            waiting = answered.again(reason, _spread(after or 0.0, hand.jitter), attempted=False)
            return answered.within_patience(waiting, is_asked_for=True)
        case Retry(reason, after):
            return answered.within_patience(answered.again(reason, answered.ladder(after)))
        case Rejected(reason, blocked):
            return answered.rejected(f"blocked: {reason}" if blocked else reason)
        case Uncertain(reason) if hand.limits.honours_reference:
            # Only this provider knows our id: another one would send it a second time.
            return answered.again(reason, answered.ladder(None), stays=True)
        case Uncertain():
            return answered.uncertain(outcome)
        case ChannelDown(reason):
            return answered.within_patience(answered.again(reason, 0.0, attempted=False))
        case _:
            assert_never(outcome)


def _taken(item: OutboxItem, outcome: Accepted, hand: Hand, now: datetime) -> Settlement:
    """What most messages come to: accepted, with no other way that anybody would wait for."""
    limits = hand.limits
    waits = (limits.receipts or not limits.arrives_when_accepted) and not outcome.final
    state = DeliveryState.ACCEPTED if waits else DeliveryState.DELIVERED
    return Settlement(
        item_id=item.id, owner=hand.owner, state=state, at=now, reason=outcome.reason, references=outcome.references,
        way=item.way,
    )  # fmt: skip


def set_aside(outcome: Outcome) -> Outcome:
    """Of a try whether a channel works again: a message that is too much for the provider lets others be tried."""
    if isinstance(outcome, Retry) and not outcome.counts:
        return replace(outcome, after=max(ASIDE, outcome.after or 0.0))
    return outcome


def wait_before(attempts: int, after: float | None, jitter: Jitter) -> float:
    """Seconds to wait after the `attempts`-th failure; never less than what the provider asked for."""
    step = LADDER[attempts - 1] if 0 < attempts <= len(LADDER) else HOURLY
    return _spread(max(step, after or 0.0), jitter)


def _spread(seconds: float, jitter: Jitter) -> float:
    """So that not all come back at once; a provider's "not before six in the morning" is kept to some minutes."""
    return seconds + min(seconds * JITTER, MOST_JITTER) * jitter()
