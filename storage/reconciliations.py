"""Comparisons of a whole source with the mirror: what was seen so far, and the reports."""

import json
from collections.abc import Mapping

from bot.model.clock import from_millis, to_millis
from bot.ports import Reconciliation
from storage.edge import to_json
from storage.statements import Row, Statements


class Reconciliations:
    """`bot.ports.ReconciliationStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def begin(self, source: str) -> None:
        await self._sql.change("reconciliation_begin", source=source)

    async def see(self, source: str, verdicts: Mapping[str, str]) -> None:
        if verdicts:
            seen = {code: {"verdict": verdict} for code, verdict in verdicts.items()}
            await self._sql.change("reconciliation_see", source=source, verdicts=to_json(seen))

    async def tally(self, source: str) -> dict[str, int]:
        return {row["verdict"]: row["codes"] for row in await self._sql.rows("reconciliation_tally", source=source)}

    async def codes(self, source: str, verdict: str, *, limit: int) -> list[str]:
        rows = await self._sql.rows("reconciliation_codes", source=source, verdict=verdict, most=limit)
        return [row["code"] for row in rows]

    async def missing_there(self, source: str, *, limit: int) -> tuple[int, list[str]]:
        number = int(await self._sql.value("missing_there_count", source=source))
        rows = await self._sql.rows("missing_there", source=source, most=limit) if number else []
        return number, [row["code"] for row in rows]

    async def keep(self, report: Reconciliation) -> None:
        await self._sql.change(
            "reconciliation_keep",
            source=report.source,
            began_at=to_millis(report.began_at),
            ended_at=to_millis(report.ended_at),
            compared=report.compared,
            missing_here=report.missing_here,
            missing_there=report.missing_there,
            differing=report.differing,
            unread=report.unread,
            quarantined=report.quarantined,
            named=json.dumps({word: list(codes) for word, codes in report.named.items()}, ensure_ascii=False),
        )
        await self.begin(report.source)

    async def latest(self) -> dict[str, Reconciliation]:
        return {row["source"]: _report_of(row) for row in await self._sql.rows("reconciliations_latest")}


def _report_of(row: Row) -> Reconciliation:
    return Reconciliation(
        source=row["source"],
        began_at=from_millis(row["began_at"]),
        ended_at=from_millis(row["ended_at"]),
        compared=row["compared"],
        missing_here=row["missing_here"],
        missing_there=row["missing_there"],
        differing=row["differing"],
        unread=row["unread"],
        quarantined=row["quarantined"],
        named={word: tuple(codes) for word, codes in json.loads(row["named"]).items()},
    )
