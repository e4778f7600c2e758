"""What is remembered of the sources: where they stand, and what of them could not be understood."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot.model.clock import from_millis, to_millis
from bot.ports import Failure, Quarantined, SourceState
from storage.edge import key_set, millis, moment
from storage.statements import Row, Statements


class Sources:
    """`bot.ports.SourceStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def get(self, name: str) -> SourceState | None:
        row = await self._sql.row("source_get", name=name)
        return _state_of(row) if row else None

    async def save(self, name: str, state: SourceState) -> bool:
        saved = await self._sql.change(
            "source_save",
            name=name,
            cursor=state.cursor,
            go_live=to_millis(state.go_live),
            synced_at=millis(state.synced_at),
            fresh_at=millis(state.fresh_at),
            braked_at=millis(state.braked_at),
            window_at=millis(state.window_at),
            window_planned=state.window_planned,
            dossiers=state.dossiers,
            revision=state.revision,
        )
        return saved == 1

    async def states(self) -> dict[str, SourceState]:
        return {row["name"]: _state_of(row) for row in await self._sql.rows("source_states")}

    async def fail(self, name: str, reason: str, *, at: datetime) -> None:
        await self._sql.change("source_fail", source=name, at=to_millis(at), reason=reason)

    async def recover(self, name: str) -> None:
        await self._sql.change("source_recover", source=name)

    async def failures(self) -> dict[str, Failure]:
        return {
            row["source"]: Failure(from_millis(row["since"]), from_millis(row["last_at"]), row["times"], row["reason"])
            for row in await self._sql.rows("source_failures")
        }

    async def quarantine(self, rows: Sequence[Quarantined], *, at: datetime) -> None:
        kept = [
            {
                "source": row.source,
                "place": row.place,
                "row_number": row.row,
                "column_name": row.column,
                "reason": row.reason,
                "code": row.code,
                "at": to_millis(at),
            }
            for row in rows
        ]
        await self._sql.change_many("quarantine", kept)

    async def quarantined(self, *, limit: int, source: str | None = None) -> list[Quarantined]:
        rows = await self._sql.rows("quarantined", source=source or "", most=limit)
        return [_quarantined_of(row) for row in rows]

    async def quarantine_page(
        self, source: str, *, after: tuple[str, int, str] = ("", -1, ""), limit: int
    ) -> list[Quarantined]:
        place, row, column = after
        rows = await self._sql.rows(
            "quarantine_page", source=source, place=place, row_number=row, column_name=column, most=limit
        )
        return [_quarantined_of(row) for row in rows]

    async def quarantined_places(self, source: str) -> list[str]:
        # Not by the statement: where places are sealed it sees no order in them.
        return sorted(row["place"] for row in await self._sql.rows("quarantined_places", source=source))

    async def count_quarantined(self, source: str | None = None) -> int:
        return int(await self._sql.value("count_quarantined", source=source or ""))

    async def readmit(self, source: str, codes: Collection[str]) -> int:
        return await self._sql.change("readmit", source=source, codes=key_set(codes))

    async def clear_quarantine(self, source: str, places: Collection[str], *, before: datetime) -> int:
        return await self._sql.change(
            "clear_quarantine", source=source, places=key_set(places), before=to_millis(before)
        )

    async def note_unknown_statuses(self, source: str, words: Mapping[str, int], *, at: datetime) -> None:
        seen = [
            {"source": source, "word": word, "times": times, "seen_at": to_millis(at)}
            for word, times in sorted(words.items())
        ]
        await self._sql.change_many("note_unknown_status", seen)

    async def unknown_statuses(self) -> list[tuple[str, str, int]]:
        return [(row["source"], row["word"], row["times"]) for row in await self._sql.rows("unknown_statuses")]


def _quarantined_of(row: Row) -> Quarantined:
    return Quarantined(
        source=row["source"],
        place=row["place"],
        row=row["row_number"],
        column=row["column_name"],
        reason=row["reason"],
        code=row["code"],
    )


def _state_of(row: Row) -> SourceState:
    return SourceState(
        cursor=row["cursor"],
        go_live=from_millis(row["go_live"]),
        synced_at=moment(row["synced_at"]),
        fresh_at=moment(row["fresh_at"]),
        braked_at=moment(row["braked_at"]),
        window_at=moment(row["window_at"]),
        window_planned=row["window_planned"],
        dossiers=row["dossiers"],
        revision=row["revision"],
        quarantined=bool(row["quarantined"]),
    )
