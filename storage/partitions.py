"""Messages and changes by month: tables made ahead, and what need not be kept taken away without hurting the ledger."""

import re
from collections import Counter
from collections.abc import Collection
from datetime import datetime

from bot.model.clock import EPOCH, VIETNAM, from_millis, to_millis
from bot.model.ids import first_id_at
from bot.ports.keeping import Month, Oldest
from storage.edge import key_set, moment, to_json
from storage.statements import Row, Statements

_BOUNDS = re.compile(r"FROM \((?P<first>[^)]*)\) TO \((?P<until>[^)]*)\)")
_REST = "_default"
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIME_DIGITS = 10
_CHANGE = re.compile(r"change:(?P<source>[^:]*):(?P<code>.*):(?P<number>\d+)", re.DOTALL)
TABLES = ("changes", "outbox", "parts")


class Keeping:
    """`bot.ports.keeping.KeepingStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def months(self) -> list[Month]:
        return sorted(map(_month_of, await self._sql.rows("months_made")), key=_order)

    async def make(self, table: str, first: datetime, until: datetime) -> bool:
        name = f"{table}_{first.astimezone(VIETNAM):%Y_%m}"
        bounds = {"first": _bound(table, first), "until": _bound(table, until)}
        await self._sql.value("month_patience")
        return bool(await self._sql.value("month_make", big=table, name=name, **bounds))

    async def drop(self, month: Month) -> bool:
        await self._sql.value("month_patience")
        return bool(await self._sql.value("month_drop", name=month.name))

    async def look_over(self) -> None:
        await self._sql.value("months_look_over")

    async def oldest(self) -> Oldest:
        row = await self._sql.row("oldest_kept")
        return Oldest(moment(row["planned_at"]), moment(row["changed_at"])) if row else Oldest(None, None)

    async def count_open(self, first: datetime | None, until: datetime, *, lately: datetime) -> int:
        return int(await self._sql.value("trim_open", **_ids(first, until), lately=to_millis(lately)))

    async def count(self, first: datetime | None, until: datetime) -> int:
        return int(await self._sql.value("trim_count", **_ids(first, until)))

    async def count_changes(self, *, before: datetime) -> int:
        return int(await self._sql.value("trim_changes_count", before=to_millis(before)))

    async def trim(self, first: datetime | None, until: datetime, *, limit: int) -> int:
        rows = await self._sql.rows("trim_page", **_ids(first, until), most=limit)
        if not rows:
            return 0
        origins = Counter(row["origin"] for row in rows)
        # In the order in which whoever plans messages counts them.
        await self._sql.change_many(
            "trim_plans", [{"origin": origin, "messages": origins[origin]} for origin in sorted(origins)]
        )
        await self._sql.change("trim_plans_over", origins=_changes_of(origins))
        await self._sql.change("trim_keys", keys=key_set(row["dedupe_key"] for row in rows))
        ids = key_set(row["id"] for row in rows)
        for statement in ("trim_parts", "trim_bypasses", "trim_api_messages", "trim_messages"):
            await self._sql.change(statement, ids=ids)
        return len(rows)

    async def trim_changes(self, *, before: datetime, limit: int) -> int:
        rows = await self._sql.rows("trim_changes_page", before=to_millis(before), most=limit)
        names = ("source", "code", "number", "at")
        await self._sql.change_many("trim_changes", [{name: row[name] for name in names} for row in rows])
        return len(rows)

    async def trimmed(self, before: datetime) -> None:
        await self._sql.change("reports_note_seen", name="trimmed", at=to_millis(before))


def _ids(first: datetime | None, until: datetime) -> dict[str, str]:
    return {"first": first_id_at(first) if first else "", "last": first_id_at(until)}


def _bound(table: str, at: datetime) -> str:
    return str(to_millis(at)) if table == "changes" else first_id_at(at)


def _changes_of(origins: Collection[str]) -> str:
    """Each origin with the change that it names; one that names none has a number that no change has."""
    named = {origin: _CHANGE.fullmatch(origin) for origin in sorted(origins)}
    none = {"source": "", "code": "", "number": "-1"}
    return to_json({origin: change.groupdict() if change else none for origin, change in named.items()})


def _month_of(row: Row) -> Month:
    found = _BOUNDS.search(row["bounds"])
    return Month(
        table=row["big"],
        name=row["name"],
        first=_moment_of(row["big"], found["first"]) if found else None,
        until=_moment_of(row["big"], found["until"]) if found else None,
        is_rest=found is None,
        rows=row["guessed"],
        size=row["bytes"],
    )


def _moment_of(table: str, bound: str) -> datetime | None:
    """None: it has no beginning."""
    value = bound.strip("'")
    if value == "MINVALUE":
        return None
    if table == "changes":
        return from_millis(int(value))
    millis = 0
    for digit in value[:_TIME_DIGITS]:
        millis = millis << 5 | _DIGITS.index(digit)
    return from_millis(millis)


def _order(month: Month) -> tuple[str, bool, datetime]:
    return month.table, month.is_rest, month.first or EPOCH
