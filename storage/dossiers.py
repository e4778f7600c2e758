"""The mirror: dossiers as the sources last showed them, their changes, and what came too late."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.model.clock import from_millis, to_millis
from bot.model.dossier import Change, Dossier, Status
from bot.ports import Known, LateEvent, Mirrored, Stale
from storage.edge import key_set, millis, moment
from storage.rows import change_of, change_row, dossier_of, dossier_row
from storage.statements import Row, Statements


class Dossiers:
    """`bot.ports.DossierStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def compare(self, source: str, fingerprints: Mapping[str, str]) -> tuple[int, dict[str, Known]]:
        prints = key_set(fingerprint + code for code, fingerprint in fingerprints.items())
        row = await self._sql.row("dossiers_compare", source=source, prints=prints)
        return (row["existing"], _known(row["differing"])) if row else (0, {})

    async def known(self, source: str, codes: Collection[str]) -> dict[str, Known]:
        return _known(await self._sql.value("dossiers_known", source=source, codes=key_set(codes)))

    async def get_many(self, source: str, codes: Collection[str]) -> dict[str, Dossier]:
        rows = await self._sql.rows("dossiers_many", source=source, codes=key_set(codes))
        return {row["code"]: dossier_of(row) for row in rows}

    async def find(self, code: str) -> list[Dossier]:
        return [dossier_of(row) for row in await self._sql.rows("dossiers_find", code=code)]

    async def of_phone(self, phone: str, *, limit: int) -> list[Dossier]:
        rows = await self._sql.rows("dossiers_of_phone", phone=phone, most=limit)
        return [dossier_of(row) for row in rows]

    async def add(self, dossiers: Sequence[Mirrored], *, at: datetime) -> None:
        await self._sql.change_many("dossiers_add", _rows(dossiers, at))

    async def save(self, dossiers: Sequence[Mirrored], *, at: datetime) -> None:
        await self._sql.change_many("dossiers_save", _rows(dossiers, at))

    async def add_changes(self, changes: Sequence[Change]) -> None:
        await self._sql.change_many("changes_add", [change_row(change) for change in changes])

    async def changes_of(self, source: str, code: str) -> list[Change]:
        return [change_of(row) for row in await self._sql.rows("changes_of", source=source, code=code)]

    async def add_late(self, events: Sequence[LateEvent]) -> None:
        await self._sql.change_many("late_add", [_late_row(event) for event in events])

    async def late_of(self, source: str, code: str) -> list[LateEvent]:
        return [_late_of(row) for row in await self._sql.rows("late_of", source=source, code=code)]

    async def stale(self, *, before: datetime, agency: str | None, limit: int) -> list[Stale]:
        rows = await self._sql.rows("dossiers_stale", before=to_millis(before), agency=agency or "", most=limit)
        return [_stale_of(row) for row in rows]

    async def stale_by_agency(self, *, before: datetime) -> list[tuple[str, str, int]]:
        rows = await self._sql.rows("stale_by_agency", before=to_millis(before))
        return [(row["agency"], row["agency_name"], row["dossiers"]) for row in rows]

    async def count(self) -> tuple[int, int]:
        row = await self._sql.row("dossiers_count")
        return (row["dossiers"], row["changes"]) if row else (0, 0)


def _known(text: str | None) -> dict[str, Known]:
    return {code: Known(*seen) for code, *seen in json.loads(text or "[]")}


def _rows(dossiers: Sequence[Mirrored], at: datetime) -> list[tuple[Any, ...]]:
    """In the order of their codes, as `known` locks them: two writers of the same ones cannot wait for each other."""
    now = to_millis(at)
    return sorted(dossier_row(each, now) for each in dossiers)


def _late_row(event: LateEvent) -> dict[str, object]:
    return {
        "code": event.code,
        "source": event.source,
        "version": event.sequence if event.sequence is not None else millis(event.updated_at) or 0,
        "fingerprint": event.fingerprint,
        "seen_at": to_millis(event.seen_at),
        "sequence": event.sequence,
        "updated_at": millis(event.updated_at),
        "status": None if event.status is None else int(event.status),
        "status_text": event.status_text,
        "appointment_at": millis(event.appointment_at),
    }


def _late_of(row: Row) -> LateEvent:
    return LateEvent(
        source=row["source"],
        code=row["code"],
        fingerprint=row["fingerprint"],
        seen_at=from_millis(row["seen_at"]),
        sequence=row["sequence"],
        updated_at=moment(row["updated_at"]),
        status=None if row["status"] is None else Status(row["status"]),
        status_text=row["status_text"],
        appointment_at=moment(row["appointment_at"]),
    )


def _stale_of(row: Row) -> Stale:
    return Stale(
        row["code"],
        row["source"],
        row["agency"],
        row["agency_name"],
        Status(row["status"]),
        row["status_text"],
        from_millis(row["progressed_at"]),
        moment(row["due_at"]),
    )
