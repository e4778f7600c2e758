"""Failed attempts to learn of dossiers, by each of their sides."""

from collections.abc import Collection, Sequence
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

    async def failures(self, asked: Sequence[tuple[Trace, datetime]]) -> dict[tuple[Trace, datetime], Failures]:
        if not asked:
            return {}
        listed = {
            str(number): {"kind": clean(trace.kind), "subject": clean(trace.subject), "since": to_millis(since)}
            for number, (trace, since) in enumerate(asked)
        }
        rows = await self._sql.rows("failures", traces=to_json(listed))
        return {asked[int(row["number"])]: Failures(row["failures"], from_millis(row["last_at"])) for row in rows}

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
