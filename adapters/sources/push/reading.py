"""The records of a call → dossiers or reports of progress, and notes on what could not be read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from adapters.records.objects import ObjectReader
from adapters.sources.push.reports import ReportReader
from adapters.sources.push.settings import Settings
from bot.model.code import canonical
from bot.model.dossier import Dossier, ProgressReport
from bot.ports import Quarantined

_BLANK = "Bản ghi rỗng."


@dataclass(frozen=True, slots=True)
class Place:
    """What was called, by whom: names a record for those who will mend it."""

    source: str
    name: str
    """Such as `POST dossiers` or `DongBoHoSoMC`."""
    agency: str = ""
    """Who the caller says that it is (`madonvi`)."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the records of one call say."""

    place: Place
    told: tuple[Dossier | ProgressReport | None, ...]
    """One for each record, in order; None for one that is refused, and then a note says why."""
    notes: tuple[Quarantined, ...] = ()
    """`row` counts the records from 1."""


Reading = Callable[[Settings, Place, Sequence[object]], Read]


def dossiers(settings: Settings, place: Place, records: Sequence[object]) -> Read:
    """Records of whole dossiers."""
    reader = ObjectReader(settings, source=place.source, place=place.name)
    told: list[Dossier | ProgressReport | None] = []
    for row, record in enumerate(records, 1):
        noted = len(reader.quarantined)
        dossier = reader.read(row, record)
        if dossier is None and len(reader.quarantined) == noted:
            reader.quarantined.append(_blank(place, row))
        told.append(dossier and _with_agency(dossier, settings, place.agency))
    return Read(place, tuple(told), tuple(reader.quarantined))


def reports(settings: Settings, place: Place, records: Sequence[object]) -> Read:
    """Records of progress alone (`CapNhatTienDoHoSoMC` and near it)."""
    reader = ReportReader(settings, source=place.source, place=place.name)
    told = tuple(reader.read(row, record) for row, record in enumerate(records, 1))
    return Read(place, told, tuple(reader.quarantined))


def _with_agency(dossier: Dossier, settings: Settings, caller: str) -> Dossier:
    """The caller's own id, where neither the record nor a legal code says which agency received the dossier.

    A legal code begins with the agency that received it (NĐ 61/2018/NĐ-CP Đ26), while a caller's `madonvi` is
    often that of the whole province.
    """
    if not caller or not settings.code_pattern or canonical(dossier.code) is not None:
        return dossier
    if dossier.agency not in ("", dossier.code.partition("-")[0]):
        return dossier
    return replace(dossier, agency=caller, agency_name=dossier.agency_name or settings.agencies.get(caller, ""))


def _blank(place: Place, row: int) -> Quarantined:
    return Quarantined(source=place.source, place=place.name, row=row, column="", reason=_BLANK)
