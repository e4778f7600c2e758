"""Failed attempts to learn of dossiers, by each of their sides."""

from collections.abc import Collection
from datetime import datetime

from bot.model.clock import from_millis, to_millis
from bot.ports import Failures, Spread, Trace
from storage.edge import clean, to_json
from storage.statements import Statements


class Guards:
    """`bot.ports.GuardStore` in SQL."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    async def note(self, traces: Collection[Trace], *, at: datetime) -> None:
        moment = to_millis(at)
        rows = [{"kind": trace.kind, "subject": trace.subject, "at": moment} for trace in traces]
        await self._sql.change_many("note_attempts", rows)

    async def failures(self, traces: Collection[Trace], *, since: datetime) -> dict[Trace, Failures]:
        if not traces:
            return {}
        asked = {Trace(clean(trace.kind), clean(trace.subject)): trace for trace in traces}
        rows = await self._sql.rows("failures", traces=_listed(asked), since=to_millis(since))
        return {
            asked[Trace(row["kind"], row["subject"])]: Failures(row["failures"], from_millis(row["last_at"]))
            for row in rows
        }

    async def clear(self, traces: Collection[Trace]) -> None:
        if traces:
            await self._sql.change("clear_attempts", traces=_listed(traces))

    async def spread(self, *, since: datetime) -> Spread:
        row = await self._sql.row("spread", since=to_millis(since))
        return Spread(row["failures"], row["senders"], row["codes"]) if row else Spread(0, 0, 0)

    async def prune(self, *, before: datetime) -> int:
        return await self._sql.change("prune_attempts", before=to_millis(before))


def _listed(traces: Collection[Trace]) -> str:
    """As a JSON object, so that `json_each` yields each trace as `value`."""
    return to_json({str(number): trace._asdict() for number, trace in enumerate(traces)})
