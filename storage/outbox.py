"""The queue of messages: planned once, claimed by one sender at a time, never lost from sight."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from secrets import token_hex

from bot.model.broadcast import BroadcastState
from bot.model.clock import to_millis
from bot.model.dossier import Status
from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Claimed, Rerouted, Standing
from storage.edge import clean, key_set, moment, to_json
from storage.fallback import Fallback
from storage.holds import Holds
from storage.ledger import Ledger
from storage.message_rows import Waiting, item_of, item_row, way_taken
from storage.receipts import Receipts
from storage.settling import REPETITION, Settling
from storage.statements import Row
from storage.tallies import Minutes, minute_of

_SUPERSEDED = "a newer message took its place"
_EXPIRED = "waited past its end"
_LAPSED = "the sender's lease ended"
_ABANDONED = "the gateway that may have sent it is no longer configured"


_STATUSES = {int(each): each for each in Status}
_STOPPED = (BroadcastState.PAUSED, BroadcastState.CANCELLED)
_FEW = 2
"""Messages that are planned one by one; from three on, sets of them cost fewer statements."""
_COLUMNS = (
    "id", "dedupe_key", "origin", "channel", "address", "lane", "situation", "text", "source", "code", "parts",
    "created_at", "next_at", "expires_at", "status", "appointment_at", "state", "attempts", "reason", "sent_at",
    "settled_at", "agency", "route", "sender", "gateway", "carrier", "cost", "attached", "owner",
)  # fmt: skip
"""What `item_row` gives, in its order."""
_ORIGIN, _CHANNEL = _COLUMNS.index("origin"), _COLUMNS.index("channel")


class Outbox(Settling, Receipts, Fallback, Holds, Ledger):
    """`bot.ports.OutboxStore` in SQL."""

    async def enqueue(self, items: Sequence[OutboxItem]) -> int:
        wanted: dict[str, OutboxItem] = {}
        for item in items:
            wanted.setdefault(clean(item.dedupe_key), item)
        if len(wanted) <= _FEW:
            return await self._enqueue_few(wanted)
        # Another machine may be planning the same events: only what arrived by this very call counts.
        call = token_hex(8)
        # Sorted, so that two writers of the same events meet at the same key and cannot wait for each other.
        rows = [item_row(item, call) for _, item in sorted(wanted.items())]
        if await self._sql.change_many("enqueue", rows) == len(rows):
            return await self._planned([(row[_ORIGIN], row[_CHANNEL]) for row in rows])
        arrived = await self._sql.rows("arrived", ids=key_set(row[0] for row in rows), owner=call)
        return await self._arrived(arrived, wanted)

    async def _enqueue_few(self, wanted: Mapping[str, OutboxItem]) -> int:
        """A reply, as a rule: each in a statement that says itself whether it arrived."""
        arrived: list[Row] = []
        for _, item in sorted(wanted.items()):
            arrived += await self._sql.rows("enqueue_one", **dict(zip(_COLUMNS, item_row(item, ""), strict=True)))
        return await self._arrived(arrived, wanted) if wanted else 0

    async def _arrived(self, arrived: Sequence[Row], wanted: Collection[str]) -> int:
        """Counts as planned what has arrived; raises ValueError where another one has its id."""
        if len(arrived) < len(wanted) and len(await self._planned_before(wanted)) < len(wanted):
            raise ValueError("duplicate id: two messages have the same id")
        return await self._planned([(row["origin"], row["channel"]) for row in arrived])

    async def _planned(self, arrived: Sequence[tuple[str, str]]) -> int:
        """Counts messages as planned, by origin and channel, and wakes who sends them."""
        planned = Counter(origin for origin, _ in arrived)
        await self._sql.change_many(
            "plan", [{"origin": origin, "planned": number} for origin, number in sorted(planned.items())]
        )
        await self._others.wake({channel for _, channel in arrived})
        return len(arrived)

    async def supersede(self, items: Sequence[OutboxItem], *, keep: Collection[Situation] = (), at: datetime) -> int:
        newer = {
            item.id: {
                "source": item.source,
                "code": item.code,
                "address": item.address.key,
                "origin": item.origin,
            }
            for item in items
            if item.code
        }
        if not newer:
            return 0
        values = {"items": to_json(newer), "kept": key_set(keep), "reason": _SUPERSEDED, "at": to_millis(at)}
        # One statement for each of the two small indexes.
        return await self._sql.change("supersede", **values) + await self._sql.change("supersede_held", **values)

    async def due(self, queues: Collection[str], *, now: datetime) -> list[tuple[str, Lane]]:
        if not queues:
            return []
        rows = await self._sql.rows("due", queues=key_set(queues), now=to_millis(now))
        firsts = sorted((row["lane"], row["next_at"], row["queue"]) for row in rows)
        return [(queue, Lane(lane)) for lane, _, queue in firsts]

    async def claim(
        self,
        queue: str,
        *,
        gateway: str = "",
        owner: str,
        now: datetime,
        lease_until: datetime,
        limit: int,
        lanes: int = 3,
    ) -> list[Claimed]:
        await self._others.announce_claiming()
        rows = await self._sql.rows(
            "claim",
            queue=queue,
            gateway=gateway or queue,
            owner=owner,
            now=to_millis(now),
            lease_until=to_millis(lease_until),
            lanes=lanes,
            most=limit,
        )
        return [_claimed(row) for row in sorted(rows, key=_turn)]

    async def lapse(self, *, now: datetime, requeue: Collection[str]) -> int:
        lapsed = await self._sql.rows("lapse", now=to_millis(now), requeue=key_set(requeue), reason=_LAPSED)
        lost = [row["gateway"] for row in lapsed if row["state"] == DeliveryState.UNCERTAIN]
        await self._others.wake({row["channel"] for row in lapsed if row["state"] == DeliveryState.QUEUED})
        await self._tallies.count(Minutes((gateway, minute_of(now), "uncertain") for gateway in lost if gateway))
        return len(lapsed)

    async def hand_back(self, owner: str, *, gateway: str, besides: Collection[str], at: datetime) -> int:
        values = {"owner": owner, "gateway": gateway, "besides": key_set(besides), "at": to_millis(at)}
        returned = await self._sql.rows("hand_back", **values)
        returned += await self._sql.rows("hand_back_lapsed", **values, reason=_LAPSED)
        await self._others.wake({row["channel"] for row in returned})
        return len(returned)

    async def expire(self, *, now: datetime) -> int:
        values = {"now": to_millis(now), "reason": _EXPIRED}
        return await self._sql.change("expire", **values) + await self._sql.change("expire_held", **values)

    async def orphans(self, known: Collection[str], *, scheme: str) -> list[str]:
        rows = await self._sql.rows("orphans", known=key_set(known), scheme=f"{scheme}:")
        return sorted(row["queue"] for row in rows)

    async def requeue(self, queue: str, into: str, *, at: datetime) -> int:
        values = {"queue": queue, "target": into}
        moved = await self._sql.change("requeue", **values)
        await self._sql.change("abandon", queue=queue, reason=_ABANDONED, now=to_millis(at))
        await self._others.wake({into} if moved else ())
        return moved + await self._sql.change("requeue_held", **values)

    async def reroute(self, queue: str, *, reason: str, at: datetime, limit: int) -> list[Rerouted]:
        waiting = [Waiting(*row) for row in await self._sql.rows("waiting_with_ways", queue=queue, most=limit)]
        turns = [way_taken(row, reason, to_millis(at), keeps_sent_at=True) for row in waiting]
        await self._sql.change_many("take_way", turns)
        await self._others.wake({str(turn["channel"]) for turn in turns})
        return [
            Rerouted(Address.of(row.address), Address.of(turn["address"]), turn["channel"], turn["route"])
            for row, turn in zip(waiting, turns, strict=True)
        ]

    async def call_off(self, address: Address, *, reason: str, at: datetime) -> int:
        return await self._sql.change("call_off", address=address.key, reason=reason, now=to_millis(at))

    async def next_due(self, queues: Collection[str]) -> datetime | None:
        return moment(await self._sql.value("next_due", queues=key_set(queues)))

    async def history(self, address: Address, *, after: str, limit: int) -> list[OutboxItem]:
        rows = await self._sql.rows("history", address=address.key, after=after, most=limit)
        return [item_of(row) for row in rows]

    async def fed(self, keys: Collection[str], *, after: str, since: datetime) -> list[OutboxItem]:
        rows = await self._sql.rows("fed", addresses=key_set(keys), after=after, since=to_millis(since))
        return [item_of(row) for row in rows]

    async def get(self, item_id: str) -> OutboxItem | None:
        row = await self._sql.row("item", id=item_id)
        return item_of(row) if row else None

    async def of_origins(self, origins: Collection[str]) -> list[OutboxItem]:
        return [item_of(row) for row in await self._sql.rows("of_origins", origins=key_set(origins))]

    async def listed(self, state: DeliveryState, *, limit: int) -> list[OutboxItem]:
        if state is DeliveryState.UNCERTAIN:
            rows = await self._sql.rows("listed_uncertain", most=limit)
        else:
            rows = await self._sql.rows("listed", state=str(state), most=limit)
        return [item_of(row) for row in rows]

    async def _planned_before(self, keys: Collection[str]) -> list[str]:
        if not keys:
            return []
        return [row["dedupe_key"] for row in await self._sql.rows("planned_before", keys=key_set(keys))]


def _turn(row: Row) -> tuple[int, int, str]:
    return (row["lane"], row["next_at"], row["id"])


def _claimed(row: Row) -> Claimed:
    """By position, as `item_of`: these are the last columns of `claim`."""
    *_, held_for, status, appointment_at, carrier, unwanted_since, heard_at, dossier_cost, broadcast_state = row
    item = item_of(row)
    if heard_at:
        item = replace(item, heard_at=moment(heard_at))
    return Claimed(
        item,
        None if status is None else Standing(_STATUSES[status], moment(appointment_at)),
        carrier or "",
        unwanted_since is not None,
        held_for == REPETITION,
        dossier_cost or 0,
        stopped=broadcast_state in _STOPPED,
        called_off=broadcast_state == BroadcastState.CANCELLED,
    )
