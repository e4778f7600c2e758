"""The one-stop software's own database: every dossier as it tells it, numbered, dated by its clock, spoilt or not."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.simulators.onestop.misbehaviour import Faults, Migration
from adapters.simulators.onestop.province import Record
from adapters.simulators.onestop.stages import ENDS
from bot.model.dossier import Status

_MOVED_ON = {
    Status.REGISTERED: Status.RECEIVED,
    Status.RECEIVED: Status.REFUSED,
    Status.PROCESSING: Status.SUPPLEMENT,
    Status.SUPPLEMENT: Status.PAYMENT,
    Status.PAYMENT: Status.WITHDRAWN,
    Status.DONE: Status.RETURNED,
}
"""A table of codes that was read one line too low."""


class Register:
    """Open dossiers, and the newest of those that have ended."""

    def __init__(self, keep: int, faults: Faults) -> None:
        self._keep, self._faults = keep, faults
        self._told: dict[str, Record] = {}
        self._true: dict[str, Record] = {}
        """Open dossiers as they are without a migration."""
        self._ended: deque[str] = deque()
        self._sorted: list[Record] | None = None
        self._migrated: Migration = "none"
        self.forgotten: list[str] = []
        """Codes that have vanished; whoever acts on them clears it."""
        self.received = 0
        self.vanished = 0

    @property
    def open(self) -> int:
        return len(self._true)

    @property
    def ended(self) -> int:
        return len(self._ended)

    def get(self, code: str) -> Record | None:
        """As it is told now."""
        return self._told.get(code)

    def take(self, states: Iterable[Record]) -> list[Record]:
        """Writes each state down and answers how it is told from now on, in the same order."""
        return [self._write(state) for state in states]

    def migrate(self, at: datetime) -> list[Record]:
        """Every open dossier as the migration that is now on, or was just undone, leaves it; none where nothing is
        new in that."""
        if self._migrated == self._faults.now.migration:
            return []
        self._migrated = self._faults.now.migration
        return self.take([replace(state, updated_at=at) for state in self._true.values()])

    def since(self, moment: datetime | None) -> Sequence[Record]:
        """What was updated then or later, by the software's clock and in its order; all of it for None."""
        if self._sorted is None:
            self._sorted = sorted(self._told.values(), key=_order)
        if moment is None:
            return self._sorted
        return self._sorted[bisect_left(self._sorted, (moment, ""), key=_order) :]

    def _write(self, state: Record) -> Record:
        before = self._told.get(state.code)
        told = replace(
            state,
            version=before.version + 1 if before else 1,
            updated_at=state.updated_at + timedelta(seconds=self._faults.now.skew),
        )
        self.received += before is None
        # At the end of the dictionary, so that it is nearly sorted already.
        self._told.pop(state.code, None)
        if state.status in ENDS:
            self._true.pop(state.code, None)
            self._told[state.code] = told
            self._end(state.code)
        else:
            self._true[state.code] = state
            self._told[state.code] = told = _migrated(told, self._migrated)
        self._sorted = None
        return told

    def _end(self, code: str) -> None:
        self._ended.append(code)
        if len(self._ended) > self._keep:
            oldest = self._ended.popleft()
            del self._told[oldest]
            self.forgotten.append(oldest)
            self.vanished += 1


def _migrated(record: Record, migration: Migration) -> Record:
    match migration:
        case "none":
            return record
        case "status":
            return replace(record, status=_MOVED_ON[record.status])
        case "word":
            return replace(record, word=f"TT{record.status:02}")


def _order(record: Record) -> tuple[datetime, str]:
    return record.updated_at, record.code
