"""The record of what people did, each entry chained to the one before it."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.model.audit import GENESIS, Entry, link, written
from bot.model.clock import EPOCH, MILLISECOND, from_millis, to_millis
from storage.edge import clean, clean_row, key_set
from storage.statements import Row, Statements

_FOREVER = 2**62
_ASKEW = timedelta(hours=1) // MILLISECOND
"""By how much the clocks of our machines may differ: numbers follow the commits, times the clocks."""
_AFTER_ALL = "\U0010ffff"


class Audit:
    """`bot.ports.AuditStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def add(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        last = await self._sql.row("audit_step", number=0, digest=GENESIS)
        number, digest = (last["number"], last["digest"]) if last else (0, GENESIS)
        rows: list[dict[str, Any]] = []
        for entry in entries:
            number += 1
            # What the database would not keep as it is must not be hashed as it is.
            kept = clean_row(_row_of(entry))
            digest = link(digest, number, *kept.values())
            rows.append({**kept, "number": number, "digest": digest})
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
        span = await self._span(since, until, before or _FOREVER)
        places = key_set(agencies) if agencies else ""
        place: dict[str, Any] = {"agencies": key_set(agencies), "everywhere": int(not agencies)}
        if subject:
            rows = await self._sql.rows(
                "audit_of_subject", subject=subject, done_by=by, what=what, **place, **span, most=limit
            )
        elif by:
            rows = await self._sql.rows("audit_of_person", done_by=by, what=what, **place, **span, most=limit)
        elif agencies or what:
            rows = await self._numbered(await self._groups(places, what, span, limit), limit)
        else:
            rows = await self._sql.rows("audit_newest", **span, most=limit)
        return [entry_of(row) for row in rows]

    async def chain(self, *, after: int, limit: int) -> list[Entry]:
        return [entry_of(row) for row in await self._sql.rows("audit_chain", after=after, most=limit)]

    async def head(self) -> tuple[int, str]:
        row = await self._sql.row("audit_head")
        return (row["number"], row["digest"]) if row else (0, GENESIS)

    async def _span(self, since: datetime | None, until: datetime | None, below: int) -> dict[str, int]:
        """The times, and numbers that bound them."""
        times = {"since": to_millis(since) if since else 0, "until": to_millis(until) if until else _FOREVER}
        if since is None and until is None:
            return {**times, "above": 0, "below": below}
        row = await self._sql.row(
            "audit_span", long_before=times["since"] - _ASKEW, long_after=min(times["until"] + _ASKEW, _FOREVER)
        )
        above, after = (row["above"], row["below"]) if row else (None, None)
        return {**times, "above": above or 0, "below": min(below, after or _FOREVER)}

    async def _groups(self, agencies: str, what: str, span: dict[str, int], limit: int) -> list[Row]:
        """The newest numbers of each agency, of each kind, or of each kind in each agency."""
        kinds = {"what": what, "what_end": what + _AFTER_ALL}
        if not what:
            return await self._sql.rows("audit_of_agencies", agencies=agencies, **span, most=limit)
        if not agencies:
            return await self._sql.rows("audit_of_kinds", **kinds, **span, most=limit)
        return await self._sql.rows("audit_of_agencies_kinds", agencies=agencies, **kinds, **span, most=limit)

    async def _numbered(self, groups: Sequence[Row], limit: int) -> list[Row]:
        """The newest of several groups, each given as the JSON text of its newest numbers."""
        found = {number for group in groups for (number,) in json.loads(group["numbers"] or "[]")}
        newest = sorted(found, reverse=True)[:limit]
        return await self._sql.rows("audit_numbered", numbers=key_set(map(str, newest))) if newest else []


def _row_of(entry: Entry) -> dict[str, Any]:
    """In the order of the link."""
    return {
        "at": to_millis(entry.at),
        "done_by": entry.by,
        "way": entry.way,
        "what": entry.what,
        "subject": entry.subject,
        "agency": entry.agency,
        "before": _canonical(entry.before),
        "after": _canonical(entry.after),
    }


def _canonical(values: Mapping[str, Any]) -> str:
    """As it will be written again once it was read: numbers that stand for names are words by then, and are in another
    order. Most have neither those nor anything inside."""
    text = written(values)
    plain = all(name.__class__ is str and not isinstance(each, dict | list | tuple) for name, each in values.items())
    kept = clean(text)
    return text if plain and kept == text else written(json.loads(kept))


def entry_of(row: Row | Mapping[str, Any]) -> Entry:
    """Of any row, one that somebody has spoilt too: then it differs from what was hashed, and is found by that."""
    return Entry(
        at=_moment(row["at"]),
        by=str(row["done_by"]),
        way=str(row["way"]),
        what=str(row["what"]),
        subject=str(row["subject"]),
        agency=str(row["agency"]),
        before=_values(str(row["before"])),
        after=_values(str(row["after"])),
        number=row["number"],
        digest=str(row["digest"]),
    )


def _moment(millis: Any) -> datetime:
    try:
        return from_millis(millis)
    except (TypeError, ValueError, OverflowError, OSError):
        return EPOCH


def _values(text: str) -> dict[str, Any]:
    """What `written` wrote; a text that it cannot have written is told as it stands."""
    try:
        values = json.loads(text or "{}")
    except (ValueError, RecursionError):
        values = None
    return values if isinstance(values, dict) and written(values) == text else {"unreadable": text}
