"""Pure: after a return to an older state, news of a source that may have been told before does not leave by itself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.model.message import DeliveryState, OutboxItem
from bot.ports import SourceState, Transaction
from bot.ports.restoring import Doubt, Policy

HELD_BACK = "restored: may have been told before"
ASSUMED = "restored: counts as told before"


def doubted(items: Sequence[OutboxItem], doubt: Doubt | None, *, now: datetime) -> Sequence[OutboxItem]:
    """What would leave waits for a person, or counts as told, as was chosen at the return."""
    return items if doubt is None else [_doubted(item, doubt, now) for item in items]


def _doubted(item: OutboxItem, doubt: Doubt, now: datetime) -> OutboxItem:
    if item.state is not DeliveryState.QUEUED:
        return item
    if doubt.policy is Policy.ASSUME_SENT:
        return replace(item, state=DeliveryState.SUPPRESSED, reason=ASSUMED, settled_at=now)
    return replace(item, state=DeliveryState.HELD, reason=HELD_BACK, settled_at=now)


async def heed(tx: Transaction, doubt: Doubt, items: Sequence[OutboxItem], state: SourceState, *, at: datetime) -> None:
    """After `items` were written: they wait for a word about the return, and not for one about the brake. With the
    round that ends the doubt, ends it."""
    held = [item.id for item in items if item.state is DeliveryState.HELD]
    if held and doubt.policy is Policy.HOLD:
        await tx.restores.hold_back(held)
    if is_over(doubt, state):
        await tx.restores.close(doubt.source, at=at)


def is_over(doubt: Doubt, state: SourceState) -> bool:
    """The mirror shows the source as it was after the return: what it tells from now on is news."""
    return doubt.ends_by_itself and state.fresh_at is not None and state.fresh_at >= doubt.restored_at
