"""What providers answered and reported: settlements, the parts of a message, receipts that came too early."""

from collections.abc import Iterable, Sequence
from typing import Any

from bot.model.clock import to_millis
from bot.model.message import DeliveryState, Receipt
from bot.ports import Matched, Moved, Settlement
from storage.coordination import Coordination
from storage.edge import clean, key_set, millis, to_json
from storage.rows import receipt_of, receipt_row
from storage.statements import Row, Statements


class Receipts:
    """The half of `bot.ports.OutboxStore` that follows a message after it was claimed."""

    def __init__(self, sql: Statements, others: Coordination) -> None:
        self._sql = sql
        self._others = others

    async def settle(self, settlements: Sequence[Settlement]) -> list[Receipt]:
        if not settlements:
            return []
        answered = list(_answered(settlements))
        if answered:
            await self._others.announce_settling()
        await self._sql.change(
            "settle", settlements=to_json({each.item_id: _settlement_row(each) for each in settlements})
        )
        if not answered:
            return []
        await self._sql.change_many("add_part", answered)
        numbered = {str(place): part for place, part in enumerate(answered)}
        early = await self._sql.rows("unpark", references=to_json(numbered))
        return sorted((receipt_of(row) for row in early), key=lambda receipt: receipt.at)

    async def match(self, receipts: Sequence[Receipt]) -> list[Matched]:
        found = await self._find(dict(enumerate(receipts)))
        missing = {place: receipt for place, receipt in enumerate(receipts) if place not in found and receipt.reference}
        if missing and await self._others.wait_for_settling():
            found |= await self._find(missing)
        # Locked before the parts are read: whoever held the lock may just have written another part.
        items = key_set(found.values())
        locked = {row["id"]: row for row in await self._sql.rows("lock_items", ids=items)} if found else {}
        parts: dict[str, dict[str, DeliveryState]] = {item_id: {} for item_id in locked}
        for row in await self._sql.rows("parts_of", ids=items) if found else []:
            parts[row["item_id"]][row["reference"]] = DeliveryState(row["state"])
        return [
            Matched(
                receipt=receipts[place],
                item_id=item_id,
                state=DeliveryState(locked[item_id]["state"]),
                parts=parts[item_id],
                expected=locked[item_id]["parts"],
            )
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
        for part in parts:
            del part["reason"]
        await self._sql.change_many("record_part", parts)
        if moved:
            await self._sql.change("move_items", moves=to_json({move.item_id: _move_row(move) for move in moved}))

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


def _preference(row: Row) -> tuple[int, int, str]:
    return (row["by_our_id"], row["at"], row["item_id"])


def _settlement_row(settlement: Settlement) -> dict[str, Any]:
    return {
        "owner": settlement.owner,
        "state": str(settlement.state),
        "at": to_millis(settlement.at),
        "reason": settlement.reason,
        "next_at": millis(settlement.next_at),
        "uncounted": int(not settlement.attempted),
    }


def _answered(settlements: Sequence[Settlement]) -> Iterable[dict[str, Any]]:
    for settlement in settlements:
        for number, reference in enumerate(settlement.references, 1):
            if reference:
                yield {
                    "item_id": settlement.item_id,
                    "owner": settlement.owner,
                    "reference": clean(reference),
                    "number": number,
                    "at": to_millis(settlement.at),
                }


def _move_row(move: Moved) -> dict[str, Any]:
    return {"state": str(move.state), "reason": move.reason, "at": to_millis(move.at)}
