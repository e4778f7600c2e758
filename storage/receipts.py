"""What providers reported later: the parts of a message, and receipts that came too early."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from bot.model.clock import to_millis
from bot.model.message import FINAL, DeliveryState, Receipt
from bot.ports import SEEN, SLOW, Matched, Moved
from storage.edge import key_set, moment, to_json
from storage.measuring import Answer
from storage.message_rows import HAS_WAYS, LeftWay, Locked, Part, left_ways, receipt_row, way_taken
from storage.outbox_chapter import OutboxChapter, recent_id
from storage.statements import Row
from storage.tallies import Minutes, Named, minute_of

_COLUMNS = {
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.FAILED: "undelivered",
    DeliveryState.EXPIRED: "undelivered",
}
"""Where the end of a message is counted."""
_WAITS = (DeliveryState.QUEUED, DeliveryState.HELD)
"""States of a message that nobody has in hand."""


class Receipts(OutboxChapter):
    """The part of `bot.ports.OutboxStore` that follows a message after it was sent."""

    async def match(self, receipts: Sequence[Receipt]) -> list[Matched]:
        found = await self._find(dict(enumerate(receipts)), recent_id(receipts))
        missing = {place: receipt for place, receipt in enumerate(receipts) if place not in found and receipt.reference}
        if missing and await self._others.wait_for_settling():
            found |= await self._find(missing, "")
        # Locked before the parts are read: whoever held the lock may just have written another part.
        items = key_set(found.values())
        locked = {row[0]: Locked(*row) for row in await self._sql.rows("lock_items", ids=items)} if found else {}
        parts: dict[str, list[Part]] = {item_id: [] for item_id in locked}
        for row in await self._sql.rows("parts_of", ids=items) if found else []:
            parts[row[0]].append(Part(*row))
        return [
            matched(receipts[place], locked[item_id], parts[item_id])
            for place, item_id in sorted(found.items())
            if item_id in locked
        ]

    async def park(self, receipts: Sequence[Receipt]) -> None:
        await self._sql.change_many("park", [receipt_row(receipt) for receipt in receipts])

    async def forget_parked(self, *, before: datetime) -> int:
        return await self._sql.change("forget_parked", before=to_millis(before))

    async def record(self, matched: Sequence[Matched], moved: Sequence[Moved]) -> None:
        parts = [
            receipt_row(match.receipt) | {"item_id": match.item_id, "way": match.way}
            for match in sorted(matched, key=lambda match: match.item_id)
            if match.receipt.reference
        ]
        await self._sql.change_many("record_part", parts)
        naming = sorted((match for match in matched if match.receipt.carrier), key=lambda match: match.receipt.at)
        carriers = {match.item_id: match.receipt.carrier for match in naming}
        await self._sql.change_many("name_carrier", [{"id": key, "carrier": carriers[key]} for key in sorted(carriers)])
        seen = sorted({each.item_id: each.receipt.at for each in matched if each.receipt.seen}.items())
        await self._sql.change_many("note_seen", [{"id": key, "at": to_millis(at)} for key, at in seen])
        moving = [move for move in moved if not move.is_past]
        done = await self._move(moving) if moving else frozenset()
        await self._tallies.remember(Named(each.address, each.receipt.carrier, each.receipt.at) for each in naming)
        ended = [move for move in moved if move.is_past or move.item_id in done]
        await self._measures.count(_failures(matched, ended))
        await self._tallies.count(_ends(matched, ended))

    async def _move(self, moved: Sequence[Moved]) -> Collection[str]:
        """The items that did move; nothing leaves a final state."""
        gone = await self._fail_over([move for move in moved if move.moves_on])
        ending = {move.item_id: _move_row(move) for move in moved if move.item_id not in gone}
        rows = await self._sql.rows("move_items", moves=to_json(ending)) if ending else []
        return gone | {row["id"] for row in rows}

    async def _fail_over(self, moved: Sequence[Moved]) -> frozenset[str]:
        """Those that have taken their next way; the present one has failed for certain."""
        moves = {move.item_id: move for move in moved}
        rows = [Locked(*row) for row in await self._sql.rows("lock_items", ids=key_set(moves))] if moves else []
        turns = [
            way_taken(row, moves[row.id].reason, to_millis(moves[row.id].at))
            for row in rows
            if HAS_WAYS in row.attached and row.state not in FINAL
        ]
        await self._sql.change_many("take_way", turns)
        await self._others.wake({str(turn["channel"]) for turn in turns})
        return frozenset(str(turn["id"]) for turn in turns)

    async def _find(self, receipts: dict[int, Receipt], recent: str) -> dict[int, str]:
        """Place of each receipt that belongs to an item → the item: by our id, else the newest with the reference. On
        PostgreSQL a reference is looked for among items from the id `recent` on."""
        if not receipts:
            return {}
        asked = {
            str(place): {
                "item_id": receipt.item_id,
                "channel": receipt.channel,
                "reference": receipt.reference,
            }
            for place, receipt in receipts.items()
        }
        rows = await self._sql.rows("find_items", receipts=to_json(asked), recent=recent)
        best = sorted(rows, key=_preference)
        return {int(row["place"]): row["item_id"] for row in best}


def matched(receipt: Receipt, item: Locked, parts: Sequence[Part]) -> Matched:
    """The receipt with all that is known of the item on the receipt's way."""
    left = left_ways(item.attached)
    way = _way_of(receipt, item, parts, left)
    here = [part for part in parts if part.way == way]
    is_left = way < item.way
    known = left[way] if is_left and way < len(left) else None
    return Matched(
        receipt=receipt,
        item_id=item.id,
        state=DeliveryState(item.state),
        parts={part.reference: DeliveryState(part.state) for part in here},
        expected=_expected(item, here, is_left=is_left),
        address=known.address if known else item.address,
        gateway=known.gateway if known else item.gateway,
        sent_at=_sent_at(item, here, way, is_left=is_left),
        way=way,
        is_left=is_left,
        is_unused=is_left and item.state in _WAITS,
        waits_for_seen=(known.waits_for if known else item.held_for) == SEEN,
        agency=item.agency,
        has_ways=HAS_WAYS in item.attached,
    )


def _way_of(receipt: Receipt, item: Locked, parts: Sequence[Part], left: Sequence[LeftWay]) -> int:
    """Known by the reference; else by the channel, which a user's and a phone's way may share: then it is the present
    one as soon as that was used."""
    present = item.way
    for part in parts:
        if part.reference == receipt.reference and part.channel == receipt.channel:
            return part.way
    was_used = item.state not in _WAITS
    if not present or (was_used and item.gateway == receipt.channel):
        return present
    return max((way for way, each in enumerate(left) if each.gateway == receipt.channel), default=present)


def _expected(item: Locked, here: Sequence[Part], *, is_left: bool) -> int:
    """How many parts there are. Where all that is known of it was named in the answer that took the message, the
    provider made so many of it: one of a text that it divides itself, more in an alphabet that holds less."""
    numbered = sum(part.number > 0 for part in here)
    named_all = (is_left or item.state == DeliveryState.ACCEPTED) and numbered == len(here) > 0
    if is_left and not named_all:
        return max(1, len(here))
    return numbered if named_all else item.parts


def _sent_at(item: Locked, here: Sequence[Part], way: int, *, is_left: bool) -> datetime | None:
    """When this way's provider took it: `outbox.sent_at` tells of the first one."""
    if not way and item.sent_at is not None:
        return moment(item.sent_at)
    answered = [part.at for part in here if part.number > 0]
    if (way or is_left) and answered:
        return moment(min(answered))
    is_taken = not is_left and item.state == DeliveryState.ACCEPTED
    return moment(item.settled_at if way and is_taken else None)


def _failures(matched: Sequence[Matched], moved: Sequence[Moved]) -> list[Answer]:
    """What came to nothing after all."""
    failed = [move for move in moved if _COLUMNS.get(move.state) == "undelivered"]
    items = {(match.item_id, match.way): match for match in matched} if failed else {}
    return [
        Answer(
            gateway=item.gateway,
            agency=item.agency,
            lane=0,
            at=to_millis(move.at),
            due_at=None,
            tried=False,
            failed=True,
            ended=not move.is_past and not (move.moves_on and item.has_ways),
        )
        for move in failed
        if (item := items.get((move.item_id, move.way)))
    ]


def _ends(matched: Sequence[Matched], moved: Sequence[Moved]) -> Minutes:
    """By the minute in which the message had left. One whose sending we never heard of belongs to no minute."""
    items, counted = {(match.item_id, match.way): match for match in matched}, Minutes()
    for move in moved:
        column, item = _COLUMNS.get(move.state), items.get((move.item_id, move.way))
        if not column or not item or not item.gateway or item.sent_at is None:
            continue
        minute = minute_of(item.sent_at)
        counted[item.gateway, minute, column] += 1
        if move.at - item.sent_at <= SLOW:
            counted[item.gateway, minute, "in_time"] += 1
    return counted


def _preference(row: Row) -> tuple[int, int, str]:
    return (row["by_our_id"], row["at"], row["item_id"])


def _move_row(move: Moved) -> dict[str, Any]:
    return {"state": str(move.state), "reason": move.reason, "at": to_millis(move.at)}
