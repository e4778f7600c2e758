"""The page of the day: what is due, what is held, what failed, who is told by hand."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.model.apology import Apology, ApologyState
from bot.model.clock import from_millis, to_millis
from bot.model.message import DeliveryState, OutboxItem
from bot.ports.deadlines import Due, Place
from bot.ports.today import ByHand, DuesOf, FailedFor, HeldGroup, ToldByHand, Unheard
from storage.apologies import apology_of
from storage.deadlines import among, due_of, span_of
from storage.edge import key_set
from storage.message_rows import item_of
from storage.proving import first_id
from storage.statements import Row, Statements
from storage.watching import NEWEST, unreached_of

_FAR = 1 << 62
"""Beyond every moment."""


class Today:
    """`bot.ports.TodayStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def dues(self, *, since: datetime, now: datetime, soon: datetime, next_day: datetime) -> list[DuesOf]:
        span = {"since": since, "now": now, "soon": soon, "next_day": next_day}
        rows = await self._sql.rows("today_dues", **{name: to_millis(each) for name, each in span.items()})
        return [DuesOf(row["agency"], row["soon"], row["next_day"], row["overdue"]) for row in rows]

    async def due(
        self, agencies: Collection[str], *, since: datetime, until: datetime, after: Place | None, limit: int
    ) -> list[Due]:
        values = {**among(agencies), **span_of(since, until, after)}
        return [due_of(row) for row in await self._sql.rows("today_due", most=limit, **values)]

    async def held(self) -> list[HeldGroup]:
        return [
            HeldGroup(
                held_for=row["held_for"],
                agency=row["agency"],
                source=row["source"],
                situation=row["situation"],
                until=from_millis(row["until"]),
                messages=row["messages"],
            )
            for row in await self._sql.rows("today_held")
        ]

    async def quiet(
        self, agencies: Collection[str], *, situation: str = "", after: str = "", limit: int
    ) -> list[OutboxItem]:
        rows = await self._sql.rows("today_quiet", situation=situation, after=after, most=limit, **among(agencies))
        return [item_of(row) for row in rows]

    async def quiet_among(self, ids: Collection[str], agencies: Collection[str]) -> list[OutboxItem]:
        rows = await self._sql.rows("today_quiet_among", ids=key_set(ids), **among(agencies)) if ids else []
        return [item_of(row) for row in rows]

    async def failed(self, agencies: Collection[str], *, since: datetime, most: int) -> list[FailedFor]:
        rows = await self._sql.rows("today_failed", since=first_id(since), most=most, **among(agencies))
        return [FailedFor(DeliveryState(row["state"]), row["channel"], row["reason"], row["messages"]) for row in rows]

    async def unheard(
        self, agencies: Collection[str], *, since: datetime, before: str = "", limit: int
    ) -> list[Unheard]:
        values = {**among(agencies), "since": first_id(since), "before": before or NEWEST}
        return [_unheard_of(row) for row in await self._sql.rows("today_unheard", most=limit, **values)]

    async def told_by_hand(self, told: Sequence[ToldByHand]) -> int:
        rows = [
            {"code": each.code, "source": each.source, "way": each.way, "done_by": each.by, "at": to_millis(each.at)}
            for each in sorted(told, key=lambda each: (each.code, each.source))
        ]
        await self._sql.change_many("told_by_hand", rows)
        return len(rows)

    async def apologies(
        self,
        state: ApologyState,
        agencies: Collection[str],
        *,
        beyond: tuple[datetime, str] | None = None,
        limit: int,
    ) -> list[Apology]:
        is_draft = state is ApologyState.DRAFT
        at, name = (to_millis(beyond[0]), beyond[1]) if beyond else (0 if is_draft else _FAR, "")
        values = {**among(agencies), "beyond_at": at, "beyond_id": name, "most": limit}
        if is_draft:
            rows = await self._sql.rows("today_drafts", **values)
        else:
            rows = await self._sql.rows("today_apologies", state=str(state), **values)
        return [apology_of(row) for row in rows]


def _unheard_of(row: Row) -> Unheard:
    told = row["told_way"] and ToldByHand(
        source=row["source"],
        code=row["code"],
        way=ByHand(row["told_way"]),
        by=row["told_by"],
        at=from_millis(row["told_at"]),
    )
    return Unheard(unreached_of(row), told or None)
