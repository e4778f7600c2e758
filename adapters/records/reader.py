"""One row of an export becomes one dossier, or an entry in the quarantine that says where and why."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from adapters.records.columns import Columns
from adapters.records.dates import appointments, moments
from adapters.records.identities import codes, phone
from adapters.records.settings import RecordSettings
from adapters.records.statuses import statuses
from adapters.records.terms import TermReader
from bot.model.dossier import Dossier
from bot.ports import Quarantined

LONGEST_NAME, LONGEST_TEXT = 500, 2_000
"""Characters of a name, and of a text for the citizen; what is longer is cut and noted."""

_LONGEST_NUMBER = 18
"""Digits that fit a 64-bit column."""

_LONGEST_SECRET = 32
_TAIL = 4
"""Digits of an identity paper that are kept: enough to ask for, too few to do harm."""

_NO_CODE = "Thiếu mã hồ sơ."
_BAD_CODE = "Mã hồ sơ không đúng dạng quy định."
_NO_STATUS = "Thiếu trạng thái hồ sơ."
_BAD_DATE = "Không đọc được ngày giờ; các dạng nhận được: yyyyMMddHHmmss, dd/MM/yyyy HH:mm, ISO 8601, ngày của Excel."
_SHORT = "Dòng chỉ có {count} ô, thiếu cột này."
_LONG = "Dòng có nhiều ô hơn số cột của tiêu đề: có thể một ô chứa dấu phân cách mà không đặt trong ngoặc kép."
_BAD_NUMBER = "Số thứ tự của bản ghi phải là một số nguyên không âm."
_CUT = "Nội dung dài quá {limit} ký tự nên đã được cắt bớt."


class RowReader:
    """Reads the rows of one file. What it cannot take is added to `quarantined`.

    A row is mirrored only where its code, status, appointment and date of receipt can be read; an empty date is
    readable. Any other cell that cannot be read is noted and left empty, and the row is mirrored without it.
    """

    def __init__(self, columns: Columns, settings: RecordSettings, *, source: str, place: str) -> None:
        self._columns = columns
        self._width = len(columns.names)
        self._vital = [
            index
            for index in (columns.code, columns.status, columns.appointment_at, columns.received_at)
            if index < self._width
        ]
        self._source = source
        self._place = place
        self._moment = moments(settings.utc_offset)
        self._status = statuses(settings.statuses)
        self._code = codes(settings.code_pattern)
        self._agencies = settings.agencies
        self._appointment = appointments(self._moment, utc_offset=settings.utc_offset, day_ends_at=settings.day_ends_at)
        terms = TermReader(columns, settings, self._moment, self._appointment, width=self._width)
        self._terms = terms if terms.is_needed else None
        self.quarantined: list[Quarantined] = []

    def read(self, row: int, cells: list[str]) -> Dossier | None:
        """The dossier in `row`; None for a blank row and for one that went into quarantine."""
        columns = self._columns
        if len(cells) != self._width and not self._fits(row, cells):
            return None
        cells.append("")
        code = self._code_in(row, cells)
        word = one_line(cells[columns.status])
        if not code or not word:
            if code:
                self._refuse(row, columns.status, _NO_STATUS, code)
            return None
        at = columns.appointment_at
        try:
            appointment = self._appointment(cells[at])
            at = columns.received_at
            received = self._moment(cells[at])
        except ValueError:
            self._refuse(row, at, _BAD_DATE, code)
            return None
        agency, agency_name = self._agency(code, cells)
        status_text = one_line(cells[columns.status_text]) or word
        terms = self._terms.read(cells, lambda index: self._refuse(row, index, _BAD_DATE, code)) if self._terms else {}
        return Dossier(
            source=self._source,
            code=code,
            # Where the number is a local one, its name may be mapped, and is what people will map.
            status=self._status(word) or self._status(status_text),
            status_text=status_text,
            agency=agency,
            agency_name=agency_name,
            procedure=cells[columns.procedure].strip()[:LONGEST_NAME],
            procedure_name=one_line(cells[columns.procedure_name]),
            applicant=self._cut(row, columns.applicant, " ".join(cells[columns.applicant].split()), LONGEST_NAME, code),
            phone=phone(cells[columns.phone])[:LONGEST_NAME],
            received_at=received,
            appointment_at=appointment,
            finished_at=self._date(row, cells, columns.finished_at, code)
            or self._date(row, cells, columns.returned_at, code),
            supplement=self._text(row, cells, columns.supplement, code),
            reason=self._text(row, cells, columns.reason, code),
            place=self._text(row, cells, columns.place, code),
            lookup_code=cells[columns.lookup_code].strip()[:_LONGEST_SECRET],
            id_tail=_tail(cells[columns.id_number]),
            updated_at=self._date(row, cells, columns.updated_at, code),
            sequence=self._number(row, cells, columns.sequence, code),
            **terms,
        )

    def refuse(self, row: int, reason: str) -> None:
        """The row as a whole goes into quarantine."""
        self._refuse(row, self._width, reason)

    def _fits(self, row: int, cells: list[str]) -> bool:
        """Trailing empty cells are often left out, and often added; only what shifts or lacks a field is refused."""
        if len(cells) > self._width:
            if any(cell.strip() for cell in cells[self._width :]):
                self.refuse(row, _LONG)
                return False
            del cells[self._width :]
            return True
        lacking = [index for index in self._vital if index >= len(cells)]
        if lacking:
            if any(cell.strip() for cell in cells):
                self._refuse(row, min(lacking), _SHORT.format(count=len(cells)))
            return False
        cells.extend([""] * (self._width - len(cells)))
        return True

    def _code_in(self, row: int, cells: Sequence[str]) -> str:
        index = self._columns.code
        code = self._code(cells[index])
        if not code and any(cell.strip() for cell in cells):
            self._refuse(row, index, _BAD_CODE if cells[index].strip() else _NO_CODE)
        return code

    def _agency(self, code: str, cells: Sequence[str]) -> tuple[str, str]:
        """Its id as the export says or the code begins; its name as the export says or the settings know."""
        name = one_line(cells[self._columns.agency_name])
        agency = cells[self._columns.agency].strip()[:LONGEST_NAME] or _prefix(code)
        return agency, self._agencies.get(name) or name or self._agencies.get(agency, "")

    def _date(self, row: int, cells: Sequence[str], index: int, code: str) -> datetime | None:
        cell = cells[index]
        if not cell:
            return None
        try:
            return self._moment(cell)
        except ValueError:
            self._refuse(row, index, _BAD_DATE, code)
            return None

    def _number(self, row: int, cells: Sequence[str], index: int, code: str) -> int | None:
        cell = cells[index].strip()
        if not cell:
            return None
        if cell.isascii() and cell.isdecimal() and len(cell) <= _LONGEST_NUMBER:
            return int(cell)
        self._refuse(row, index, _BAD_NUMBER, code)
        return None

    def _text(self, row: int, cells: Sequence[str], index: int, code: str) -> str:
        """Several lines may be meant so; spaces around them are not."""
        return self._cut(row, index, cells[index].strip(), LONGEST_TEXT, code) if cells[index] else ""

    def _cut(self, row: int, index: int, text: str, limit: int, code: str) -> str:
        if len(text) <= limit:
            return text
        self._refuse(row, index, _CUT.format(limit=limit), code)
        return text[: limit - 1].rstrip() + "…"

    def _refuse(self, row: int, index: int, reason: str, code: str = "") -> None:
        self.quarantined.append(
            Quarantined(
                source=self._source,
                place=self._place,
                row=row,
                column=self._columns.name_of(index),
                reason=reason,
                code=code,
            )
        )


def _tail(number: str) -> str:
    """The last digits of an identity number; empty where it has too few to be one."""
    if not number:
        return ""
    digits = "".join(letter for letter in number if letter in "0123456789")
    return digits[-_TAIL:] if len(digits) > _TAIL else ""


def one_line(text: str) -> str:
    """Cut to a name's length, without spaces around it, runs of spaces and line breaks as one space."""
    return _one_line(text[:LONGEST_NAME])


@lru_cache(maxsize=4_096)
def _one_line(text: str) -> str:
    """Remembered: the names of procedures and agencies come again and again."""
    return " ".join(text.split())


def _prefix(code: str) -> str:
    agency, dash, _ = code.partition("-")
    return agency if dash else ""
