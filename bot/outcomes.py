"""Pure: what a provider answered → what becomes of the message."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
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
from bot.ports import Limits, Settlement

LADDER = (0.0, 30.0, 120.0, 300.0, 900.0, 1800.0)
"""Seconds before the next try after the first, second, … failure; then hourly until the message expires."""

HOURLY = 3600.0

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


@dataclass(frozen=True, slots=True)
class _Case:
    """A message that was answered now."""

    item: OutboxItem
    hand: Hand
    now: datetime

    def settled(self, state: DeliveryState, reason: str = "", references: tuple[str, ...] = ()) -> Settlement:
        return Settlement(
            item_id=self.item.id,
            owner=self.hand.owner,
            state=state,
            at=self.now,
            reason=reason,
            references=references,
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

    def accepted(self, outcome: Accepted) -> Settlement:
        limits = self.hand.limits
        waits = (limits.receipts or not limits.arrives_when_accepted) and not outcome.final
        state = DeliveryState.ACCEPTED if waits else DeliveryState.DELIVERED
        return self.settled(state, outcome.reason, outcome.references)

    def ladder(self, after: float | None) -> float:
        """The provider may take the same text within `repeat_after` for a mistake of ours."""
        return wait_before(self.item.attempts, max(after or 0.0, self.hand.limits.repeat_after), self.hand.jitter)


def settlement_of(item: OutboxItem, outcome: Outcome, hand: Hand, *, now: datetime) -> Settlement:
    """Turns an outcome into the item's next state."""
    answered = _Case(item, hand, now)
    match outcome:
        case Accepted():
            return answered.accepted(outcome)
        case Retry(reason, elsewhere=True) if item.alternatives:
            return answered.another_way(reason)
        case Retry(reason, after, counts=False):
            return answered.again(reason, _spread(after or 0.0, hand.jitter), attempted=False)
        case Retry(reason, after):
            return answered.again(reason, answered.ladder(after))
        case Rejected(reason, blocked) if item.alternatives:
            return answered.another_way(f"blocked: {reason}" if blocked else reason)
        case Rejected(reason, blocked):
            return answered.settled(DeliveryState.FAILED, f"blocked: {reason}" if blocked else reason)
        case Uncertain(reason) if hand.limits.honours_reference:
            # Only this provider knows our id: another one would send it a second time.
            return answered.again(reason, answered.ladder(None), stays=True)
        case Uncertain(reason, references):
            return answered.settled(DeliveryState.UNCERTAIN, reason, references)
        case ChannelDown(reason):
            return answered.again(reason, 0.0, attempted=False)
        case _:
            assert_never(outcome)


def wait_before(attempts: int, after: float | None, jitter: Jitter) -> float:
    """Seconds to wait after the `attempts`-th failure; never less than what the provider asked for."""
    step = LADDER[attempts - 1] if 0 < attempts <= len(LADDER) else HOURLY
    return _spread(max(step, after or 0.0), jitter)


def _spread(seconds: float, jitter: Jitter) -> float:
    """So that not all come back at once; a provider's "not before six in the morning" is kept to some minutes."""
    return seconds + min(seconds * JITTER, MOST_JITTER) * jitter()
