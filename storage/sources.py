"""What is remembered of the sources: where they stand, and what of them could not be understood."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.model.clock import from_millis, to_millis
from bot.ports import Quarantined, SourceState
from storage.edge import millis, moment
from storage.statements import Row, Statements


class Sources:
    """`bot.ports.SourceStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def get(self, name: str) -> SourceState | None:
        row = await self._sql.row("source_get", name=name)
        return _state_of(row) if row else None

    async def save(self, name: str, state: SourceState) -> None:
        await self._sql.change(
            "source_save",
            name=name,
            cursor=state.cursor,
            go_live=to_millis(state.go_live),
            synced_at=millis(state.synced_at),
        )

    async def states(self) -> dict[str, SourceState]:
        return {row["name"]: _state_of(row) for row in await self._sql.rows("source_states")}

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

    async def quarantined(self, *, limit: int) -> list[Quarantined]:
        return [
            Quarantined(
                source=row["source"],
                place=row["place"],
                row=row["row_number"],
                column=row["column_name"],
                reason=row["reason"],
                code=row["code"],
            )
            for row in await self._sql.rows("quarantined", most=limit)
        ]

    async def count_quarantined(self) -> int:
        return int(await self._sql.value("count_quarantined"))

    async def note_unknown_statuses(self, source: str, words: Mapping[str, int], *, at: datetime) -> None:
        seen = [
            {"source": source, "word": word, "times": times, "seen_at": to_millis(at)}
            for word, times in sorted(words.items())
        ]
        await self._sql.change_many("note_unknown_status", seen)

    async def unknown_statuses(self) -> list[tuple[str, str, int]]:
        return [(row["source"], row["word"], row["times"]) for row in await self._sql.rows("unknown_statuses")]


def _state_of(row: Row) -> SourceState:
    return SourceState(row["cursor"], from_millis(row["go_live"]), moment(row["synced_at"]))
