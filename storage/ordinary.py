"""The ordinary case in few statements: a message that was taken on its first way, and the receipt of its one part.

Whatever is not ordinary is left to `Settling` and `Receipts`, which can do all of it, at three times the cost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bot.model.clock import month_of, to_millis
from bot.model.message import DeliveryState, Receipt
from bot.ports import Settlement
from storage.edge import clean, to_json
from storage.measuring import Answer
from storage.outbox_chapter import OutboxChapter, recent_id
from storage.statements import Row
from storage.tallies import SLOW_MILLIS, Charge, Minutes

_COLUMNS: Mapping[DeliveryState, tuple[str, ...]] = {
    DeliveryState.ACCEPTED: ("accepted",),
    DeliveryState.DELIVERED: ("accepted", "delivered", "in_time"),
}
"""Where an answer is counted."""
_MINUTE = 60_000


@dataclass(slots=True)
class Counted:
    """What a batch of settlements comes to. Written when all else of the batch is: every settler waits at the rows of
    its gateway's minute for the one before it, and must want nothing more by then."""

    parts: list[tuple[str, str]] = field(default_factory=list)
    """Gateway and reference of the parts that providers have named."""
    charges: list[Charge] = field(default_factory=list)
    dossiers: list[tuple[str, str, int]] = field(default_factory=list)
    """Source, code and đồng."""
    answers: list[Answer] = field(default_factory=list)
    minutes: Minutes = field(default_factory=Minutes)


class _Kind(NamedTuple):
    """What ordinary settlements share that go in one statement."""

    owner: str
    state: DeliveryState
    cost: int | None


class Ordinary(OutboxChapter):
    """The part of `bot.ports.OutboxStore` through which most messages go."""

    async def _settle_ordinary(self, settlements: Sequence[Settlement], counted: Counted) -> list[Settlement]:
        """Settles what is ordinary; gives back the rest."""
        kinds: dict[_Kind, dict[str, Settlement]] = {}
        rest = []
        for each in settlements:
            if _is_ordinary(each):
                kinds.setdefault(_Kind(each.owner, each.state, each.cost), {})[each.item_id] = each
            else:
                rest.append(each)
        if sum(map(len, kinds.values())) + len(rest) < len(settlements) or len({e.item_id for e in rest}) < len(rest):
            return list(settlements)  # Two words on one item: the last one counts.
        for kind in sorted(kinds, key=lambda each: (each.owner, each.state, each.cost or 0)):
            done = await self._settle_kind(kind, kinds[kind], counted)
            if len(done) < len(kinds[kind]):
                rest += [each for key, each in kinds[kind].items() if key not in done]
        return rest

    async def _settle_kind(self, kind: _Kind, members: Mapping[str, Settlement], counted: Counted) -> set[str]:
        """The items that were as expected, and are settled."""
        at = {key: to_millis(members[key].at) for key in sorted(members)}
        rows = await self._sql.rows(
            "settle_ordinary", items=to_json(at), owner=kind.owner, state=str(kind.state), cost=kind.cost
        )
        columns, parts = _COLUMNS[kind.state], []
        for item_id, gateway, agency, lane, next_at, attempts, number, source, code in rows:
            each, when = members[item_id], at[item_id]
            due_at = next_at if attempts == 1 else None
            counted.answers.append(Answer(gateway, agency, lane, when, due_at, True, False, False))
            for place, reference in enumerate(each.references, 1):
                if reference:
                    parts.append((gateway, clean(reference), item_id, place, when, 0))
            if gateway:
                minute = when // _MINUTE * _MINUTE
                for column in columns:
                    counted.minutes[gateway, minute, column] += 1
            if kind.cost is not None:
                counted.charges.append(Charge(agency, month_of(each.at), number, kind.cost))
                if code and kind.cost:
                    counted.dossiers.append((source, code, kind.cost))
        await self._sql.change_many("add_part", parts)
        counted.parts += [(gateway, reference) for gateway, reference, *_ in parts]
        return {row[0] for row in rows}

    async def arrive(self, receipts: Sequence[Receipt]) -> list[Receipt]:
        """Records those that say of the one part of a message that it has arrived; gives back the rest."""
        by_channel: dict[str, dict[str, Receipt]] = {}
        rest = []
        for each in receipts:
            known = by_channel.setdefault(each.channel, {})
            if _is_plain(each) and each.reference not in known:
                known[each.reference] = each
            else:
                rest.append(each)
        minutes = Minutes()
        for channel, plain in sorted(by_channel.items()):
            rest += await self._arrive(channel, plain, minutes)
        if len(rest) < len(receipts):
            await self._tallies.count(minutes)
        # In the order in which they came: the last of several receipts of one part counts.
        left = {id(each) for each in rest}
        return [each for each in receipts if id(each) in left]

    async def _arrive(self, channel: str, plain: Mapping[str, Receipt], minutes: Minutes) -> list[Receipt]:
        """Those that were not as expected."""
        if not plain:
            return []
        wanted = to_json(dict.fromkeys(sorted(map(clean, plain)), 0))
        found: dict[str, Row] = {}
        doubled = set()
        for row in await self._sql.rows("arrivals", channel=channel, parts=wanted, recent=recent_id(plain.values())):
            if row[0] in found:
                doubled.add(row[0])
            found[row[0]] = row
        items: list[tuple[Any, ...]] = []
        parts: list[tuple[Any, ...]] = []
        rest = []
        for reference, receipt in plain.items():
            there = found.get(clean(reference))
            if there is None or there[0] in doubled or not there[4] or receipt.item_id not in ("", there[1]):
                rest.append(receipt)
                continue
            stored, item_id, gateway, sent_at, _ = there
            at = to_millis(receipt.at)
            items.append((clean(receipt.reason), at, at, item_id))
            parts.append((channel, stored, item_id))
            if gateway and sent_at is not None:
                minute = sent_at // _MINUTE * _MINUTE
                minutes[gateway, minute, "delivered"] += 1
                if at - sent_at <= SLOW_MILLIS:
                    minutes[gateway, minute, "in_time"] += 1
        await self._sql.change_many("arrive_part", parts)
        await self._sql.change_many("arrive_item", items)
        return rest


def _is_ordinary(each: Settlement) -> bool:
    """Taken by the provider on the first way, with nothing to be remembered but what it costs."""
    return (
        each.state in _COLUMNS
        and each.attempted
        and not each.way
        and not each.reason
        and not each.carrier
        and not each.held_for
        and not each.bypass
        and each.fallback_at is None
    )


def _is_plain(each: Receipt) -> bool:
    """Of a part, found by the provider's reference, final and good, with nothing else to be learnt from it."""
    return (
        each.state is DeliveryState.DELIVERED and bool(each.reference) and not (each.carrier or each.seen or each.whole)
    )
