"""Apologies from their draft to what became of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.model.apology import Act, Apology, ApologyState
from bot.model.clock import MILLISECOND, VIETNAM, from_millis, to_millis
from bot.ports import Apologised, Due, Place
from storage.deadlines import among, due_of, span_of
from storage.edge import key_set, millis, moment, to_json
from storage.statements import Row, Statements


class Apologies:
    """`bot.ports.ApologyStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def wanted(
        self, *, since: datetime, until: datetime, shortest: timedelta, after: Place | None, limit: int
    ) -> list[Due]:
        rows = await self._sql.rows(
            "apologies_wanted", most=limit, shortest=shortest // MILLISECOND, **span_of(since, until, after)
        )
        return [due_of(row) for row in rows]

    async def add(self, drafts: Sequence[Apology], *, reopen: Collection[ApologyState]) -> list[Apology]:
        if not drafts:
            return []
        kept = await self._kept(drafts)
        again = [
            replace(draft, id=known.id)
            for draft in drafts
            if (known := kept.get(_deadline(draft))) and known.state in reopen
        ]
        fresh = await self._numbered([draft for draft in drafts if _deadline(draft) not in kept])
        await self._sql.change_many("apology_save", [_saved(each) for each in again])
        await self._sql.change_many("apology_add", [_row(each) for each in fresh])
        rows = await self._sql.rows("apologies_arrived", ids=key_set(each.id for each in fresh)) if fresh else []
        arrived = {row["id"] for row in rows}
        added = [*again, *(each for each in fresh if each.id in arrived)]
        await self._note([(each, Act(each.drafted_at, "drafted", each.drafted_by, each.reason)) for each in added])
        return added

    async def _kept(self, drafts: Sequence[Apology]) -> dict[tuple[str, str, int], Apology]:
        wanted = {
            str(number): {"code": draft.code, "source": draft.source, "old_at": to_millis(draft.old_at)}
            for number, draft in enumerate(drafts)
        }
        rows = await self._sql.rows("apologies_at", deadlines=to_json(wanted))
        return {_deadline(each): each for each in map(apology_of, rows)}

    async def _numbered(self, drafts: Sequence[Apology]) -> list[Apology]:
        if not drafts:
            return []
        day = drafts[0].drafted_at.astimezone(VIETNAM).strftime("%y%m%d")
        last = int(await self._sql.value("apology_numbers", day=day, number=len(drafts)))
        first = last - len(drafts) + 1
        return [replace(draft, id=f"XL-{day}-{number:04}") for number, draft in enumerate(drafts, first)]

    async def needless(self, *, limit: int) -> list[str]:
        return [row["id"] for row in await self._sql.rows("apologies_needless", most=limit)]

    async def withdraw_needless(self, apology_ids: Collection[str], *, at: datetime) -> list[Apology]:
        rows = await self._sql.rows("apologies_withdraw", ids=key_set(apology_ids), at=to_millis(at))
        withdrawn = sorted(map(apology_of, rows), key=lambda each: each.id)
        await self._note([(each, Act(at, "withdrawn", "", each.why)) for each in withdrawn])
        return withdrawn

    async def get(self, apology_id: str) -> Apology | None:
        row = await self._sql.row("apology_one", id=apology_id)
        return apology_of(row) if row else None

    async def save(self, apology: Apology, act: Act) -> None:
        await self._sql.change_many("apology_save", [_saved(apology)])
        await self._note([(apology, act)])

    async def _note(self, acts: Sequence[tuple[Apology, Act]]) -> None:
        rows = [
            {"apology": of.id, "at": to_millis(act.at), "what": act.what, "done_by": act.by, "detail": act.detail}
            for of, act in acts
        ]
        await self._sql.change_many("apology_act", rows)

    async def of_dossier(self, source: str, code: str) -> list[Apology]:
        return [apology_of(row) for row in await self._sql.rows("apologies_of", source=source, code=code)]

    async def listed(self, states: Collection[ApologyState], agencies: Collection[str], *, limit: int) -> list[Apology]:
        if set(states) == {ApologyState.DRAFT}:
            rows = await self._sql.rows("apologies_drafts", most=limit, **among(agencies))
        else:
            rows = await self._sql.rows("apologies_listed", states=key_set(states), most=limit, **among(agencies))
        return [apology_of(row) for row in rows]

    async def waiting(self, agencies: Collection[str]) -> int:
        return int(await self._sql.value("apologies_waiting", **among(agencies)))

    async def counts(self) -> dict[ApologyState, int]:
        return {ApologyState(row["state"]): row["apologies"] for row in await self._sql.rows("apologies_counts")}

    async def authors(self, apology_ids: Collection[str]) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {each: set() for each in apology_ids}
        for row in await self._sql.rows("apologies_authors", ids=key_set(found)):
            found[row["apology"]].add(row["done_by"].casefold())
        return {each: frozenset(names) for each, names in found.items()}

    async def acts(self, apology_id: str) -> list[Act]:
        rows = await self._sql.rows("apology_acts_of", apology=apology_id)
        return [Act(from_millis(row["at"]), row["what"], row["done_by"], row["detail"]) for row in rows]

    async def hold_source(self, source: str) -> None:
        await self._sql.change("apology_hold_source", source=source)

    async def promise(self, apology: Apology) -> None:
        await self._sql.change(
            "apology_promise", code=apology.code, source=apology.source, new_at=to_millis(apology.new_at)
        )

    async def figures(self, since: datetime, until: datetime) -> list[Apologised]:
        rows = await self._sql.rows("apologies_figures", since=to_millis(since), until=to_millis(until))
        return [
            Apologised(
                agency=row["agency"],
                agency_name=row["agency_name"],
                drafted=row["drafted"],
                approved=row["approved"],
                after_limit=row["after_limit"],
                sent=row["sent"],
                in_time=row["in_time"],
                reached=row["reached"],
            )
            for row in rows
        ]


def _deadline(apology: Apology) -> tuple[str, str, int]:
    return apology.code, apology.source, to_millis(apology.old_at)


def _row(apology: Apology) -> dict[str, Any]:
    return {
        "source": apology.source,
        "code": apology.code,
        "agency": apology.agency,
        "agency_name": apology.agency_name,
        "old_at": to_millis(apology.old_at),
        **_saved(apology),
    }


def _saved(apology: Apology) -> Mapping[str, Any]:
    """What may change of it, and its id."""
    return {
        "id": apology.id,
        "state": str(apology.state),
        "reason": apology.reason,
        "text": apology.text,
        "new_at": to_millis(apology.new_at),
        "limit_at": to_millis(apology.limit_at),
        "form": apology.form,
        "drafted_at": to_millis(apology.drafted_at),
        "drafted_by": apology.drafted_by,
        "changed_at": millis(apology.changed_at),
        "changed_by": apology.changed_by,
        "decided_at": millis(apology.decided_at),
        "decided_by": apology.decided_by,
        "why": apology.why,
        "override_why": apology.override,
        "fate": apology.fate,
        "message": apology.message,
    }


def apology_of(row: Row) -> Apology:
    return Apology(
        id=row["id"],
        source=row["source"],
        code=row["code"],
        agency=row["agency"],
        agency_name=row["agency_name"],
        state=ApologyState(row["state"]),
        reason=row["reason"],
        text=row["text"],
        old_at=from_millis(row["old_at"]),
        new_at=from_millis(row["new_at"]),
        limit_at=from_millis(row["limit_at"]),
        form=row["form"],
        drafted_at=from_millis(row["drafted_at"]),
        drafted_by=row["drafted_by"],
        changed_at=moment(row["changed_at"]),
        changed_by=row["changed_by"],
        decided_at=moment(row["decided_at"]),
        decided_by=row["decided_by"],
        why=row["why"],
        override=row["override_why"],
        fate=row["fate"],
        message=row["message"],
    )
