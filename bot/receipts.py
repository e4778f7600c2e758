"""Flow 1c: a delivery receipt moves a message forward, never back, or on to its next way; one that comes too early is
kept, and one of a way that was left changes nothing but that way's own record."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    """Records receipts durably: the ordinary ones in one transaction, the others in a second, which waits for what is
    just being settled and therefore must not hold what a settler needs. Where only the first is done, all may be given
    again: nothing leaves a final state."""
    others = await storage.write(lambda tx: tx.outbox.arrive(receipts))
    arrived = len(receipts) - len(others)
    if not others:
        return Recorded(arrived, arrived, 0)
    recorded = await storage.write(lambda tx: record_in(tx, others))
    return Recorded(arrived + recorded.moved, arrived + recorded.matched, recorded.parked)


async def record_in(tx: Transaction, receipts: Sequence[Receipt]) -> Recorded:
    """Any receipts, inside a transaction that does something else too."""
    matched = await tx.outbox.match(receipts)
    found = {id(match.receipt) for match in matched}
    strangers = [receipt for receipt in receipts if id(receipt) not in found]
    by_way = groupby(sorted(matched, key=_way), key=_way)
    moved = [move for _, matches in by_way if (move := _move(list(matches)))]
    await tx.outbox.record(matched, moved)
    if strangers:
        await tx.outbox.park(strangers)
    return Recorded(sum(not move.is_past for move in moved), len(matched), len(strangers))


def _way(match: Matched) -> tuple[str, int]:
    return match.item_id, match.way


def _move(matches: Sequence[Matched]) -> Moved | None:
    """Where an item goes, given all receipts of this batch that belong to one of its ways; None where it stays."""
    first = matches[0]
    end = _end(matches)
    if not first.is_left:
        return None if first.state in FINAL else end
    if end is None or end.state is DeliveryState.ACCEPTED or _had_ended(first):
        return None
    if first.is_unused and end.state is DeliveryState.DELIVERED:
        return replace(end, reason=end.reason or f"delivered by {first.gateway} before the next way was used")
    return replace(end, moves_on=False, is_past=True)


def _end(matches: Sequence[Matched]) -> Moved | None:
    """What these receipts make of the message on their way; None where that is still open."""
    first, last = matches[0], matches[-1].receipt
    parts = dict(first.parts)
    for match in matches:
        if parts.get(match.receipt.reference) not in FINAL:
            parts[match.receipt.reference] = match.receipt.state
    bad = [match.receipt for match in matches if match.receipt.state in _ENDED_BADLY]
    if bad:
        return Moved(first.item_id, bad[0].state, bad[0].reason, bad[0].at, first.way, moves_on=True)
    whole = [match.receipt for match in matches if match.receipt.whole]
    delivered = sum(state is DeliveryState.DELIVERED for state in parts.values())
    is_there = delivered >= first.expected or any(each.state is DeliveryState.DELIVERED for each in whole)
    if is_there and (not first.waits_for_seen or any(match.receipt.seen for match in matches)):
        return Moved(first.item_id, DeliveryState.DELIVERED, last.reason, last.at, first.way)
    if first.state is DeliveryState.UNCERTAIN and (whole or len(parts) >= first.expected):
        return Moved(first.item_id, DeliveryState.ACCEPTED, last.reason, last.at, first.way)
    return None


def _had_ended(match: Matched) -> bool:
    """Its way was over before this receipt came, and is counted already."""
    states = match.parts.values()
    delivered = sum(state is DeliveryState.DELIVERED for state in states)
    is_there = delivered >= match.expected and not match.waits_for_seen
    return is_there or any(state in _ENDED_BADLY for state in states)
