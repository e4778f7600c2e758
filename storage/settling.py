"""What senders report of the messages that they had claimed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.model.clock import month_of, to_millis
from bot.model.message import DeliveryState, Receipt
from bot.ports import Settlement
from storage.edge import clean, key_set, millis, to_json
from storage.measuring import Answer
from storage.message_rows import HAS_WAYS, Locked, Part, receipt_of, way_taken
from storage.ordinary import Counted, Ordinary
from storage.tallies import SLOW_MILLIS, Charge, Named, minute_of

REPETITION = "repetition"
"""`held_for` of a waiting item that may have been sent: only the gateway in whose queue it is may repeat it."""
_OPEN = (DeliveryState.SENDING, DeliveryState.UNCERTAIN)
_TAKEN = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)
_PAID = (*_TAKEN, DeliveryState.UNCERTAIN)
_WORDS = (*_TAKEN, DeliveryState.FAILED)
"""A provider's word on a message, yes or no."""
_HEARD = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.EXPIRED)
"""Where a receipt may have brought an item before the answer came that was to settle it."""
_UNSENT = (DeliveryState.SUPPRESSED, DeliveryState.CANCELLED, DeliveryState.SUPERSEDED, DeliveryState.EXPIRED)
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
    item: Locked

    @property
    def way(self) -> int:
        """On which it was answered."""
        return self.item.way if self.settlement.way is None else self.settlement.way

    @property
    def is_effective(self) -> bool:
        """The item is still where it was asked for."""
        return self.item.state in _OPEN and self.way == self.item.way

    @property
    def is_overtaken(self) -> bool:
        """A receipt was quicker; or this answer has been told before."""
        is_there = self.way == self.item.way and self.item.state in _HEARD
        return is_there and self.settlement.attempted and self.settlement.state in _PAID

    @property
    def left_at(self) -> int | None:
        """`sent_at` of an item that a receipt has moved before this answer came."""
        before, at = self.item.sent_at, to_millis(self.settlement.at)
        if self.way or self.settlement.state not in _TAKEN:
            return before
        return at if before is None else min(at, before)

    @property
    def cost(self) -> int | None:
        """What it costs now; None where it costs nothing, or this way was paid for by an earlier answer."""
        return self.settlement.cost if self.settlement.state in _PAID and not self._is_paid else None

    @property
    def _is_paid(self) -> bool:
        if self.way:
            return self.item.paid_way is not None and self.item.paid_way >= self.way
        # Where a receipt has overtaken it, `sent_at` is from there.
        return self.item.cost is not None or (self.item.sent_at is not None and not self.is_overtaken)

    @property
    def total_cost(self) -> int | None:
        """Of all its ways."""
        before, cost = self.item.cost, self.cost
        return before if cost is None else (before or 0) + cost

    @property
    def columns(self) -> tuple[str, ...]:
        """Where its gateway's minute counts it."""
        counts = self.settlement.attempted and self.item.gateway
        state = DeliveryState.FAILED if self.settlement.moves_on else self.settlement.state
        return _COLUMNS.get(state, ()) if counts else ()

    @property
    def end(self) -> tuple[str, ...]:
        """Where its gateway's minute counts the receipt that has overtaken it, which could not know the minute."""
        item, at = self.item, to_millis(self.settlement.at)
        if self.settlement.state is not DeliveryState.ACCEPTED or not item.gateway:
            return ()
        if item.state == DeliveryState.DELIVERED and (self.way or item.sent_at == item.settled_at):
            is_slow = item.settled_at is not None and item.settled_at - at > SLOW_MILLIS
            return ("delivered",) if is_slow else ("delivered", "in_time")
        has_failed = item.state in (DeliveryState.FAILED, DeliveryState.EXPIRED)
        return ("undelivered",) if has_failed and (self.way or item.sent_at is None) else ()

    @property
    def answer(self) -> Answer:
        """What of it is to be measured: the first attempt by the first way, and how this one ended."""
        settlement, item = self.settlement, self.item
        attempted, moves_on = settlement.attempted, settlement.moves_on
        may_end = attempted and (moves_on or settlement.state is DeliveryState.FAILED)
        ended = may_end and self.state is DeliveryState.FAILED
        return Answer(
            item.gateway,
            item.agency,
            item.lane,
            to_millis(settlement.at),
            due_at=item.next_at if attempted and item.attempts == 1 and not self.way else None,
            tried=attempted and (moves_on or settlement.state in _WORDS),
            failed=may_end and (moves_on or ended),
            ended=ended,
        )

    @property
    def state(self) -> DeliveryState:
        """The item's next one. What should take another way and has none has failed; what may have been sent on this
        one waits for a receipt; and what an earlier way has taken is not unsent because this one is shut."""
        wanted = self.settlement.state
        if self.settlement.moves_on and not self.moves_on:
            return DeliveryState.UNCERTAIN if self._repeats else DeliveryState.FAILED
        return DeliveryState.ACCEPTED if wanted in _UNSENT and self._was_taken else wanted

    @property
    def moves_on(self) -> bool:
        return self.settlement.moves_on and HAS_WAYS in self.item.attached and not self._repeats

    @property
    def _repeats(self) -> bool:
        return self.item.held_for == REPETITION

    @property
    def _was_taken(self) -> bool:
        """By the provider of an earlier way, which has not said that it failed."""
        return self.item.way > 0 and self.item.sent_at is not None

    def row(self) -> dict[str, Any]:
        """The item as it is from now on."""
        settlement, item, at = self.settlement, self.item, to_millis(self.settlement.at)
        state, sent_at, cost = self.state, item.sent_at, self.cost
        stays = settlement.stays and state is DeliveryState.QUEUED and item.gateway
        return {
            "channel": item.gateway if stays else item.channel,
            "state": str(state),
            "reason": settlement.reason,
            "at": at,
            "sent_at": at if state in _TAKEN and sent_at is None else sent_at,
            "next_at": item.next_at if settlement.next_at is None else millis(settlement.next_at),
            "attempts": item.attempts - (not settlement.attempted),
            "held_for": self._held_for(),
            "carrier": settlement.carrier or item.carrier,
            "cost": self.total_cost,
            "paid_way": item.paid_way if cost is None else self.way,
            "fallback_at": self._fallback_at(),
        }

    def _held_for(self) -> str:
        """What it waits for from now on; one that may have been sent stays bound to its gateway until it is settled."""
        settlement = self.settlement
        if settlement.state in (DeliveryState.HELD, DeliveryState.ACCEPTED):
            return settlement.held_for
        bound = settlement.stays or self._repeats
        return REPETITION if bound and settlement.state is DeliveryState.QUEUED and not settlement.moves_on else ""

    def _fallback_at(self) -> int | None:
        settlement = self.settlement
        if HAS_WAYS not in self.item.attached:
            return None
        if settlement.fallback_at is None and settlement.state is DeliveryState.QUEUED:
            return self.item.fallback_at
        return millis(settlement.fallback_at)


class Settling(Ordinary):
    """The part of `bot.ports.OutboxStore` that hears what became of claimed items."""

    async def settle(self, settlements: Sequence[Settlement]) -> list[Receipt]:
        if not settlements:
            return []
        if any(each.references for each in settlements):
            await self._others.announce_settling()
        counted = Counted()
        if rest := await self._settle_ordinary(settlements, counted):
            await self._settle_rest(rest, counted)
        early = await self._unpark(counted.parts) if counted.parts else []
        await self._tallies.charge(counted.charges)
        await self._tallies.charge_dossiers(counted.dossiers)
        await self._measures.count(counted.answers)
        await self._tallies.count(counted.minutes)
        return early

    async def _settle_rest(self, settlements: Sequence[Settlement], counted: Counted) -> None:
        items = {
            row[0]: Locked(*row)
            for row in await self._sql.rows("lock_items", ids=key_set(each.item_id for each in settlements))
        }
        ours = [
            _Settled(each, item)
            for each in settlements
            if (item := items.get(clean(each.item_id))) and item.owner == clean(each.owner)
        ]
        # The last word on an item counts, should there be two.
        effective = {each.item.id: each for each in ours if each.is_effective}.values()
        if effective:
            await self._sql.change("settle", items=to_json({each.item.id: each.row() for each in effective}))
            await self._move_on([each for each in effective if each.moves_on])
        overtaken = await self._overtaken(ours)
        late = [each for each in ours if each.way < each.item.way and each.cost is not None]
        await self._sql.change_many("settle_late", [_settled_late(each) for each in [*late, *overtaken]])
        parts = [part for each in ours for part in _parts(each)]
        await self._sql.change_many("add_part", parts)
        await self._sql.change_many("number_part", [part for each in overtaken for part in _parts(each)])
        counted.parts += [(part["gateway"], part["reference"]) for part in parts]
        await self._note_bypasses([*effective, *overtaken])
        await self._tallies.remember(
            Named(each.item.address, each.settlement.carrier, each.settlement.at)
            for each in ours
            if each.settlement.carrier
        )
        _count(counted, [*effective, *overtaken], [*effective, *late, *overtaken])
        for each in overtaken:
            counted.minutes.update((each.item.gateway, minute_of(each.settlement.at), column) for column in each.end)

    async def _overtaken(self, ours: Collection[_Settled]) -> Collection[_Settled]:
        """The answers that come after a receipt and are told for the first time: one told before was paid for, or has
        numbered its parts. What costs nothing and names none cannot be told apart, and is left alone."""
        found = {each.item.id: each for each in ours if each.is_overtaken}
        rows = [Part(*row) for row in await self._sql.rows("parts_of", ids=key_set(found))] if found else []
        known = {(part.item_id, part.way) for part in rows if part.number}
        return [
            each
            for each in found.values()
            if each.cost is not None or (_parts(each) and (each.item.id, each.way) not in known)
        ]

    async def _note_bypasses(self, effective: Collection[_Settled]) -> None:
        """What left in quiet hours; a person's word, which came before, stays."""
        rows = [
            {
                "item_id": each.item.id,
                "at": to_millis(each.settlement.at),
                "rule": clean(each.settlement.bypass),
                "ordered_by": "",
            }
            for each in effective
            if each.settlement.bypass and each.state in _PAID
        ]
        await self._sql.change_many("note_bypass", rows)

    async def _move_on(self, settled: Sequence[_Settled]) -> None:
        """These take the next of their ways: nothing was sent by the present one."""
        turns = [
            way_taken(each.item, each.settlement.reason, to_millis(each.settlement.at), keeps_sent_at=each.item.way > 0)
            for each in settled
        ]
        await self._sql.change_many("take_way", turns)
        await self._others.wake({str(turn["channel"]) for turn in turns})

    async def _unpark(self, named: Sequence[tuple[str, str]]) -> list[Receipt]:
        """The receipts that had come too early for these parts."""
        if not await self._sql.value("parked_any"):
            return []
        numbered = {str(place): {"gateway": each[0], "reference": each[1]} for place, each in enumerate(named)}
        early = await self._sql.rows("unpark", references=to_json(numbered))
        return sorted((receipt_of(row) for row in early), key=lambda receipt: receipt.at)


def _count(counted: Counted, effective: Collection[_Settled], paid: Sequence[_Settled]) -> None:
    for each in paid:
        if (cost := each.cost) is not None:
            month = month_of(each.settlement.at)
            counted.charges.append(Charge(each.item.agency, month, each.item.parts, cost))
            if cost and each.item.code:
                counted.dossiers.append((each.item.source, each.item.code, cost))
    for each in effective:
        counted.answers.append(each.answer)
        for column in each.columns:
            counted.minutes[each.item.gateway, minute_of(each.settlement.at), column] += 1


def _parts(settled: _Settled) -> list[dict[str, Any]]:
    return [
        {
            "item_id": settled.item.id,
            "gateway": settled.item.gateway,
            "reference": clean(reference),
            "number": number,
            "way": settled.way,
            "at": to_millis(settled.settlement.at),
        }
        for number, reference in enumerate(settled.settlement.references, 1)
        if reference
    ]


def _settled_late(settled: _Settled) -> dict[str, Any]:
    """What an item learns from an answer to a way that it has left, or that a receipt has overtaken."""
    item, cost = settled.item, settled.cost
    return {
        "id": item.id,
        "cost": settled.total_cost,
        "paid_way": item.paid_way if cost is None else settled.way,
        "sent_at": settled.left_at if settled.is_overtaken else item.sent_at,
    }
