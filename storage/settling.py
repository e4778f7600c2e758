"""What senders report of the messages that they had claimed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.model.clock import month_of, to_millis
from bot.model.message import DeliveryState, Receipt
from bot.ports import Settlement
from storage.edge import clean, key_set, millis, to_json
from storage.message_rows import HAS_WAYS, receipt_of, way_taken
from storage.outbox_chapter import OutboxChapter
from storage.statements import Row
from storage.tallies import Charge, Minutes, Named, minute_of

REPETITION = "repetition"
"""`held_for` of a waiting item that may have been sent: only the gateway in whose queue it is may repeat it."""
_OPEN = (DeliveryState.SENDING, DeliveryState.UNCERTAIN)
_TAKEN = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)
_PAID = (*_TAKEN, DeliveryState.UNCERTAIN)
_COLUMNS: Mapping[DeliveryState, tuple[str, ...]] = {
    DeliveryState.ACCEPTED: ("accepted",),
    DeliveryState.DELIVERED: ("accepted", "delivered", "in_time"),
    DeliveryState.QUEUED: ("errors",),
    DeliveryState.UNCERTAIN: ("uncertain",),
    DeliveryState.FAILED: ("rejected",),
}
"""Where an answer is counted; what the service decided by itself is counted nowhere."""


@dataclass(frozen=True, slots=True)
class _Settled:
    """A settlement and the item as it was before."""

    settlement: Settlement
    item: Row

    @property
    def cost(self) -> int | None:
        """What it costs now; None where it costs nothing, or was paid for by an earlier answer."""
        unpaid = self.item["cost"] is None and self.item["sent_at"] is None
        return self.settlement.cost if unpaid and self.settlement.state in _PAID else None

    @property
    def columns(self) -> tuple[str, ...]:
        """Where its gateway's minute counts it."""
        counts = self.settlement.attempted and self.item["gateway"]
        state = DeliveryState.FAILED if self.settlement.moves_on else self.settlement.state
        return _COLUMNS.get(state, ()) if counts else ()

    @property
    def state(self) -> DeliveryState:
        """The item's next one: what should take another way and has none has failed."""
        settlement = self.settlement
        return DeliveryState.FAILED if settlement.moves_on and not self.moves_on else settlement.state

    @property
    def moves_on(self) -> bool:
        return self.settlement.moves_on and HAS_WAYS in self.item["attached"]

    def row(self) -> dict[str, Any]:
        """The item as it is from now on."""
        settlement, item, at = self.settlement, self.item, to_millis(self.settlement.at)
        state, sent_at = self.state, item["sent_at"]
        stays = settlement.stays and state is DeliveryState.QUEUED and item["gateway"]
        return {
            "channel": item["gateway"] if stays else item["channel"],
            "state": str(state),
            "reason": settlement.reason,
            "at": at,
            "sent_at": at if state in _TAKEN and sent_at is None else sent_at,
            "next_at": item["next_at"] if settlement.next_at is None else millis(settlement.next_at),
            "attempts": item["attempts"] - (not settlement.attempted),
            "held_for": self._held_for(),
            "carrier": settlement.carrier or item["carrier"],
            "cost": item["cost"] if (cost := self.cost) is None else cost,
        }

    def _held_for(self) -> str:
        """What it waits for from now on; one that may have been sent stays bound to its gateway until it is settled."""
        settlement = self.settlement
        if settlement.state is DeliveryState.HELD:
            return settlement.held_for
        bound = settlement.stays or self.item["held_for"] == REPETITION
        return REPETITION if bound and settlement.state is DeliveryState.QUEUED else ""


class Settling(OutboxChapter):
    """The part of `bot.ports.OutboxStore` that hears what became of claimed items."""

    async def settle(self, settlements: Sequence[Settlement]) -> list[Receipt]:
        if not settlements:
            return []
        if any(each.references for each in settlements):
            await self._others.announce_settling()
        items = {
            row["id"]: row
            for row in await self._sql.rows("lock_items", ids=key_set(each.item_id for each in settlements))
        }
        ours = [
            _Settled(each, item)
            for each in settlements
            if (item := items.get(clean(each.item_id))) and item["owner"] == clean(each.owner)
        ]
        # The last word on an item counts, should there be two.
        effective = {each.item["id"]: each for each in ours if each.item["state"] in _OPEN}.values()
        if effective:
            await self._sql.change("settle", items=to_json({each.item["id"]: each.row() for each in effective}))
            await self._move_on([each for each in effective if each.moves_on])
        early = await self._number_parts(ours)
        await self._tally(ours, effective)
        return early

    async def _move_on(self, settled: Sequence[_Settled]) -> None:
        """These take the next of their ways."""
        turns = [
            way_taken(each.item["id"], each.item["attached"], each.settlement.reason, to_millis(each.settlement.at))
            for each in settled
        ]
        await self._sql.change_many("take_way", turns)
        await self._others.wake({str(turn["channel"]) for turn in turns})

    async def _number_parts(self, settled: Sequence[_Settled]) -> list[Receipt]:
        """Keeps the provider's references; the receipts that had come for them too early."""
        parts = [part for each in settled for part in _parts(each)]
        if not parts:
            return []
        await self._sql.change_many("add_part", parts)
        numbered = {str(place): part for place, part in enumerate(parts)}
        early = await self._sql.rows("unpark", references=to_json(numbered))
        return sorted((receipt_of(row) for row in early), key=lambda receipt: receipt.at)

    async def _tally(self, ours: Sequence[_Settled], effective: Collection[_Settled]) -> None:
        await self._tallies.remember(
            Named(each.item["address"], each.settlement.carrier, each.settlement.at)
            for each in ours
            if each.settlement.carrier
        )
        await self._tallies.charge(
            Charge(each.item["agency"], month_of(each.settlement.at), each.item["parts"], cost)
            for each in effective
            if (cost := each.cost) is not None
        )
        await self._tallies.count(
            Minutes(
                (each.item["gateway"], minute_of(each.settlement.at), column)
                for each in effective
                for column in each.columns
            )
        )


def _parts(settled: _Settled) -> list[dict[str, Any]]:
    return [
        {
            "item_id": settled.item["id"],
            "gateway": settled.item["gateway"],
            "reference": clean(reference),
            "number": number,
            "at": to_millis(settled.settlement.at),
        }
        for number, reference in enumerate(settled.settlement.references, 1)
        if reference
    ]
