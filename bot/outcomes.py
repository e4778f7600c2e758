"""Pure: what a provider answered → what becomes of the message."""

import random
from collections.abc import Callable
from dataclasses import dataclass
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
"""Share by which a wait is stretched at random, so that a thousand failures do not return together."""

Jitter = Callable[[], float]
"""Random number in [0, 1)."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Who settles, when, and on what kind of channel."""

    owner: str
    limits: Limits
    jitter: Jitter = random.random


def settlement_of(item: OutboxItem, outcome: Outcome, hand: Hand, *, now: datetime) -> Settlement:
    """Turns an outcome into the item's next state."""

    def settled(state: DeliveryState, reason: str = "", references: tuple[str, ...] = ()) -> Settlement:
        return Settlement(item_id=item.id, owner=hand.owner, state=state, at=now, reason=reason, references=references)

    def again(reason: str, wait: float, *, attempted: bool = True, stays: bool = False) -> Settlement:
        return Settlement(
            item_id=item.id,
            owner=hand.owner,
            state=DeliveryState.QUEUED,
            at=now,
            reason=reason,
            next_at=now + timedelta(seconds=wait),
            attempted=attempted,
            stays=stays,
        )

    def ladder(after: float | None) -> float:
        """The provider may take the same text within `repeat_after` for a mistake of ours."""
        return wait_before(item.attempts, max(after or 0.0, hand.limits.repeat_after), hand.jitter)

    match outcome:
        case Accepted(references, reason=reason, final=final):
            waits = (hand.limits.receipts or not hand.limits.arrives_when_accepted) and not final
            state = DeliveryState.ACCEPTED if waits else DeliveryState.DELIVERED
            return settled(state, reason, references)
        case Retry(reason, after, counts=False):
            return again(reason, (after or 0.0) * (1 + JITTER * hand.jitter()), attempted=False)
        case Retry(reason, after):
            return again(reason, ladder(after))
        case Rejected(reason, blocked):
            return settled(DeliveryState.FAILED, f"blocked: {reason}" if blocked else reason)
        case Uncertain(reason, references):
            if hand.limits.honours_reference:
                # Only this provider knows our id: another one would send it a second time.
                return again(reason, ladder(None), stays=True)
            return settled(DeliveryState.UNCERTAIN, reason, references)
        case ChannelDown(reason):
            return again(reason, 0.0, attempted=False)
        case _:
            assert_never(outcome)


def wait_before(attempts: int, after: float | None, jitter: Jitter) -> float:
    """Seconds to wait after the `attempts`-th failure; never less than what the provider asked for."""
    step = LADDER[attempts - 1] if 0 < attempts <= len(LADDER) else HOURLY
    return max(step, after or 0.0) * (1 + JITTER * jitter())
