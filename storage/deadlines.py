"""Dossiers that are due, who was told of it, and how punctual agencies are."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from bot.model.clock import from_millis, to_millis
from bot.model.dossier import Status
from bot.ports import Due, Ended, Late, Place, Pressure
from storage.edge import key_set, moment, to_json
from storage.rows import steps_of, waits_of
from storage.statements import Row, Statements

AGAIN = "again"
"""The stage under which `postponed_again` is noted."""


class Deadlines:
    """`bot.ports.DeadlineStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def began(self, *, at: datetime) -> datetime:
        return from_millis(await self._sql.value("deadlines_began", at=to_millis(at)))

    async def near(self, stage: str, *, since: datetime, until: datetime, after: Place | None, limit: int) -> list[Due]:
        span = span_of(since, until, after)
        return [due_of(row) for row in await self._sql.rows("deadlines_near", stage=stage, most=limit, **span)]

    async def note(self, dues: Sequence[Due], stage: str, *, at: datetime) -> list[Due]:
        if not dues:
            return []
        wanted = {
            str(number): {"due_at": to_millis(due.due_at), "code": due.code, "source": due.source}
            for number, due in enumerate(dues)
        }
        rows = await self._sql.rows("deadlines_note", dues=to_json(wanted), stage=stage, at=to_millis(at))
        noted = {(row["due_at"], row["code"], row["source"]) for row in rows}
        return [due for due in dues if (to_millis(due.due_at), due.code, due.source) in noted]

    async def note_list(self, name: str, stage: str, *, day: datetime, at: datetime) -> bool:
        wanted = {"0": {"due_at": to_millis(day), "code": name, "source": ""}}
        return bool(await self._sql.rows("deadlines_note", dues=to_json(wanted), stage=stage, at=to_millis(at)))

    async def forget_notes(self, *, before: datetime) -> int:
        return await self._sql.change("deadlines_forget_notes", before=to_millis(before))

    async def listed(self, agencies: Collection[str], *, since: datetime, until: datetime, limit: int) -> list[Due]:
        values = {**among(agencies), "since": to_millis(since), "until": to_millis(until)}
        return [due_of(row) for row in await self._sql.rows("deadlines_listed", most=limit, **values)]

    async def count(self, agencies: Collection[str], *, since: datetime, until: datetime) -> int:
        values = {**among(agencies), "since": to_millis(since), "until": to_millis(until)}
        return int(await self._sql.value("deadlines_count", **values))

    async def pressures(self, *, now: datetime, soon: datetime, long: datetime) -> list[Pressure]:
        rows = await self._sql.rows(
            "deadlines_pressures", now=to_millis(now), soon=to_millis(soon), long=to_millis(long)
        )
        return [
            Pressure(
                agency=row["agency"],
                agency_name=row["agency_name"],
                soon=row["soon"],
                overdue=row["overdue"],
                long_overdue=row["long_overdue"],
            )
            for row in rows
        ]

    async def postponed_again(self, *, since: datetime, most: int, limit: int) -> list[Due]:
        rows = await self._sql.rows("deadlines_postponed_again", since=to_millis(since), few=most, most=limit)
        return [due_of(row) for row in rows]

    async def ended(self, since: datetime, until: datetime, *, subtracting: Collection[str]) -> list[Ended]:
        rows = await self._sql.rows(
            "deadlines_ended", since=to_millis(since), until=to_millis(until), subtracting=key_set(subtracting)
        )
        return [
            Ended(
                agency=row["agency"],
                agency_name=row["agency_name"],
                early=row["early"],
                on_time=row["on_time"],
                late=row["late"],
                undated=row["undated"],
            )
            for row in rows
        ]

    async def waiting(
        self, since: datetime, until: datetime, *, subtracting: Collection[str], after: tuple[str, str], limit: int
    ) -> list[tuple[str, str]]:
        rows = await self._sql.rows(
            "deadlines_waiting",
            since=to_millis(since),
            until=to_millis(until),
            subtracting=key_set(subtracting),
            after_code=after[0],
            after_source=after[1],
            most=limit,
        )
        return [(row["code"], row["source"]) for row in rows]

    async def overdue(self, since: datetime, until: datetime, *, now: datetime) -> list[tuple[str, str, int]]:
        rows = await self._sql.rows(
            "deadlines_overdue", since=to_millis(since), until=to_millis(until), now=to_millis(now)
        )
        return [(row["agency"], row["agency_name"], row["dossiers"]) for row in rows]

    async def late(
        self, agencies: Collection[str], since: datetime, until: datetime, *, now: datetime, limit: int
    ) -> list[Late]:
        values = {**among(agencies), "since": to_millis(since), "until": to_millis(until), "now": to_millis(now)}
        return [_late_of(row) for row in await self._sql.rows("deadlines_late", most=limit, **values)]


def due_of(row: Row) -> Due:
    return Due(
        code=row["code"],
        source=row["source"],
        agency=row["agency"],
        agency_name=row["agency_name"],
        procedure_name=row["procedure_name"],
        status=Status(row["status"]),
        due_at=from_millis(row["due_at"]),
        holder=holder_of(row["steps"]),
    )


def span_of(since: datetime, until: datetime, after: Place | None) -> dict[str, Any]:
    """The values of a page of deadlines."""
    return {
        "since": to_millis(since),
        "until": to_millis(until),
        "after_due": to_millis(after.due_at) if after else 0,
        "after_code": after.code if after else "",
        "after_source": after.source if after else "",
    }


def among(agencies: Collection[str]) -> dict[str, Any]:
    """The values that keep a query to these agencies and all below them; to none in particular where empty."""
    return {"agencies": key_set(agencies), "everywhere": int(not agencies)}


def holder_of(steps: str) -> str:
    """Who has the dossier now: of the last step that has not ended, else of the last one."""
    if not steps:
        return ""
    known = steps_of(steps)
    step = next((each for each in reversed(known) if each.ended_at is None), known[-1])
    return step.holder or step.agency


def _late_of(row: Row) -> Late:
    waits = waits_of(row["waits"]) if row["waits"] else ()
    return Late(
        code=row["code"],
        source=row["source"],
        agency=row["agency"],
        agency_name=row["agency_name"],
        procedure=row["procedure"],
        procedure_name=row["procedure_name"],
        status=Status(row["status"]),
        due_at=from_millis(row["due_at"]),
        ended_at=moment(row["ended_at"]),
        holder=holder_of(row["steps"]),
        waits=len(waits),
        has_waited=bool(waits) or ",[[" in row["terms"],
        apology=row["apology"] or "",
        apology_sent_at=moment(row["apology_sent_at"]),
        apology_reached=bool(row["apology_arrived"]),
    )
