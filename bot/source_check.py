"""`motcua source check`: how the first records of a source are understood, before anything of it is mirrored."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.dossier import Dossier, ProgressReport, Status
from bot.model.errors import SourceError
from bot.model.phone import parse_phone
from bot.ports import DossierSource, Quarantined

PATIENCE = 60.0
"""Seconds that the first page may take, the log-in included."""

PAGES = 5
"""Pages that are asked for while none of them has a record that can be read."""

EXAMPLES = 5
"""Codes or words that a finding names."""


class Doubt(StrEnum):
    """What an operator should look at before the source goes live."""

    UNMAPPED = "unmapped"
    """A status word that is not among the national ones and not in the map."""
    NO_PHONE = "no_phone"
    UNREACHABLE = "unreachable"
    """A number that cannot get an SMS."""
    NO_RECEIPT = "no_receipt"
    NO_APPOINTMENT = "no_appointment"
    NO_ORDER = "no_order"
    """Neither an update time nor a sequence."""
    BACKWARDS = "backwards"
    """The appointment lies before the receipt."""
    FUTURE = "future"
    """Something that is said to have happened has not happened yet."""
    NAMELESS = "nameless"
    """An agency without a name that citizens could read."""
    REPEATED = "repeated"
    """More than one record about the same dossier."""


_AHEAD = timedelta(minutes=10)
"""A time further ahead of ours is worth a word: a clock is wrong, or a date is mistyped."""


@dataclass(frozen=True, slots=True)
class Finding:
    doubt: Doubt
    count: int
    """Records of the page."""
    examples: tuple[str, ...]
    """Their first codes; the words for `unmapped`, the agencies for `nameless`."""


@dataclass(frozen=True, slots=True)
class FirstPage:
    """What a source gave first."""

    dossiers: tuple[Dossier, ...]
    reports: tuple[ProgressReport, ...]
    quarantined: tuple[Quarantined, ...]

    @property
    def understood(self) -> bool:
        return bool(self.dossiers or self.reports)


async def read_first_page(source: DossierSource) -> FirstPage:
    """The first page that has a record, and what could not be read up to its end. Nothing is kept.

    Raises `SourceError` where the source cannot be read or does not answer within `PATIENCE`.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return await _first_page(source)
    except TimeoutError:
        raise SourceError(f"không trả lời trong {PATIENCE:g} giây / no answer within {PATIENCE:g} s") from None


async def _first_page(source: DossierSource) -> FirstPage:
    quarantined: list[Quarantined] = []
    batches = source.batches(None)
    pages = 0
    try:
        async for batch in batches:
            pages += 1
            quarantined += batch.quarantined
            if batch.dossiers or batch.reports or pages == PAGES:
                return FirstPage(batch.dossiers, batch.reports, tuple(quarantined))
    finally:
        if isinstance(batches, AsyncGenerator):
            await batches.aclose()
    return FirstPage((), (), tuple(quarantined))


def findings(dossiers: Sequence[Dossier], *, now: datetime) -> list[Finding]:
    """What is doubtful among these records, in the order of `Doubt`."""
    times = Counter(dossier.code for dossier in dossiers)
    tests: Mapping[Doubt, Callable[[Dossier], bool]] = {
        Doubt.UNMAPPED: lambda each: each.status is Status.UNKNOWN,
        Doubt.NO_PHONE: lambda each: not each.phone,
        Doubt.UNREACHABLE: _is_unreachable,
        Doubt.NO_RECEIPT: lambda each: each.received_at is None,
        Doubt.NO_APPOINTMENT: lambda each: each.appointment_at is None,
        Doubt.NO_ORDER: lambda each: each.updated_at is None and each.sequence is None,
        Doubt.BACKWARDS: is_backwards,
        Doubt.FUTURE: lambda each: any(is_future(at, now) for at in _happened(each)),
        Doubt.NAMELESS: lambda each: not each.agency_name,
        Doubt.REPEATED: lambda each: times[each.code] > 1,
    }
    found = []
    for doubt, test in tests.items():
        if doubtful := [each for each in dossiers if test(each)]:
            names = dict.fromkeys(_named(doubt, each) for each in doubtful)
            found.append(Finding(doubt, len(doubtful), tuple(names)[:EXAMPLES]))
    return found


def is_backwards(dossier: Dossier) -> bool:
    appointment, received = dossier.appointment_at, dossier.received_at
    return appointment is not None and received is not None and appointment < received


def is_future(at: datetime | None, now: datetime) -> bool:
    return at is not None and at > now + _AHEAD


def _happened(dossier: Dossier) -> tuple[datetime | None, ...]:
    return dossier.received_at, dossier.updated_at, dossier.finished_at


def _is_unreachable(dossier: Dossier) -> bool:
    phone = parse_phone(dossier.phone) if dossier.phone else None
    return bool(dossier.phone) and (phone is None or phone.kind != "mobile")


def _named(doubt: Doubt, dossier: Dossier) -> str:
    if doubt is Doubt.UNMAPPED:
        return dossier.status_text
    return (dossier.agency or dossier.code) if doubt is Doubt.NAMELESS else dossier.code
