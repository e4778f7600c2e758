"""Flow 1c: a delivery receipt moves a message forward, never back; one that comes too early is kept."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.model.message import FINAL, DeliveryState, Receipt
from bot.ports import Matched, Moved, Storage, Transaction

log = logging.getLogger(__name__)

_ENDED_BADLY = (DeliveryState.FAILED, DeliveryState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch of receipts."""

    moved: int
    matched: int
    parked: int


async def record(storage: Storage, receipts: Sequence[Receipt]) -> Recorded:
    """Records receipts durably, in one transaction."""
    return await storage.write(lambda tx: record_in(tx, receipts))


async def record_in(tx: Transaction, receipts: Sequence[Receipt]) -> Recorded:
    """The same inside a transaction that does something else too."""
    matched = await tx.outbox.match(receipts)
    found = {id(match.receipt) for match in matched}
    strangers = [receipt for receipt in receipts if id(receipt) not in found]
    by_item = groupby(sorted(matched, key=lambda match: match.item_id), key=lambda match: match.item_id)
    moved = [move for _, matches in by_item if (move := _move(list(matches)))]
    await tx.outbox.record(matched, moved)
    if strangers:
        await tx.outbox.park(strangers)
    return Recorded(len(moved), len(matched), len(strangers))


def _move(matches: Sequence[Matched]) -> Moved | None:
    """Where an item goes, given all receipts of this batch that belong to it; None where it stays."""
    first, last = matches[0], matches[-1]
    if first.state in FINAL:
        return None
    parts = dict(first.parts)
    for match in matches:
        if parts.get(match.receipt.reference) not in FINAL:
            parts[match.receipt.reference] = match.receipt.state
    bad = [match.receipt for match in matches if match.receipt.state in _ENDED_BADLY]
    if bad:
        return Moved(first.item_id, bad[0].state, bad[0].reason, bad[0].at)
    delivered = sum(state is DeliveryState.DELIVERED for state in parts.values())
    whole = [match.receipt for match in matches if match.receipt.whole]
    if delivered >= first.expected or any(receipt.state is DeliveryState.DELIVERED for receipt in whole):
        return Moved(first.item_id, DeliveryState.DELIVERED, last.receipt.reason, last.receipt.at)
    if first.state is DeliveryState.UNCERTAIN and (whole or len(parts) >= first.expected):
        return Moved(first.item_id, DeliveryState.ACCEPTED, last.receipt.reason, last.receipt.at)
    return None
