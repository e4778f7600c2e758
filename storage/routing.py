"""How gateways and routes fare, and what people and the watch ordered for them."""

from collections.abc import Collection
from datetime import datetime

from bot.model.clock import from_millis, to_millis
from bot.ports import Minute, Move, Pause
from storage.edge import key_set
from storage.statements import Row, Statements

_WHOLE = 100
"""Percent of its configured weight that a gateway has until it is moved, and a route always."""


class Routing:
    """`bot.ports.RoutingStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def shares(self) -> dict[str, int]:
        return {row["name"]: row["share"] for row in await self._sql.rows("shares")}

    async def move(self, move: Move) -> None:
        await self._sql.change("set_share", name=move.name, share=move.after)
        await self._note(move)

    async def pauses(self) -> dict[str, Pause]:
        return {row["name"]: _pause_of(row) for row in await self._sql.rows("pauses")}

    async def pause(self, pause: Pause) -> bool:
        stopped = await self._sql.change(
            "pause", name=pause.name, at=to_millis(pause.at), ordered_by=pause.by, reason=pause.reason
        )
        if stopped:
            before = await self._share(pause.name)
            await self._note(Move(pause.name, pause.at, before, 0, pause.reason, pause.by))
        return bool(stopped)

    async def resume(self, name: str, *, at: datetime, by: str, reason: str) -> bool:
        resumed = await self._sql.change("resume", name=name)
        if resumed:
            await self._note(Move(name, at, 0, await self._share(name), reason, by))
        return bool(resumed)

    async def moves(self, *, limit: int, name: str | None = None) -> list[Move]:
        if name is None:
            rows = await self._sql.rows("moves", most=limit)
        else:
            rows = await self._sql.rows("moves_of", name=name, most=limit)
        return [_move_of(row) for row in rows]

    async def minutes(self, *, since: datetime) -> list[Minute]:
        return [_minute_of(row) for row in await self._sql.rows("minutes", since=to_millis(since))]

    async def forget_minutes(self, *, before: datetime) -> int:
        return await self._sql.change("forget_minutes", before=to_millis(before))

    async def carriers(self, addresses: Collection[str]) -> dict[str, str]:
        if not addresses:
            return {}
        rows = await self._sql.rows("carriers", addresses=key_set(addresses))
        return {row["address"]: row["carrier"] for row in rows}

    async def _share(self, name: str) -> int:
        return (await self.shares()).get(name, _WHOLE)

    async def _note(self, move: Move) -> None:
        await self._sql.change(
            "note_move",
            name=move.name,
            at=to_millis(move.at),
            share_before=move.before,
            share_after=move.after,
            reason=move.reason,
            ordered_by=move.by,
        )


def _pause_of(row: Row) -> Pause:
    return Pause(row["name"], from_millis(row["paused_at"]), row["ordered_by"], row["reason"])


def _move_of(row: Row) -> Move:
    return Move(
        name=row["name"],
        at=from_millis(row["moved_at"]),
        before=row["share_before"],
        after=row["share_after"],
        reason=row["reason"],
        by=row["ordered_by"],
    )


def _minute_of(row: Row) -> Minute:
    return Minute(
        gateway=row["gateway"],
        minute=from_millis(row["minute"]),
        accepted=row["accepted"],
        errors=row["errors"],
        uncertain=row["uncertain"],
        rejected=row["rejected"],
        delivered=row["delivered"],
        undelivered=row["undelivered"],
        in_time=row["in_time"],
    )
