"""What an apology document says: its fields as values, and as the words that stand in a template."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.deadline_settings import ApologySettings, LetterheadSettings
from bot.model.clock import VIETNAM

_BLANK = "…………"
"""Left for a pen."""

NAMES: Mapping[str, str] = {
    "form": "tên mẫu / name of the form",
    "title": "tên mẫu, chữ in hoa / the form's name in capitals",
    "parent": "cơ quan chủ quản, chữ in hoa / the agency above, in capitals",
    "agency": "cơ quan / agency",
    "agency_title": "cơ quan, chữ in hoa / agency in capitals",
    "number": "số văn bản, để trống cho văn thư / number, blank for the clerk's book",
    "dated": "địa danh, ngày tháng năm / place and date of the document",
    "applicant": "họ tên người nộp / applicant",
    "received": "ngày tiếp nhận / when the dossier was received",
    "procedure": "thủ tục / procedure",
    "code": "mã hồ sơ / dossier code",
    "old_appointment": "hẹn trả cũ / old appointment",
    "late_unit": "đơn vị chậm / the unit that was late",
    "reason": "lý do / reason",
    "appointment": "hẹn trả mới / new appointment",
    "place": "nơi trả mới / where the result will be",
    "position": "chức vụ người ký, chữ in hoa / position of the signatory, in capitals",
    "signatory": "người ký / signatory",
}
"""What `{{ … }}` in a template may name, and what it is."""

REQUIRED = ("applicant", "code", "old_appointment", "reason", "appointment")
"""What every apology must say (NĐ 61/2018/NĐ-CP Đ19(9): the reason and the new time; whose, and instead of what)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApologyFields:
    """One apology. Empty texts are left blank for a pen, or left out where the document can do without."""

    agency: str
    """Its name, as citizens read it."""
    agency_code: str = ""
    """Finds its letterhead in `[apologies.agencies]`."""
    number: str = ""
    """Of the clerk's book."""
    dated: date | None = None
    applicant: str = field(repr=False)
    received_at: datetime | None = None
    procedure: str
    code: str
    old_appointment: datetime
    late_unit: str = ""
    reason: str
    appointment: datetime
    """The new one."""
    place: str = ""
    signatory: str = ""
    """Who signs; empty: as the letterhead says."""


def values_of(fields: ApologyFields, settings: ApologySettings) -> dict[str, str]:
    """The value of each of `NAMES`: one line of plain text each."""
    head = letterhead_of(fields.agency_code, settings)
    values = {
        "form": settings.form,
        "title": settings.form.upper(),
        "parent": head.parent.upper(),
        "agency": fields.agency,
        "agency_title": fields.agency.upper(),
        "number": fields.number or _BLANK,
        "dated": _dated(head.locality, fields.dated),
        "applicant": fields.applicant or _BLANK,
        "received": _day(fields.received_at),
        "procedure": fields.procedure,
        "code": fields.code,
        "old_appointment": _moment(fields.old_appointment),
        "late_unit": fields.late_unit,
        "reason": fields.reason,
        "appointment": _moment(fields.appointment),
        "place": fields.place,
        "position": head.position.upper(),
        "signatory": fields.signatory or head.signatory,
    }
    return {name: _plain(value) for name, value in values.items()}


def letterhead_of(agency: str, settings: ApologySettings) -> LetterheadSettings:
    """That of the agency, or of the nearest one above it; a blank one where there is none."""
    parts = agency.split(".")
    for length in range(len(parts), 0, -1):
        if head := settings.agencies.get(".".join(parts[:length])):
            return head
    return LetterheadSettings()


def specimen() -> ApologyFields:
    """Invented, with all that can stand in a document; for checking templates."""
    return ApologyFields(
        agency="Ủy ban nhân dân phường Vĩnh Hải",
        number="12/PXL",
        dated=date(2026, 3, 2),
        applicant="Nguyễn Thị Ánh",
        received_at=datetime(2026, 2, 20, 8, 15, tzinfo=VIETNAM),
        procedure="Cấp giấy phép xây dựng mới đối với công trình nhà ở riêng lẻ",
        code="H32.15-260220-0007",
        old_appointment=datetime(2026, 3, 4, 16, 30, tzinfo=VIETNAM),
        late_unit="Phòng Kinh tế, Hạ tầng và Đô thị",
        reason="cần thêm thời gian xác minh, đối chiếu thông tin",
        appointment=datetime(2026, 3, 9, 16, 30, tzinfo=VIETNAM),
        place="Bộ phận Một cửa phường Vĩnh Hải",
        signatory="Trần Văn Bình",
    )


def _dated(locality: str, day: date | None) -> str:
    """`Khánh Hòa, ngày 02 tháng 3 năm 2026`: days below 10 and the months 1 and 2 with a zero (NĐ 30/2020/NĐ-CP,
    Phụ lục I, II.4), so that nothing can be written before them."""
    place = locality or _BLANK
    if day is None:
        return f"{place}, ngày …… tháng …… năm ………"
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"{place}, ngày {day.day:02} tháng {month} năm {day.year}"


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(VIETNAM):%d/%m/%Y}" if moment else ""


def _moment(moment: datetime) -> str:
    here = moment.astimezone(VIETNAM)
    return f"{here:%H} giờ {here:%M}, ngày {here:%d/%m/%Y}"


def _plain(value: str) -> str:
    """In one line, without what XML 1.0 (section 2.2) cannot say or a reader cannot see."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())
