"""Records of progress alone → `ProgressReport`."""

from collections.abc import Mapping
from typing import Any

from adapters.records.cells import cell
from adapters.records.columns import FIELDS
from adapters.records.dates import moments
from adapters.records.identities import codes
from adapters.records.paths import Find, first_of, path
from adapters.records.reader import one_line
from adapters.records.settings import STEP_FIELDS
from adapters.records.steps import StepReader
from adapters.sources.push.settings import Settings
from bot.model.dossier import ProgressReport, Step
from bot.ports import Quarantined

_LONGEST_NUMBER = 18
"""Digits that fit a 64-bit column."""

_NOT_AN_OBJECT = "Bản ghi không phải là một đối tượng JSON."
_NO_CODE = "Thiếu mã hồ sơ."
_BAD_CODE = "Mã hồ sơ không đúng dạng quy định."
_BAD_VALUE = "Không đọc được giá trị; ngày giờ nhận được: yyyyMMddHHmmss, dd/MM/yyyy HH:mm, ISO 8601."
_NOTHING = "Thiếu trạng thái và nội dung xử lý: bản ghi không cho biết tiến độ nào."
_BAD_NUMBER = "Số thứ tự của bản ghi phải là một số nguyên không âm."


class _UnreadError(Exception):
    """The record cannot be read: which of our fields, why, and the code as far as it is known."""

    def __init__(self, field: str, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.field, self.reason, self.code = field, reason, code


class ReportReader:
    """Reads the records of one call. A record that cannot be read whole is refused and noted in `quarantined`."""

    def __init__(self, settings: Settings, *, source: str, place: str) -> None:
        self._source, self._place = source, place
        self._moment = moments(settings.utc_offset)
        self._steps = StepReader(settings, self._moment)
        self._code = codes(settings.code_pattern)
        self._finds: dict[str, tuple[str, Find]] = {
            field: _found(settings.fields.get(field, ""), FIELDS[field]) for field in ("code", "sequence")
        } | {field: _found(settings.step_fields.get(field, ""), names) for field, names in STEP_FIELDS.items()}
        self.quarantined: list[Quarantined] = []

    def read(self, row: int, record: object) -> ProgressReport | None:
        """The report; None for a record that went into quarantine."""
        try:
            return self._report(record)
        except _UnreadError as error:
            self.quarantined.append(
                Quarantined(
                    source=self._source,
                    place=self._place,
                    row=row,
                    column=self._finds[error.field][0] if error.field else "",
                    reason=error.reason,
                    code=error.code,
                )
            )
            return None

    def _report(self, record: object) -> ProgressReport:
        if not isinstance(record, Mapping):
            raise _UnreadError("", _NOT_AN_OBJECT)
        written = self._written(record)
        code = self._code(written["code"])
        if not code:
            raise _UnreadError("code", _BAD_CODE if written["code"] else _NO_CODE)
        step = self._step(record, code)
        is_bare = step == Step(status=step.status)
        if is_bare and step.status is None:
            raise _UnreadError("status", _NOTHING, code)
        return ProgressReport(
            source=self._source,
            code=code,
            status=step.status,
            status_text=one_line(written["status"]),
            step=None if is_bare else step,
            at=self._moment(written["reported_at"]),
            sequence=_number(written["sequence"], code),
        )

    def _written(self, record: Mapping[str, Any]) -> dict[str, str]:
        """Every field as it is written, the code first."""
        written: dict[str, str] = {}
        for field, (_, find) in self._finds.items():
            try:
                written[field] = cell(find(record)).strip()
            except ValueError:
                raise _UnreadError(field, _BAD_VALUE, self._code(written.get("code", ""))) from None
        return written

    def _step(self, record: Mapping[str, Any], code: str) -> Step:
        try:
            return self._steps.step(record)
        except ValueError:
            raise _UnreadError(self._unread_date(record), _BAD_VALUE, code) from None

    def _unread_date(self, record: Mapping[str, Any]) -> str:
        for field, (_, find) in self._finds.items():
            if field.endswith("_at"):
                try:
                    self._moment(cell(find(record)))
                except ValueError:
                    return field
        return ""


def _number(text: str, code: str) -> int | None:
    if text and not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
        raise _UnreadError("sequence", _BAD_NUMBER, code)
    return int(text) if text else None


def _found(own: str, names: tuple[str, ...]) -> tuple[str, Find]:
    """A field's name, as the caller's developer knows it, and how to find it."""
    return (own, path(own)) if own else (names[0], first_of(names))
