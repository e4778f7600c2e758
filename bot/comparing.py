"""Pure: what a batch says, against what the mirror has: new, newer, older, the same."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from bot.model.calendar import Calendar
from bot.model.clock import from_millis, to_millis
from bot.model.course import SupplementClock, advance, due_at, first_progress, is_older, succeed
from bot.model.dossier import FINISHED, Dossier, ProgressReport, Status, fingerprint_of
from bot.model.erasure import NOBODY, Erasures, without_person
from bot.ports import Batch, Known, LateEvent, Mirrored, Transaction

ENDED = "dossiers"
"""The walk that forgets persons of dossiers that are over; how far it has come."""

CalendarOf = Callable[[str], Calendar]
"""An agency's calendar, by the agency's code."""

_Due = Callable[[Dossier], datetime | None]
"""A dossier's deadline."""


class Incoming(NamedTuple):
    """A record as it came, with what costs time to work out."""

    dossier: Dossier
    told: tuple[object, ...]
    fingerprint: str
    updated_at: int | None
    """UTC milliseconds."""


@dataclass(slots=True)
class Sifted:
    """A batch's records by what they are to the mirror. What it has already is in none of these."""

    new: list[Incoming] = field(default_factory=list)
    differing: dict[str, Incoming] = field(default_factory=dict)
    """They say something else, or the same in a newer version."""
    late: list[LateEvent] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Standing:
    """The dossiers as they are to be kept; `last_number` is still that of the mirror."""

    dossiers: Sequence[Mirrored]
    late: Sequence[LateEvent]
    missing: tuple[str, ...]
    """Codes of reports about dossiers that nobody has told us of."""


def incoming(batch: Batch, *, now: datetime) -> dict[str, Incoming]:
    """The batch's records by code. Of several about one dossier the newest counts, of equally new ones the last."""
    arrived: dict[str, Incoming] = {}
    for dossier in batch.dossiers:
        other = arrived.get(dossier.code)
        if other is None or not _precedes(dossier, other.dossier, now):
            arrived[dossier.code] = _incoming(dossier)
    return arrived


async def erasures_in(tx: Transaction) -> Erasures:
    """Who is forgotten, at her word or in time."""
    erased, ended_before = await tx.privacy.erased(), await tx.retention.passed_at(ENDED)
    if not erased:
        return Erasures(ended_before=ended_before) if ended_before else NOBODY
    return Erasures(await tx.privacy.salt(), erased, ended_before)


def without_erased(arrived: Mapping[str, Incoming], erasures: Erasures) -> Mapping[str, Incoming]:
    """The records as the mirror may have them: `Erasures.withheld`."""
    if not erasures:
        return arrived
    kept = {code: (record, erasures.withheld(record.dossier)) for code, record in arrived.items()}
    return {code: record if record.dossier is left else _incoming(left) for code, (record, left) in kept.items()}


def without_aged(
    differing: dict[str, Incoming], before: Mapping[str, Dossier], erasures: Erasures
) -> tuple[dict[str, Incoming], Mapping[str, Dossier]]:
    """The same of dossiers that the mirror has: what it has forgotten in time does not come back with a record that
    tells no date of its end, and what the record lacks for its age is no news."""
    if erasures.ended_before is None:
        return differing, before
    records, held = dict(differing), dict(before)
    for code, record in differing.items():
        known = before[code]
        if record.dossier.status in FINISHED and erasures.is_forgotten(known):
            records[code] = _incoming(without_person(record.dossier))
        elif erasures.is_withheld(record.dossier):
            held[code] = without_person(known)
    return records, held


def sift(
    batch: Batch, records: Mapping[str, Incoming], known: Mapping[str, Known], *, now: datetime, replay: bool = False
) -> Sifted:
    """Tells the records apart; those that are not `known` are new."""
    sifted = Sifted()
    for code, record in records.items():
        seen = known.get(code)
        if seen is None:
            sifted.new.append(record)
            continue
        sequence = record.dossier.sequence
        if sequence == seen.sequence and batch.once and sequence is not None:
            sifted.repeated.append(code)
        elif record.fingerprint == seen.fingerprint:
            continue
        elif comes_late(record, seen, now=now, replay=replay):
            sifted.late.append(_late(record, now))
        else:
            sifted.differing[code] = record
    return sifted


def settle(
    sifted: Sifted,
    reports: Iterable[ProgressReport],
    known: Mapping[str, Known],
    before: Mapping[str, Dossier],
    erasures: Erasures,
    *,
    now: datetime,
    clock: SupplementClock,
    calendar: CalendarOf,
) -> Standing:
    """`before` holds the dossiers that differ, and those that are reported on, as the mirror has them."""

    def due(dossier: Dossier) -> datetime | None:
        return due_at(dossier, clock, calendar(dossier.agency))

    standing = {record.dossier.code: _newcomer(record, now, due) for record in sifted.new}
    for code, record in sifted.differing.items():
        after = succeed(before[code], record.dossier, now=now)
        standing[code] = _mirrored(after, record.fingerprint, known[code].last_number, due)
    late, missing = list(sifted.late), []
    for report in reports:
        mirrored = standing.get(report.code)
        earlier = mirrored.dossier if mirrored else before.get(report.code)
        if earlier is None:
            missing.append(report.code)
            continue
        if is_older(report.sequence, report.at, earlier.sequence, earlier.updated_at, now=now):
            late.append(_late_report(report, now))
        after = advance(earlier, erasures.heard(report, earlier) if erasures else report, now=now)
        if after != earlier:
            fingerprint, number = (mirrored[2:4]) if mirrored else known[report.code][:2]
            standing[report.code] = _mirrored(after, fingerprint, number, due)
    return Standing(list(standing.values()), late, tuple(missing))


def comes_late(record: Incoming, seen: Known, *, now: datetime, replay: bool = False) -> bool:
    """Whether this record is older than what the mirror has."""
    known_at = None if seen.updated_at is None else from_millis(seen.updated_at)
    at = None if record.updated_at is None else from_millis(record.updated_at)
    return is_older(record.dossier.sequence, at, seen.sequence, known_at, now=now, replay=replay)


def _incoming(dossier: Dossier) -> Incoming:
    told = dossier.told
    updated_at = None if dossier.updated_at is None else to_millis(dossier.updated_at)
    return Incoming(dossier, told, fingerprint_of((*told, updated_at, dossier.sequence)), updated_at)


def _newcomer(record: Incoming, now: datetime, due: _Due) -> Mirrored:
    dossier = record.dossier
    if dossier.status is Status.SUPPLEMENT or dossier.waits or dossier.paused_at:
        return _mirrored(succeed(None, dossier, now=now), record.fingerprint, 0, due)
    # The many of a first import, without the copies that `succeed` makes.
    moment = first_progress(dossier, now=now)
    return Mirrored(dossier, record.told, record.fingerprint, 0, moment, dossier.appointment_at)


def _mirrored(dossier: Dossier, fingerprint: str, number: int, due: _Due) -> Mirrored:
    return Mirrored(dossier, dossier.told, fingerprint, number, dossier.progressed_at, due(dossier))


def _precedes(one: Dossier, other: Dossier, now: datetime) -> bool:
    return is_older(one.sequence, one.updated_at, other.sequence, other.updated_at, now=now)


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
