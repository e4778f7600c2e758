"""Compares a whole source with the mirror: what is missing here, what is missing there, what differs."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from bot.comparing import Incoming, comes_late, erasures_in, incoming, without_erased
from bot.model.clock import Clock
from bot.ports import Batch, DossierSource, Known, Reconciliation, Storage, Transaction

NAMED = 20
"""Codes that a report names of each kind; all of them are counted."""


class _Verdict(StrEnum):
    """How a source's record compares. Of several about one dossier (two exports, say) the last one read counts."""

    SAME = "same"
    MISSING = "missing"
    DIFFERS = "differs"
    UNREAD = "unread"
    """Newer than what the mirror was last told: not wrong, only not read yet."""
    QUARANTINED = "quarantined"


async def reconcile(name: str, source: DossierSource, storage: Storage, clock: Clock) -> Reconciliation:
    """Reads the source from its beginning beside the mirror, changes nothing, and keeps the report.

    Raises `SourceError` where the source cannot be read to its end: half a comparison says nothing.
    """
    began = clock()
    state = await storage.read(lambda tx: tx.sources.get(name))
    fresh_at = state.fresh_at if state else None
    await storage.write(lambda tx: tx.reconciliations.begin(name))
    async for batch in source.batches(None):
        await _compare(name, batch, storage, clock, fresh_at)

    async def conclude(tx: Transaction) -> Reconciliation:
        tally = await tx.reconciliations.tally(name)
        missing_there, gone = await tx.reconciliations.missing_there(name, limit=NAMED)
        report = Reconciliation(
            source=name,
            began_at=began,
            ended_at=clock(),
            compared=sum(tally.values()),
            missing_here=tally.get(_Verdict.MISSING, 0),
            missing_there=missing_there,
            differing=tally.get(_Verdict.DIFFERS, 0),
            unread=tally.get(_Verdict.UNREAD, 0),
            quarantined=tally.get(_Verdict.QUARANTINED, 0),
            named={
                "missing_here": tuple(await tx.reconciliations.codes(name, _Verdict.MISSING, limit=NAMED)),
                "missing_there": tuple(gone),
                "differing": tuple(await tx.reconciliations.codes(name, _Verdict.DIFFERS, limit=NAMED)),
            },
        )
        await tx.reconciliations.keep(report)
        return report

    return await storage.write(conclude)


async def _compare(name: str, batch: Batch, storage: Storage, clock: Clock, fresh_at: datetime | None) -> None:
    erasures = await storage.read(erasures_in)
    records = without_erased(incoming(batch, now=clock()), erasures)
    # What cannot be read is there all the same.
    unreadable = dict.fromkeys(
        (row.code for row in batch.quarantined if row.code and row.code not in records), str(_Verdict.QUARANTINED)
    )
    if not records and not unreadable:
        return
    known = await storage.read(lambda tx: tx.dossiers.known(name, records))
    verdicts = unreadable | _verdicts(records, known, fresh_at, now=clock())
    await storage.write(lambda tx: tx.reconciliations.see(name, verdicts))


def _verdicts(
    records: Mapping[str, Incoming], known: Mapping[str, Known], fresh_at: datetime | None, *, now: datetime
) -> dict[str, str]:
    return {code: str(_verdict(record, known.get(code), fresh_at, now)) for code, record in records.items()}


def _verdict(record: Incoming, held: Known | None, fresh_at: datetime | None, now: datetime) -> _Verdict:
    updated = record.dossier.updated_at
    # Without a fingerprint: somebody was forgotten, and what is left cannot be compared until it is read again.
    is_same = held is not None and held.fingerprint in ("", record.fingerprint)
    if is_same or (held is not None and comes_late(record, held, now=now, replay=True)):
        return _Verdict.SAME
    if updated is not None and fresh_at is not None and updated > fresh_at:
        return _Verdict.UNREAD
    return _Verdict.MISSING if held is None else _Verdict.DIFFERS
