"""Records of a page → dossiers, quarantine, and the newest change among them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from adapters.records.cells import cell
from adapters.records.dates import moments
from adapters.records.objects import ObjectReader
from adapters.records.paths import path
from adapters.sources.rest.details import Lacking
from adapters.sources.rest.progress import later
from adapters.sources.rest.settings import Settings
from bot.model.dossier import Dossier
from bot.ports import Quarantined


class Piece(NamedTuple):
    dossiers: tuple[Dossier, ...]
    quarantined: tuple[Quarantined, ...]
    newest: datetime | None
    """The newest change among them; None where none names one."""
    last: bool
    """The page has no more."""


class Reading:
    """Reads the records of one round."""

    def __init__(self, name: str, settings: Settings, *, believed_until: datetime) -> None:
        """Changes said to be after `believed_until` move no cursor: one typing error would hide all that follows."""
        self._name = name
        self._reader = ObjectReader(settings, source=name, place="")
        self._changed_in = path(settings.changes.field) if settings.changes.field else None
        self._moment = moments(settings.utc_offset)
        self._believed_until = believed_until

    def piece(self, records: Sequence[object], *, first_row: int, place: str, last: bool) -> Piece:
        """`records`, the first of which stands in row `first_row` of its page."""
        dossiers: list[Dossier] = []
        lacking: list[Quarantined] = []
        newest: datetime | None = None
        for row, record in enumerate(records, first_row):
            if isinstance(record, Lacking):
                lacking.append(self._lacking(row, record))
                continue
            dossier = self._reader.read(row, record)
            if dossier is not None:
                dossiers.append(dossier)
            changed = self._changed(record, dossier)
            if changed is not None and changed <= self._believed_until:
                newest = later(newest, changed)
        quarantined = tuple(replace(each, place=place) for each in (*self._reader.quarantined, *lacking))
        self._reader.quarantined.clear()
        return Piece(tuple(dossiers), quarantined, newest, last)

    def _changed(self, record: object, dossier: Dossier | None) -> datetime | None:
        if self._changed_in is None:
            return dossier.updated_at if dossier else None
        try:
            return self._moment(cell(self._changed_in(record))) if isinstance(record, Mapping) else None
        except ValueError:
            return None

    def _lacking(self, row: int, record: Lacking) -> Quarantined:
        return Quarantined(source=self._name, place="", row=row, column="", reason=record.reason, code=record.code)
