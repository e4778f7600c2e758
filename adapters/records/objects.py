"""Records that are objects (JSON, database rows) → dossiers, with their steps and supplements."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.records.cells import cell
from adapters.records.columns import FIELDS, TERMS, Columns
from adapters.records.dates import moments
from adapters.records.identities import codes
from adapters.records.paths import Find, first_of, path
from adapters.records.reader import RowReader
from adapters.records.settings import ObjectSettings, RecordSettings
from adapters.records.steps import StepReader
from bot.model.dossier import Dossier
from bot.ports import Quarantined

_NOT_TEXT = "Giá trị không phải là chữ, số hay ngày giờ."
_YES = "1"
"""What an address for the postal service says, whatever is in it (`DangKyNhanHoSoQuaBCCIData`)."""
_NOT_AN_OBJECT = "Bản ghi không phải là một đối tượng JSON."
_BLANK = "Bản ghi rỗng hoặc không có trường nào được nhận ra."


class ObjectReader:
    """Reads the records of one place. What it cannot take is added to `quarantined`, as `RowReader` does.

    `settings.fields` are JMESPaths where `settings` are `ObjectSettings`, else plain keys.
    """

    def __init__(self, settings: RecordSettings, *, source: str, place: str) -> None:
        own, paths = settings.fields, isinstance(settings, ObjectSettings)
        self._finds: list[Find] = [
            (path(own[field]) if paths else first_of((own[field],))) if field in own else first_of(names)
            for field, names in FIELDS.items()
        ]
        names = tuple(own.get(field, known[0]) for field, known in FIELDS.items())
        self._terms = {index for index, field in enumerate(FIELDS) if field in TERMS}
        self._mapped = {index for index, field in enumerate(FIELDS) if field in own}
        columns = Columns(**{field: index for index, field in enumerate(FIELDS)}, names=names)
        self._names = names
        self._code, self._by_post = columns.code, columns.by_post
        self._canonical = codes(settings.code_pattern)
        self._rows = RowReader(columns, settings, source=source, place=place)
        self._steps = (
            StepReader(settings, moments(settings.utc_offset)) if isinstance(settings, ObjectSettings) else None
        )
        self._source, self._place = source, place

    @property
    def quarantined(self) -> list[Quarantined]:
        return self._rows.quarantined

    def read(self, row: int, record: object) -> Dossier | None:
        """The dossier; None for a record that went into quarantine, as one does in which no field is known."""
        if not isinstance(record, Mapping):
            self._rows.refuse(row, _NOT_AN_OBJECT)
            return None
        cells = self._cells(row, record)
        if cells is None:
            return None
        if not any(map(str.strip, cells)):
            self._rows.refuse(row, _BLANK)
            return None
        dossier = self._rows.read(row, cells)
        if dossier is None or self._steps is None:
            return dossier
        return self._with_course(row, record, dossier, self._steps)

    def _cells(self, row: int, record: Mapping[str, Any]) -> list[str] | None:
        cells = []
        for index, find in enumerate(self._finds):
            found: Any = None
            try:
                found = find(record)
                cells.append(cell(found))
            except ValueError:
                is_term = index in self._terms
                if not is_term or index in self._mapped:
                    self._note(row, self._names[index], _NOT_TEXT, self._code_in(cells))
                if not is_term:
                    return None
                cells.append(_YES if index == self._by_post and found else "")
        return cells

    def _code_in(self, cells: Sequence[str]) -> str:
        """The code, if it was read so far and is one: anything else may be a name."""
        return self._canonical(cells[self._code]) if len(cells) > self._code else ""

    def _with_course(self, row: int, record: Mapping[str, Any], dossier: Dossier, reader: StepReader) -> Dossier:
        course = reader.read(record)
        for column, reason in course.faults:
            self._note(row, column, reason, dossier.code)
        if not course:
            return dossier
        return replace(
            dossier,
            steps=course.steps,
            waits=course.waits,
            appointment_at=_appointment(dossier.appointment_at, course.reappointed),
            supplement=dossier.supplement or course.supplement,
            supplement_until=dossier.supplement_until or course.supplement_until,
            fee=dossier.fee or course.fee,
        )

    def _note(self, row: int, column: str, reason: str, code: str) -> None:
        self._rows.quarantined.append(
            Quarantined(source=self._source, place=self._place, row=row, column=column, reason=reason, code=code)
        )


def _appointment(stated: datetime | None, reappointed: tuple[datetime | None, datetime] | None) -> datetime | None:
    """The record's own date, unless it is the one that the supplement replaced: some software leaves it there."""
    if reappointed is None:
        return stated
    before, after = reappointed
    if stated is None or stated == before:
        return after
    return stated if before else max(stated, after)


def read_all(reader: ObjectReader, records: Sequence[object], first: int = 1) -> tuple[Dossier, ...]:
    """The dossiers of `records`, which are counted from `first`. A code that comes twice stays twice, in order."""
    return tuple(
        dossier for row, record in enumerate(records, first) if (dossier := reader.read(row, record)) is not None
    )
