"""What providers reported later: the parts of a message, and receipts that came too early."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from bot.model.clock import to_millis
from bot.model.message import DeliveryState, Receipt
from bot.ports import SLOW, Matched, Moved
from storage.edge import key_set, moment, to_json
from storage.message_rows import receipt_row
from storage.outbox_chapter import OutboxChapter
from storage.statements import Row
from storage.tallies import Minutes, Named, minute_of

_COLUMNS = {
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.FAILED: "undelivered",
    DeliveryState.EXPIRED: "undelivered",
}
"""Where the end of a message is counted."""


class Receipts(OutboxChapter):
    """The part of `bot.ports.OutboxStore` that follows a message after it was sent."""

    async def match(self, receipts: Sequence[Receipt]) -> list[Matched]:
        found = await self._find(dict(enumerate(receipts)))
        missing = {place: receipt for place, receipt in enumerate(receipts) if place not in found and receipt.reference}
        if missing and await self._others.wait_for_settling():
            found |= await self._find(missing)
        # Locked before the parts are read: whoever held the lock may just have written another part.
        items = key_set(found.values())
        locked = {row["id"]: row for row in await self._sql.rows("lock_items", ids=items)} if found else {}
        parts: dict[str, dict[str, DeliveryState]] = {item_id: {} for item_id in locked}
        numbered: Counter[str] = Counter()
        for row in await self._sql.rows("parts_of", ids=items) if found else []:
            parts[row["item_id"]][row["reference"]] = DeliveryState(row["state"])
            numbered[row["item_id"]] += row["number"] > 0
        return [
            _matched(receipts[place], locked[item_id], parts[item_id], numbered[item_id])
            for place, item_id in sorted(found.items())
            if item_id in locked
        ]

    async def park(self, receipts: Sequence[Receipt]) -> None:
        await self._sql.change_many("park", [receipt_row(receipt) for receipt in receipts])

    async def record(self, matched: Sequence[Matched], moved: Sequence[Moved]) -> None:
        parts = [
            receipt_row(match.receipt) | {"item_id": match.item_id}
            for match in sorted(matched, key=lambda match: match.item_id)
            if match.receipt.reference
        ]
        await self._sql.change_many("record_part", parts)
        naming = sorted((match for match in matched if match.receipt.carrier), key=lambda match: match.receipt.at)
        carriers = {match.item_id: match.receipt.carrier for match in naming}
        await self._sql.change_many("name_carrier", [{"id": key, "carrier": carriers[key]} for key in sorted(carriers)])
        done = await self._move(moved) if moved else frozenset()
        await self._tallies.remember(Named(each.address, each.receipt.carrier, each.receipt.at) for each in naming)
        await self._tallies.count(_ends(matched, [move for move in moved if move.item_id in done]))

    async def _move(self, moved: Sequence[Moved]) -> Collection[str]:
        """The items that did move; nothing leaves a final state."""
        rows = await self._sql.rows("move_items", moves=to_json({move.item_id: _move_row(move) for move in moved}))
        return frozenset(row["id"] for row in rows)

    async def _find(self, receipts: dict[int, Receipt]) -> dict[int, str]:
        """Place of each receipt that belongs to an item → the item: by our id, else the newest with the reference."""
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
        rows = await self._sql.rows("find_items", receipts=to_json(asked))
        best = sorted(rows, key=_preference)
        return {int(row["place"]): row["item_id"] for row in best}


def _matched(receipt: Receipt, item: Row, parts: dict[str, DeliveryState], numbered: int) -> Matched:
    """`numbered` of the parts were named in the answer that took the message. Where those are all that is known of it,
    the provider made so many of it: one of a text that it divides itself, more in an alphabet that holds less."""
    named_all = item["state"] == DeliveryState.ACCEPTED and numbered == len(parts) > 0
    return Matched(
        receipt=receipt,
        item_id=item["id"],
        state=DeliveryState(item["state"]),
        parts=parts,
        expected=numbered if named_all else item["parts"],
        address=item["address"],
        gateway=item["gateway"],
        sent_at=moment(item["sent_at"]),
    )


def _ends(matched: Sequence[Matched], moved: Sequence[Moved]) -> Minutes:
    """By the minute in which the message had left. One whose sending we never heard of belongs to no minute."""
    items, counted = {match.item_id: match for match in matched}, Minutes()
    for move in moved:
        column, item = _COLUMNS.get(move.state), items.get(move.item_id)
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
