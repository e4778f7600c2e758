"""Broadcasts: what they say to whom, who decided what about them, and how far they have come."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.model.broadcast import Act, Audience, Broadcast, BroadcastState, Recipient, Result, Tally, origins
from bot.model.clock import VIETNAM, from_millis, to_millis
from bot.model.message import DeliveryState
from bot.ports.broadcasts import Meant
from storage.broadcast_rows import broadcast_of, recipient_of, recipient_row, result_of, saved
from storage.coordination import Coordination
from storage.deadlines import among
from storage.edge import key_set, moment, to_json
from storage.statements import Statements


class Broadcasts:
    """`bot.ports.BroadcastStore` in SQL."""

    def __init__(self, sql: Statements, others: Coordination) -> None:
        self._sql = sql
        self._others = others

    async def add(self, broadcast: Broadcast) -> Broadcast:
        day = broadcast.made_at.astimezone(VIETNAM).strftime("%y%m%d")
        number = int(await self._sql.value("broadcast_number", day=day))
        made = replace(broadcast, id=f"PT-{day}-{number:04}")
        await self._sql.change("broadcast_add", id=made.id, origins=origins(made.id), **saved(made))
        return made

    async def get(self, broadcast_id: str) -> Broadcast | None:
        row = await self._sql.row("broadcast_one", id=broadcast_id)
        return broadcast_of(row) if row else None

    async def save(self, broadcast: Broadcast, act: Act | None = None) -> None:
        await self._sql.change("broadcast_save", id=broadcast.id, **saved(broadcast))
        if act:
            await self.note(broadcast.id, act)

    async def note(self, broadcast_id: str, act: Act) -> None:
        await self._sql.change(
            "broadcast_act", broadcast=broadcast_id, at=to_millis(act.at), what=act.what, done_by=act.by,
            detail=act.detail,
        )  # fmt: skip

    async def listed(
        self, agencies: Collection[str], *, before: str, limit: int, states: Collection[BroadcastState] = ()
    ) -> list[Broadcast]:
        rows = await self._sql.rows(
            "broadcasts_listed",
            states=key_set(states),
            any_state=int(not states),
            before=before,
            most=limit,
            **among(agencies),
        )
        return [broadcast_of(row) for row in rows]

    async def in_states(self, states: Collection[BroadcastState]) -> list[Broadcast]:
        return [broadcast_of(row) for row in await self._sql.rows("broadcasts_in", states=key_set(states))]

    async def sent_with(self, digest: str) -> str:
        return await self._sql.value("broadcast_sent_with", digest=digest) or ""

    async def one_by_one(self) -> None:
        await self._sql.change("broadcasts_one_by_one")

    async def acts(self, broadcast_id: str) -> list[Act]:
        rows = await self._sql.rows("broadcast_acts_of", broadcast=broadcast_id)
        return [Act(from_millis(row["at"]), row["what"], row["done_by"], row["detail"]) for row in rows]

    # Its recipients

    async def add_rows(self, broadcast_id: str, rows: Sequence[Recipient]) -> int:
        kept = {str(each.number): recipient_row(each) for each in reversed(rows)}
        return await self._sql.change("broadcast_rows_add", broadcast=broadcast_id, rows=to_json(kept)) if kept else 0

    async def drop_rows(self, broadcast_id: str, *, limit: int) -> int:
        return await self._sql.change("broadcast_rows_drop", broadcast=broadcast_id, most=limit)

    async def rows(self, broadcast_id: str, *, after: int, limit: int) -> list[Recipient]:
        rows = await self._sql.rows("broadcast_rows", broadcast=broadcast_id, after=after, most=limit)
        return [recipient_of(row) for row in rows]

    async def leave_out(self, broadcast_id: str, reasons: Mapping[int, str], *, late: bool) -> None:
        if reasons:
            whys = to_json({str(number): {"why": why} for number, why in reasons.items()})
            await self._sql.change("broadcast_rows_leave_out", broadcast=broadcast_id, late=int(late), reasons=whys)

    async def left_out(self, broadcast_id: str, *, late: bool) -> dict[str, int]:
        rows = await self._sql.rows("broadcast_left_out", broadcast=broadcast_id, late=int(late))
        return {row["left_out"]: row["people"] for row in rows}

    async def meant(self, audience: Audience, *, now: datetime, after: tuple[str, str], limit: int) -> list[Meant]:
        code, source = after
        rows = await self._sql.rows(
            "broadcast_meant", after_code=code, after_source=source, most=limit, **_asked(audience, now)
        )
        return [
            Meant(row["source"], row["code"], row["agency"], row["phone"], moment(row["received_at"])) for row in rows
        ]

    async def still_meant(
        self, audience: Audience, dossiers: Collection[tuple[str, str]], *, now: datetime
    ) -> set[tuple[str, str]]:
        wanted = {str(place): {"source": source, "code": code} for place, (source, code) in enumerate(dossiers)}
        rows = await self._sql.rows("broadcast_still_meant", dossiers=to_json(wanted), **_asked(audience, now))
        return {(row["source"], row["code"]) for row in rows}

    async def unwanted(self, addresses: Collection[str]) -> set[str]:
        rows = await self._sql.rows("broadcast_unwanted", addresses=key_set(addresses))
        return {row["address"] for row in rows}

    # Its messages

    async def tallies(self, broadcast_id: str) -> list[Tally]:
        rows = await self._sql.rows("broadcast_tallies", **_span(broadcast_id))
        return [Tally(row["channel"], DeliveryState(row["state"]), row["messages"], int(row["cost"])) for row in rows]

    async def waiting(self, broadcast_id: str) -> int:
        return int(await self._sql.value("broadcast_waiting", **_span(broadcast_id)))

    async def stop(self, broadcast_id: str, *, reason: str, at: datetime) -> int:
        return await self._sql.change("broadcast_stop", reason=reason, at=to_millis(at), **_span(broadcast_id))

    async def let_go(self, broadcast_id: str, *, at: datetime) -> int:
        rows = await self._sql.rows("broadcast_let_go", now=to_millis(at), **_span(broadcast_id))
        await self._others.wake({row["channel"] for row in rows})
        return len(rows)

    async def cancel(self, broadcast_id: str, *, reason: str, at: datetime) -> int:
        return await self._sql.change("broadcast_cancel", reason=reason, at=to_millis(at), **_span(broadcast_id))

    async def results(self, broadcast_id: str, *, after: int, limit: int) -> list[Result]:
        rows = await self._sql.rows("broadcast_results", broadcast=broadcast_id, after=after, most=limit)
        return [result_of(row) for row in rows]


def _span(broadcast_id: str) -> dict[str, str]:
    """The origins of its messages lie between these two."""
    first = origins(broadcast_id)
    return {"first": first, "last": f"{first[:-1]};"}


def _asked(audience: Audience, now: datetime) -> dict[str, Any]:
    since, until = audience.received_since, audience.received_until
    return {
        **among(audience.agencies),
        "procedures": key_set(audience.procedures),
        "any_procedure": int(not audience.procedures),
        "statuses": key_set(str(int(each)) for each in audience.statuses),
        "any_status": int(not audience.statuses),
        "since": to_millis(since) if since else 0,
        "until": to_millis(until) if until else 2**53,
        "any_date": int(since is None and until is None),
        "lateness": str(audience.lateness),
        "now": to_millis(now),
    }
