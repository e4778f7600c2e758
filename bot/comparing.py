"""Pure: what a batch says, against what the mirror has: new, newer, older, the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from bot.model.clock import to_millis
from bot.model.course import SupplementClock, advance, believed, due_at, is_older, succeed
from bot.model.dossier import Dossier, ProgressReport, Status, fingerprint_of
from bot.ports import Batch, Known, LateEvent, Mirrored


class Incoming(NamedTuple):
    """A record as it came, with what costs time to work out."""

    dossier: Dossier
    told: tuple[object, ...]
    fingerprint: str


@dataclass(slots=True)
class Comparison:
    """What is to be done about a batch."""

    standing: list[Mirrored] = field(default_factory=list)
    """Dossiers to be kept; `last_number` is still that of the mirror."""
    touched: dict[str, tuple[int | None, datetime | None]] = field(default_factory=dict)
    """Records that say nothing new, but in a newer version: code → (sequence, update time)."""
    late: list[LateEvent] = field(default_factory=list)
    repeated: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def incoming(batch: Batch, *, now: datetime) -> dict[str, Incoming]:
    """The batch's records by code. Of several about one dossier the newest counts, of equally new ones the last."""
    latest: dict[str, Dossier] = {}
    for dossier in batch.dossiers:
        if dossier.updated_at is not None and believed(dossier.updated_at, now) is not dossier.updated_at:
            dossier = replace(dossier, updated_at=now)
        other = latest.get(dossier.code)
        if other is None or not _precedes(dossier, other):
            latest[dossier.code] = dossier
    return {code: _incoming(dossier) for code, dossier in latest.items()}


def compare(
    batch: Batch,
    arrived: Mapping[str, Incoming],
    known: Mapping[str, Known],
    before: Mapping[str, Dossier],
    *,
    now: datetime,
    clock: SupplementClock,
) -> Comparison:
    """`before` holds the dossiers whose record differs from what is `known`, and those that are reported on."""
    found = Comparison()
    standing: dict[str, Mirrored] = {}
    repeated: list[str] = []
    for code, record in arrived.items():
        seen = known.get(code)
        if seen is None:
            standing[code] = _newcomer(record, now, clock)
        elif batch.once and seen.sequence is not None and seen.sequence == record.dossier.sequence:
            repeated.append(code)
        elif comes_late(record.dossier, seen):
            if record.fingerprint != seen.fingerprint:
                found.late.append(_late(record, now))
        elif record.fingerprint != seen.fingerprint:
            after = succeed(before[code], record.dossier, now=now)
            standing[code] = _mirrored(after, record.fingerprint, seen.last_number, clock)
        elif _is_newer_version(record.dossier, seen):
            found.touched[code] = (record.dossier.sequence, record.dossier.updated_at)
    found.repeated = tuple(repeated)
    found.missing = tuple(_report(batch.reports, found, standing, known, before, now, clock))
    found.standing = list(standing.values())
    return found


def _report(
    reports: Sequence[ProgressReport],
    found: Comparison,
    standing: dict[str, Mirrored],
    known: Mapping[str, Known],
    before: Mapping[str, Dossier],
    now: datetime,
    clock: SupplementClock,
) -> list[str]:
    """Applies the reports in order; the codes of those about dossiers that nobody has told us of."""
    missing = []
    for each in reports:
        report = replace(each, at=believed(each.at, now))
        mirrored = standing.get(report.code)
        earlier = mirrored.dossier if mirrored else before.get(report.code)
        if earlier is None:
            missing.append(report.code)
            continue
        if is_older(report.sequence, report.at, earlier.sequence, earlier.updated_at):
            found.late.append(_late_report(report, now))
        after = advance(earlier, report, now=now)
        if after == earlier:
            continue
        fingerprint = mirrored.fingerprint if mirrored else known[report.code].fingerprint
        number = mirrored.last_number if mirrored else known[report.code].last_number
        standing[report.code] = _mirrored(after, fingerprint, number, clock)
    return missing


def _incoming(dossier: Dossier) -> Incoming:
    told = dossier.told
    return Incoming(dossier, told, fingerprint_of(told))


def _newcomer(record: Incoming, now: datetime, clock: SupplementClock) -> Mirrored:
    dossier = record.dossier
    if dossier.status is Status.SUPPLEMENT or dossier.waits:
        return _mirrored(succeed(None, dossier, now=now), record.fingerprint, 0, clock)
    # The many of a first import, without the copies that `succeed` makes.
    moment = dossier.updated_at or dossier.received_at or now
    return Mirrored(dossier, record.told, record.fingerprint, 0, moment, dossier.appointment_at)


def _mirrored(dossier: Dossier, fingerprint: str, number: int, clock: SupplementClock) -> Mirrored:
    return Mirrored(dossier, dossier.told, fingerprint, number, dossier.progressed_at, due_at(dossier, clock))


def _precedes(one: Dossier, other: Dossier) -> bool:
    return is_older(one.sequence, one.updated_at, other.sequence, other.updated_at)


def comes_late(dossier: Dossier, seen: Known) -> bool:
    """Whether this record is older than what the mirror has."""
    if dossier.sequence is not None and seen.sequence is not None:
        return dossier.sequence < seen.sequence
    if dossier.updated_at is None or seen.updated_at is None:
        return False
    return to_millis(dossier.updated_at) < seen.updated_at


def _is_newer_version(dossier: Dossier, seen: Known) -> bool:
    if dossier.sequence is not None and seen.sequence != dossier.sequence:
        return True
    at = dossier.updated_at
    return at is not None and (seen.updated_at is None or to_millis(at) > seen.updated_at)


def _late(record: Incoming, now: datetime) -> LateEvent:
    dossier = record.dossier
    return LateEvent(
        source=dossier.source,
        code=dossier.code,
        fingerprint=record.fingerprint,
        seen_at=now,
        sequence=dossier.sequence,
        updated_at=dossier.updated_at,
        status=dossier.status,
        status_text=dossier.status_text,
        appointment_at=dossier.appointment_at,
    )


def _late_report(report: ProgressReport, now: datetime) -> LateEvent:
    return LateEvent(
        source=report.source,
        code=report.code,
        fingerprint=fingerprint_of((report.status_text, report.step.told if report.step else None)),
        seen_at=now,
        sequence=report.sequence,
        updated_at=report.at,
        status=report.status,
        status_text=report.status_text,
    )
