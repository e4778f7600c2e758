"""The record of what people did, each entry chained to the one before it."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from bot.model.audit import GENESIS, Entry, digest_of, written
from bot.model.clock import from_millis, to_millis
from storage.edge import clean_row, key_set
from storage.statements import Row, Statements

_FOREVER = 2**62


class Audit:
    """`bot.ports.AuditStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def add(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        await self._sql.value("audit_step", number=0, digest=GENESIS)
        number, digest = await self.head()
        rows: list[dict[str, Any]] = []
        for entry in entries:
            number += 1
            # What the database would not keep as it is must not be hashed as it is.
            kept = _entry_of({**clean_row(_row_of(entry)), "number": number, "digest": ""})
            digest = digest_of(kept, number=number, previous=digest)
            rows.append({**_row_of(kept), "number": number, "digest": digest})
        await self._sql.change_many("audit_add", rows)
        await self._sql.change("audit_move", number=number, digest=digest)

    async def listed(
        self,
        agencies: Collection[str],
        *,
        by: str = "",
        what: str = "",
        subject: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        before: int = 0,
        limit: int,
    ) -> list[Entry]:
        rows = await self._sql.rows(
            "audit_listed",
            agencies=key_set(agencies),
            everywhere=int(not agencies),
            done_by=by,
            what=what,
            subject=subject,
            since=to_millis(since) if since else 0,
            until=to_millis(until) if until else _FOREVER,
            below=before or _FOREVER,
            most=limit,
        )
        return [_entry_of(row) for row in rows]

    async def chain(self, *, after: int, limit: int) -> list[Entry]:
        return [_entry_of(row) for row in await self._sql.rows("audit_chain", after=after, most=limit)]

    async def head(self) -> tuple[int, str]:
        row = await self._sql.row("audit_head")
        return (row["number"], row["digest"]) if row else (0, GENESIS)


def _row_of(entry: Entry) -> dict[str, Any]:
    return {
        "at": to_millis(entry.at),
        "done_by": entry.by,
        "way": entry.way,
        "what": entry.what,
        "subject": entry.subject,
        "agency": entry.agency,
        "before": written(entry.before),
        "after": written(entry.after),
    }


def _entry_of(row: Row | dict[str, Any]) -> Entry:
    return Entry(
        at=from_millis(row["at"]),
        by=row["done_by"],
        way=row["way"],
        what=row["what"],
        subject=row["subject"],
        agency=row["agency"],
        before=json.loads(row["before"] or "{}"),
        after=json.loads(row["after"] or "{}"),
        number=row["number"],
        digest=row["digest"],
    )
