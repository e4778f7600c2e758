"""Steps (who holds it, since when, until when) and supplements inside a record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.records.cells import cell
from adapters.records.dates import Moments, appointments
from adapters.records.paths import first_of, path
from adapters.records.settings import STEP_FIELDS, ObjectSettings
from adapters.records.statuses import statuses
from adapters.records.terms import days_in, last_days, total
from bot.model.dossier import Step, Wait

MOST = 200
"""Steps or supplements of one dossier that are kept: the newest ones."""
_LONGEST = 500

_SUPPLEMENTS = first_of(("DanhSachHoSoBoSung",))
_ASKED = first_of(("NgayBoSung", "NgayYeuCauBoSung"))
_ANSWERED = first_of(("NgayTiepNhanBoSung",))
_CONTENT = first_of(("NoiDungBoSung",))
_TERM = first_of(("ThoiHanBoSung", "HanBoSung"))
_FEES = first_of(("DanhSachLePhi",))
_PRICE = first_of(("Gia", "SoTien"))
_OLD_APPOINTMENT = first_of(("NgayHenTraTruoc",))
_NEW_APPOINTMENT = first_of(("NgayHenTraMoi",))

_BAD_STEP = "Không đọc được bước xử lý này (ngày giờ hoặc kiểu giá trị không đúng); bước bị bỏ qua."
_BAD_SUPPLEMENT = "Không đọc được lần yêu cầu bổ sung này; lần đó bị bỏ qua."


@dataclass(frozen=True, slots=True)
class Course:
    """What a record tells beside its plain fields. False where it tells nothing."""

    steps: tuple[Step, ...] = ()
    waits: tuple[Wait, ...] = ()
    supplement: str = ""
    """What was asked for last."""
    supplement_until: datetime | None = None
    """Until when."""
    fee: str = ""
    """The listed fees together."""
    reappointed: tuple[datetime | None, datetime] | None = None
    """The appointment before the last supplement that moved it, and the one after."""
    faults: tuple[tuple[str, str], ...] = ()
    """(key, reason in Vietnamese) of what could not be read."""

    def __bool__(self) -> bool:
        return bool(self.steps or self.waits or self.supplement or self.reappointed or self.fee)


class StepReader:
    """Reads steps and supplements as the settings say where they stand."""

    def __init__(self, settings: ObjectSettings, moment: Moments) -> None:
        self._list = path(settings.steps) if settings.steps else first_of(("QuaTrinhXuLy", "DanhSachTienTrinh"))
        self._name = settings.steps or "QuaTrinhXuLy"
        own = settings.step_fields
        self._finds = {
            field: path(own[field]) if field in own else first_of(names) for field, names in STEP_FIELDS.items()
        }
        self._moment = moment
        self._appointment = appointments(moment, utc_offset=settings.utc_offset, day_ends_at=settings.day_ends_at)
        self._last_day = last_days(self._appointment, settings.utc_offset)
        self._status = statuses(settings.statuses)

    def read(self, record: Mapping[str, Any]) -> Course:
        faults: list[tuple[str, str]] = []
        steps = []
        for each in self._objects(self._list, record, self._name, _BAD_STEP, faults):
            try:
                steps.append(self.step(each))
            except ValueError:
                faults.append((self._name, _BAD_STEP))
        waits, supplement, term, reappointed = [], "", None, None
        for each in self._objects(_SUPPLEMENTS, record, "DanhSachHoSoBoSung", _BAD_SUPPLEMENT, faults):
            try:
                asked, answered = self._at(_ASKED(each)), self._at(_ANSWERED(each))
                if new := self._appointment(cell(_NEW_APPOINTMENT(each))):
                    reappointed = (self._appointment(cell(_OLD_APPOINTMENT(each))), new)
                supplement = "" if answered else cell(_CONTENT(each)).strip()[:_LONGEST] or supplement
                term = None if answered else self._until(asked, cell(_TERM(each))) or term
            except ValueError:
                faults.append(("DanhSachHoSoBoSung", _BAD_SUPPLEMENT))
                continue
            if asked:
                waits.append(Wait(asked, answered))
        steps.sort(key=_beginning)
        waits.sort(key=lambda wait: wait.asked_at)
        return Course(
            tuple(steps[-MOST:]), tuple(waits[-MOST:]), supplement, term, _fee(record), reappointed, tuple(faults)
        )

    def step(self, record: Mapping[str, Any]) -> Step:
        """One step, such as a record of `CapNhatTienDoHoSoMC`. Raises `ValueError` for a date or value unread."""
        values = {field: cell(find(record)).strip() for field, find in self._finds.items()}
        return Step(
            agency=values["agency"][:_LONGEST],
            holder=values["holder"][:_LONGEST],
            task=values["task"][:_LONGEST],
            status=self._status(values["status"]) if values["status"] else None,
            started_at=self._moment(values["started_at"]) or self._moment(values["reported_at"]),
            due_at=self._moment(values["due_at"]),
            ended_at=self._moment(values["ended_at"]),
        )

    def _until(self, asked: datetime | None, term: str) -> datetime | None:
        if days := days_in(term):
            return self._last_day(asked, days) if asked else None
        return self._appointment(term)

    def _at(self, value: Any) -> datetime | None:
        return self._moment(cell(value))

    @staticmethod
    def _objects(
        find: Any, record: Mapping[str, Any], name: str, reason: str, faults: list[tuple[str, str]]
    ) -> Sequence[Mapping[str, Any]]:
        try:
            found = find(record)
        except ValueError:
            found = ""
        if found is None or found == []:
            return ()
        if not isinstance(found, list):
            faults.append((name, reason))
            return ()
        good = [each for each in found if isinstance(each, Mapping)]
        if len(good) < len(found):
            faults.append((name, reason))
        return good


def _fee(record: Mapping[str, Any]) -> str:
    found = _FEES(record)
    return total(_PRICE(each) for each in found if isinstance(each, Mapping)) if isinstance(found, list) else ""


def _beginning(step: Step) -> float:
    return step.started_at.timestamp() if step.started_at else 0.0
