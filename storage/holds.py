"""Messages that wait for a person's word, for their agency's next budget, or for the end of quiet hours."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from bot.model.clock import from_millis, to_millis
from bot.model.dossier import Status
from bot.model.message import OutboxItem, Situation
from bot.ports import Bypass, Bypasses, Claimed, QuietHeld, Standing
from storage.edge import key_set, moment, to_json
from storage.message_rows import bypassing, item_of
from storage.outbox_chapter import OutboxChapter
from storage.statements import Row


class Holds(OutboxChapter):
    """The part of `bot.ports.OutboxStore` that stops messages and lets them go."""

    # The brake, and the budget

    async def hold(self, source: str, *, since: datetime, reason: str, at: datetime) -> int:
        values = {"source": source, "since": to_millis(since), "reason": reason, "at": to_millis(at)}
        return await self._sql.change("hold", **values) + await self._sql.change("hold_of_budget", **values)

    async def let_go(self, source: str, *, at: datetime) -> int:
        rows = await self._sql.rows("let_go", source=source, now=to_millis(at))
        await self._others.wake({row["channel"] for row in rows})
        return len(rows)

    async def discard(self, source: str, *, reason: str, at: datetime) -> int:
        return await self._sql.change("discard", source=source, reason=reason, now=to_millis(at))

    async def held(self) -> dict[str, dict[str, int]]:
        held: dict[str, dict[str, int]] = {}
        for row in await self._sql.rows("held"):
            held.setdefault(row["source"], {})[row["situation"]] = row["items"]
        return held

    async def release_budget(self, agencies: Collection[str], *, at: datetime) -> int:
        if not agencies:
            return 0
        rows = await self._sql.rows("release_budget", agencies=key_set(agencies), now=to_millis(at))
        await self._others.wake({row["channel"] for row in rows})
        return len(rows)

    async def held_for_budget(self) -> dict[str, int]:
        return {row["agency"]: row["items"] for row in await self._sql.rows("held_for_budget")}

    # Quiet hours

    async def quiet_over(self, *, now: datetime, limit: int) -> list[Claimed]:
        return [_held(row) for row in await self._sql.rows("quiet_over", now=to_millis(now), most=limit)]

    async def wake_held(self, ids: Collection[str], *, at: datetime) -> int:
        rows = await self._sql.rows("wake_held", ids=key_set(ids), now=to_millis(at)) if ids else []
        await self._others.wake({row["channel"] for row in rows})
        return len(rows)

    async def drop_held(self, reasons: Mapping[str, str], *, at: datetime) -> int:
        items = {key: {"why": why} for key, why in reasons.items()}
        return await self._sql.change("drop_held", items=to_json(items), now=to_millis(at))

    async def fold_held(self, ids: Collection[str], *, reason: str, at: datetime) -> int:
        return await self._sql.change("fold_held", ids=key_set(ids), reason=reason, now=to_millis(at))

    async def quiet_held(self) -> list[QuietHeld]:
        return [
            QuietHeld(from_millis(row["next_at"]), row["agency"], Situation(row["situation"]), row["items"])
            for row in await self._sql.rows("quiet_held")
        ]

    async def quiet_items(self, *, after: str = "", limit: int) -> list[OutboxItem]:
        return [item_of(row) for row in await self._sql.rows("quiet_items", after=after, most=limit)]

    async def cancel_quiet(
        self,
        ids: Collection[str] | None,
        *,
        agency: str = "",
        situation: Situation | None = None,
        reason: str,
        at: datetime,
    ) -> int:
        return await self._sql.change(
            "cancel_quiet",
            ids=key_set(ids or ()),
            everything=int(ids is None),
            agency=agency,
            below=f"{agency}.",
            situation=str(situation or ""),
            reason=reason,
            now=to_millis(at),
        )

    async def hurry(self, ids: Collection[str], *, why: str, by: str, at: datetime) -> int:
        rows = await self._sql.rows("held_attached", ids=key_set(ids))
        turns = [{"id": row["id"], "attached": bypassing(row["attached"], why), "now": to_millis(at)} for row in rows]
        await self._sql.change_many("hurry", turns)
        await self.note_bypasses([Bypass(row["id"], at, why, by) for row in rows])
        await self._others.wake({row["channel"] for row in rows})
        return len(rows)

    async def note_bypasses(self, bypasses: Collection[Bypass]) -> None:
        rows = [
            {"item_id": each.item_id, "at": to_millis(each.at), "rule": each.rule, "ordered_by": each.by}
            for each in sorted(bypasses, key=lambda each: each.item_id)
        ]
        await self._sql.change_many("note_bypass", rows)

    async def bypasses(self, *, since: datetime) -> list[Bypasses]:
        return [
            Bypasses(row["rule"], row["ordered_by"], row["items"], from_millis(row["last_at"]))
            for row in await self._sql.rows("bypasses", since=to_millis(since))
        ]


def _held(row: Row) -> Claimed:
    status = row["standing_status"]
    standing = None if status is None else Standing(Status(status), moment(row["standing_appointment_at"]))
    return Claimed(replace(item_of(row), heard_at=moment(row["heard_at"])), standing)
