"""After a return to an older state: what may have been sent meanwhile, and which sources may tell it again."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.model.clock import from_millis, to_millis
from bot.model.message import DeliveryState, OutboxItem
from bot.ports.restoring import Doubt, Doubtful, Policy
from storage.coordination import Coordination
from storage.edge import key_set
from storage.message_rows import item_of
from storage.statements import Row, Statements

_PASSING = ("staff_sessions", "staff_invitations", "invitations", "one_time_codes", "heartbeats", "shares")


class Restores:
    """`bot.ports.restoring.RestoreStore` in SQL."""

    def __init__(self, sql: Statements, others: Coordination) -> None:
        self._sql = sql
        self._others = others

    async def doubt(self, source: str) -> Doubt | None:
        row = await self._sql.row("doubt", source=source)
        return _doubt(row) if row else None

    async def doubts(self) -> list[Doubt]:
        return [_doubt(row) for row in await self._sql.rows("doubts")]

    async def open(self, doubts: Sequence[Doubt]) -> None:
        rows = [
            {
                "source": each.source,
                "taken_at": to_millis(each.taken_at),
                "restored_at": to_millis(each.restored_at),
                "policy": str(each.policy),
                "ends_by_itself": int(each.ends_by_itself),
            }
            for each in sorted(doubts, key=lambda each: each.source)
        ]
        await self._sql.change_many("doubt_open", rows)
        for row in rows:
            await self._sql.change("doubt_revision", source=row["source"])

    async def close(self, source: str, *, at: datetime) -> bool:
        closed = await self._sql.change("doubt_close", source=source, at=to_millis(at))
        if closed:
            await self._sql.change("doubt_revision", source=source)
        return bool(closed)

    async def hold_back(self, ids: Collection[str]) -> None:
        await self._sql.change("hold_back", ids=key_set(ids))

    async def unsettle(self, *, besides: Collection[str], reason: str, at: datetime) -> dict[DeliveryState, int]:
        kept = key_set(besides)
        found = {DeliveryState(row["state"]): row["items"] for row in await self._sql.rows("unsettled", besides=kept)}
        await self._sql.change("unsettle", besides=kept, reason=reason, now=to_millis(at))
        return found

    async def bar_ways(self, *, reason: str) -> int:
        return await self._sql.change("bar_ways", reason=reason)

    async def forget_passing(self, *, day: str, numbers: int) -> dict[str, int]:
        gone = {table: await self._sql.change(f"forget_{table}") for table in _PASSING}
        await self._sql.change("free_leases")
        await self._sql.change("raise_numbers", day=day, numbers=numbers)
        return gone

    async def living(self, *, now: datetime, since: datetime) -> list[str]:
        rows = await self._sql.rows("living", now=to_millis(now), since=to_millis(since))
        return [row["owner"] for row in rows]

    async def old_vaults(self) -> list[str]:
        return [row["name"] for row in await self._sql.rows("old_vaults")]

    async def doubtful(self) -> list[Doubtful]:
        return [
            Doubtful(
                DeliveryState(row["state"]),
                row["channel"],
                row["source"],
                row["situation"],
                row["items"],
                from_millis(row["until"]),
            )
            for row in await self._sql.rows("doubtful")
        ]

    async def items(self, *, after: str, limit: int) -> list[OutboxItem]:
        return [item_of(row) for row in await self._sql.rows("doubtful_items", after=after, most=limit)]

    async def release(
        self, ids: Collection[str] | None, *, states: Collection[DeliveryState], source: str, channel: str, at: datetime
    ) -> int:
        rows = await self._sql.rows(
            "release_doubtful",
            ids=key_set(ids or ()),
            everything=int(ids is None),
            states=key_set(map(str, states)),
            source=source,
            channel=channel,
            now=to_millis(at),
        )
        await self._others.wake({row["channel"] for row in rows})
        return len(rows)

    async def drop(
        self,
        ids: Collection[str] | None,
        *,
        states: Collection[DeliveryState],
        source: str,
        channel: str,
        reason: str,
        at: datetime,
    ) -> int:
        return await self._sql.change(
            "drop_doubtful",
            ids=key_set(ids or ()),
            everything=int(ids is None),
            states=key_set(map(str, states)),
            source=source,
            channel=channel,
            reason=reason,
            now=to_millis(at),
        )


def _doubt(row: Row) -> Doubt:
    return Doubt(
        row["source"],
        from_millis(row["taken_at"]),
        from_millis(row["restored_at"]),
        Policy(row["policy"]),
        bool(row["ends_by_itself"]),
    )
