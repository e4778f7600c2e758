"""What is forgotten in time: a page of each kind, in one short transaction."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from bot.model.clock import from_millis, to_millis
from bot.model.ids import first_id_at
from bot.model.message import FINAL, DeliveryState
from bot.model.service import Feedback
from bot.ports.retention import Walked
from storage.coordination import Coordination
from storage.edge import key_set, to_json
from storage.rows import without_tasks
from storage.service import feedback_of
from storage.statements import Row, Statements

SCRUB = "*scrub"
"""Among the queues that are woken: what was overwritten is to leave the log beside the database as well."""
FORGOTTEN = "~"
"""Begins the value of an address that nobody can be reached at any more; see `bot.model.person.Address`."""
_NUMBERED = re.compile(r"\+[0-9]{6}")
_NAMED = re.compile(rf"\b(?:sms|zalophone|zalo|zalobot|telegram|webchat|email):[^|]|{_NUMBERED.pattern}")
"""Where somebody's address may stand in a key: that of its first way too, when the message has taken another since."""
_LATE = timedelta(days=3)
"""Messages of citizens bear their provider's time: so far behind the walk one may still come in."""
_MESSAGES, _ENDED = "messages", "dossiers"
_STILL = frozenset({DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.HELD})


class Retention:
    """`bot.ports.retention.RetentionStore` in SQL."""

    def __init__(self, sql: Statements, others: Coordination) -> None:
        self._sql = sql
        self._others = others

    # Messages

    async def messages(self, before: datetime, *, limit: int) -> Walked:
        mark = await self._mark(_MESSAGES)
        after = mark["place"] if mark else ""
        rows = await self._sql.rows("retention_messages", after=after, until=first_id_at(before), most=limit)
        if not rows:
            return Walked(0, "")
        taken = [row for row in rows if _is_over(row, before)]
        over = {row["id"] for row in taken}
        await self._sql.change_many("retention_leave", [{"id": row["id"]} for row in rows if row["id"] not in over])
        await self._blank(taken)
        place = rows[-1]["id"]
        await self._sql.change("retention_mark", kind=_MESSAGES, place=place, at=to_millis(before))
        return Walked(len(taken), place if len(rows) == limit else "")

    async def left(self, before: datetime, after: str, *, limit: int) -> Walked:
        rows = await self._sql.rows("retention_left", after=after, most=limit)
        taken = [row for row in rows if row["id"] is not None and _is_over(row, before)]
        done = [row["place"] for row in rows if row["id"] is None] + [row["id"] for row in taken]
        await self._blank(taken)
        if done:
            await self._sql.change("retention_leave_no_more", ids=key_set(done))
        return Walked(len(taken), rows[-1]["place"] if len(rows) == limit else "")

    async def _blank(self, rows: Sequence[Row]) -> None:
        items = {row["id"]: _blanked(row) for row in rows if not _is_blank(row)}
        if not items:
            return
        await self._sql.change("retention_blank_keys", items=to_json(items))
        await self._sql.change("retention_blank", items=to_json(items), first=min(items), last=max(items))
        await self._sql.change("retention_references", ids=key_set(items))
        named = {row["origin"]: row["id"] for row in rows if row["id"] in items and _is_named_in_origin(row)}
        renamed = [{"fresh": f"erased:{item_id}", "origin": origin} for origin, item_id in sorted(named.items())]
        await self._sql.change_many("erase_plans", renamed)
        await self._sql.change_many("erase_origins", renamed)

    # Citizens' words

    async def inbound(self, before: datetime, *, limit: int) -> int:
        mark = await self._mark("inbound")
        since = from_millis(mark["at"]) - _LATE if mark else None
        rows = await self._sql.rows(
            "retention_inbound", since=to_millis(since) if since else 0, until=to_millis(before), most=limit
        )
        names = ("channel", "message_id")
        await self._sql.change_many("retention_blank_inbound", [_named(row, names) for row in rows])
        if len(rows) < limit:
            await self._sql.change("retention_mark", kind="inbound", place="", at=to_millis(before))
        return len(rows)

    async def reasons(self, before: datetime, *, limit: int) -> int:
        rows = await self._sql.rows("retention_reasons", until=to_millis(before), most=limit)
        names = ("source", "code", "address")
        await self._sql.change_many("retention_blank_reasons", [_named(row, names) for row in rows])
        return len(rows)

    async def feedback(self, before: datetime, *, limit: int) -> int:
        rows = await self._sql.rows("retention_feedback", until=to_millis(before), most=limit)
        await self._sql.change_many("retention_blank_feedback", [_named(row, ("number",)) for row in rows])
        return len(rows)

    # Dossiers

    async def dossiers(self, before: datetime, *, limit: int) -> int:
        mark = await self._mark(_ENDED)
        if mark is None or mark["at"] < to_millis(before):
            # First of all, for it locks the sources: their next reading is to know it.
            await self._sql.change("erasure_announce")
            await self._sql.change("retention_mark", kind=_ENDED, place="", at=to_millis(before))
        rows = await self._sql.rows("retention_dossiers", until=to_millis(before), most=limit)
        found = sorted((_named(row, ("code", "source")) for row in rows), key=lambda each: tuple(each.values()))
        steps = {(row["code"], row["source"]): without_tasks(row["steps"]) for row in rows}
        blank = [{**each, "steps": steps[each["code"], each["source"]]} for each in found]
        await self._sql.change_many("retention_blank_dossiers", blank)
        for statement in ("late", "acts", "apologies", "follows", "invitations"):
            await self._sql.change_many(f"retention_{statement}", found)
        if found:
            numbered = to_json({str(number): each for number, each in enumerate(found)})
            asked = await self._sql.rows("retention_surveys", dossiers=numbered)
            names = ("source", "code", "address")
            fresh = [{"nonce": token_hex(12), **_named(row, names)} for row in asked]
            await self._sql.change_many("retention_blank_surveys", fresh)
        return len(found)

    # Broadcasts

    async def abandoned(self, before: datetime) -> list[str]:
        return [row["id"] for row in await self._sql.rows("retention_abandoned", until=to_millis(before))]

    async def over(self, before: datetime) -> list[str]:
        return [row["id"] for row in await self._sql.rows("retention_broadcasts", until=to_millis(before))]

    async def recipients(self, broadcast: str, after: int, *, limit: int) -> int:
        rows = await self._sql.rows("retention_recipients", broadcast=broadcast, after=after, most=limit)
        if rows:
            first, last = rows[0]["number"], rows[-1]["number"]
            await self._sql.change("retention_blank_recipients", broadcast=broadcast, first=first, last=last)
        if len(rows) == limit:
            return int(rows[-1]["number"])
        await self._sql.change("retention_mark", kind=f"broadcast:{broadcast}", place="", at=0)
        return 0

    # What is read as a whole

    async def chats(self, silent_since: datetime, after: str, *, limit: int) -> Walked:
        rows = await self._sql.rows("retention_chats", after=after, most=limit)
        keys = _old_of(rows, "address", "heard_at", silent_since)
        await self._end("retention_end_chats", keys)
        return Walked(len(keys), rows[-1]["address"] if len(rows) == limit else "")

    async def consents(self, before: datetime, after: str, *, limit: int) -> Walked:
        rows = await self._sql.rows("retention_consents", after=int(after or 0), most=limit)
        numbers = _old_of(rows, "number", "given_at", before)
        await self._sql.change_many("retention_end_consents", [{"number": number} for number in numbers])
        return Walked(len(numbers), str(rows[-1]["number"]) if len(rows) == limit else "")

    async def carriers(self, before: datetime, after: str, *, limit: int) -> Walked:
        rows = await self._sql.rows("retention_carriers", after=after, most=limit)
        keys = [row["address"] for row in rows if row["named_at"] < to_millis(before)]
        await self._end("retention_end_carriers", keys)
        return Walked(len(keys), rows[-1]["address"] if len(rows) == limit else "")

    async def preferences(self, before: datetime, after: str, *, limit: int) -> Walked:
        rows = await self._sql.rows("retention_preferences", after=after, most=limit)
        keys = _old_of(rows, "phone", "at", before)
        await self._end("retention_end_preferences", keys)
        return Walked(len(keys), rows[-1]["phone"] if len(rows) == limit else "")

    async def outdated(self, now: datetime, *, withdrawn_before: datetime, closed_before: datetime) -> int:
        codes = await self._sql.change("retention_codes", now=to_millis(now))
        words = await self._sql.change("retention_words", now=to_millis(now))
        consents = await self._sql.change("retention_withdrawn", until=to_millis(withdrawn_before))
        guests = await self._sql.change("retention_guests", until=to_millis(closed_before))
        return codes + words + consents + guests

    async def _end(self, statement: str, keys: Sequence[str]) -> None:
        if keys:
            await self._sql.change(statement, keys=key_set(keys))

    # Requests

    async def requests(self, *, limit: int) -> list[Feedback]:
        return [feedback_of(row) for row in await self._sql.rows("erasure_requests", most=limit)]

    async def refuse(self, number: str, *, at: datetime) -> bool:
        return await self._sql.change("erasure_refuse", number=number, at=to_millis(at)) == 1

    # Marks

    async def passed_at(self, kind: str) -> datetime | None:
        mark = await self._mark(kind)
        return from_millis(mark["at"]) if mark else None

    async def passed(self, kind: str, *, at: datetime) -> None:
        await self._sql.change("retention_mark", kind=kind, place="", at=to_millis(at))

    async def scrub(self) -> None:
        await self._others.wake([SCRUB])

    async def _mark(self, kind: str) -> Row | None:
        return await self._sql.row("retention_mark_of", kind=kind)


def _is_over(row: Row, before: datetime) -> bool:
    """Its last word is older than that. One that was accepted gets no receipt after so long; one of which nobody knows
    whether it was sent is not worth sending once it has expired."""
    state, until = DeliveryState(row["state"]), to_millis(before)
    if state in _STILL or (row["settled_at"] or 0) >= until:
        return False
    if state in FINAL:
        return True
    return row["expires_at"] < until or (state is DeliveryState.ACCEPTED and row["fallback_at"] is None)


def _is_blank(row: Row) -> bool:
    scheme, _, value = row["address"].partition(":")
    return not row["text"] and not row["attached"] and (scheme == "erased" or value.startswith(FORGOTTEN))


def _blanked(row: Row) -> dict[str, str]:
    """An address that keeps its scheme, for the figures, and is nobody's; a key that names nobody."""
    scheme, _, _ = row["address"].partition(":")
    address = row["address"] if scheme == "erased" else f"{scheme}:{FORGOTTEN}{row['id']}"
    key = row["dedupe_key"]
    named = row["address"] in key or _NAMED.search(key) is not None
    return {"address": address, "before": key, "dedupe_key": row["id"] if named else key}


def _is_named_in_origin(row: Row) -> bool:
    return row["address"] in row["origin"] or _NUMBERED.search(row["origin"]) is not None


def _old_of(rows: Sequence[Row], key: str, moment: str, before: datetime) -> list[Any]:
    return [row[key] for row in rows if not row["is_used"] and row[moment] < to_millis(before)]


def _named(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}
