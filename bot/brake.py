"""The sudden-change brake: when a source would message too many at once, its messages wait for a person.

A migration at the source that flips every dossier, or a wrong status map, must not text 50,000 citizens. The mirror
itself goes on: what is asked is answered, only what we would say unasked waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model.message import DeliveryState, OutboxItem
from bot.ports import SourceState, Storage, Transaction
from bot.settings import SourceSettings

AT_LEAST = 500
"""Messages that a share of the dossiers may always be: a small office has few dossiers and much to do."""

REASON = "too many at once from this source"


@dataclass(frozen=True, slots=True)
class Braking:
    """The brake after a batch."""

    since: datetime | None
    """None: it is off."""
    window_at: datetime
    window_planned: int
    items: Sequence[OutboxItem]
    """The batch's messages, held where the brake is on."""
    engages: bool = False
    """This batch went beyond the limit."""

    @property
    def on(self) -> bool:
        return self.since is not None

    async def hold_what_waits(self, tx: Transaction, source: str, now: datetime) -> int:
        """Holds what was planned since the brake began to count and has not left."""
        return await tx.outbox.hold(source, since=self.window_at, reason=REASON, at=now)


def brake(state: SourceState, items: Sequence[OutboxItem], rules: SourceSettings, *, now: datetime) -> Braking:
    """Counts the messages of this batch, and holds them where there are too many or the brake is already on."""
    window_at, planned = state.window_at, state.window_planned
    if window_at is None or now - window_at >= timedelta(seconds=rules.brake_window):
        window_at, planned = now, 0
    planned += sum(item.state is DeliveryState.QUEUED for item in items)
    engages = state.braked_at is None and planned > limit(rules, state.dossiers)
    since = now if engages else state.braked_at
    return Braking(since, window_at, planned, [_held(item, now) for item in items] if since else items, engages)


def limit(rules: SourceSettings, dossiers: int) -> float:
    """Messages that one window may have, for a source with so many mirrored dossiers."""
    limits = [float(rules.brake_messages)] if rules.brake_messages else []
    if rules.brake_percent:
        limits.append(max(AT_LEAST, dossiers * rules.brake_percent / 100))
    return min(limits, default=float("inf"))


def _held(item: OutboxItem, now: datetime) -> OutboxItem:
    if item.state is not DeliveryState.QUEUED:
        return item
    return replace(item, state=DeliveryState.HELD, reason=REASON, settled_at=now)


async def release(storage: Storage, source: str, *, send: bool, by: str, now: datetime) -> int:
    """Takes the brake off: what is held is sent, or cancelled in the name of `by`. Returns how many messages.

    What became untrue meanwhile is found out just before sending, as with every message.
    """

    async def work(tx: Transaction) -> int:
        state = await tx.sources.get(source)
        if state is not None:
            freed = replace(state, braked_at=None, window_at=now, window_planned=0, revision=state.revision + 1)
            if not await tx.sources.save(source, freed):
                return -1
        if send:
            return await tx.outbox.let_go(source, at=now)
        return await tx.outbox.discard(source, reason=f"discarded by {by}", at=now)

    while (number := await storage.write(work)) < 0:
        continue
    return number
