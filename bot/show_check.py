"""How `motcua source check` prints: the first records field by field, and what to look at."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from rich.text import Text

from bot.config import WebSettings
from bot.model.clock import VIETNAM
from bot.model.code import canonical
from bot.model.dossier import Dossier, Status
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.settings import Settings
from bot.show import console, errors
from bot.show_lists import quarantined_line
from bot.show_table import Table
from bot.source_check import Doubt, Finding, FirstPage, is_backwards, is_future
from bot.texts import Catalogue, show_moment

_SHOWN = 20
"""Unreadable places that are printed."""

LABELS: Mapping[str, str] = {
    "code": "Mã hồ sơ",
    "status": "Trạng thái",
    "status_text": "Từ của phần mềm",
    "agency": "Mã cơ quan",
    "agency_name": "Tên cơ quan",
    "procedure": "Mã thủ tục",
    "procedure_name": "Tên thủ tục",
    "applicant": "Chủ hồ sơ",
    "phone": "Số điện thoại",
    "received_at": "Ngày tiếp nhận",
    "appointment_at": "Ngày hẹn trả",
    "finished_at": "Ngày kết thúc",
    "supplement": "Nội dung bổ sung",
    "reason": "Lý do",
    "place": "Nơi nhận kết quả",
    "lookup_code": "Mã tra cứu",
    "id_tail": "4 số cuối giấy tờ",
    "updated_at": "Cập nhật lúc",
    "sequence": "Phiên bản",
    "filed_by": "Cách nộp",
    "returned_by": "Cách trả kết quả",
    "tracking": "Mã bưu gửi",
    "fee": "Phí, lệ phí",
    "fee_paid_at": "Ngày nộp phí",
    "supplement_until": "Hạn bổ sung",
    "paused_at": "Tạm dừng từ",
    "steps": "Bước xử lý",
    "waits": "Lần chờ bổ sung",
}
"""Our field → what the clerk calls it."""

_DOUBTS: Mapping[Doubt, str] = {
    Doubt.UNMAPPED: "trạng thái chưa được ánh xạ, không nhắn tin / status word not mapped, nobody is told",
    Doubt.NO_PHONE: "không có số điện thoại / no phone number",
    Doubt.UNREACHABLE: "số không nhận được SMS / a number that cannot get an SMS",
    Doubt.NO_RECEIPT: "không có ngày tiếp nhận: hồ sơ mới sẽ không được báo / no date of receipt: not told as new",
    Doubt.NO_APPOINTMENT: "không có ngày hẹn trả / no appointment",
    Doubt.NO_ORDER: "không có ngày cập nhật hay phiên bản: không biết bản nào mới hơn / "
    "neither update time nor sequence: order cannot be known",
    Doubt.BACKWARDS: "hẹn trả trước ngày tiếp nhận / appointment before receipt",
    Doubt.FUTURE: "ngày ở tương lai: đồng hồ hoặc utc_offset sai? / a date in the future: clock or utc_offset wrong?",
    Doubt.NAMELESS: "không có tên cơ quan, xem [sources.….agencies] / no name of the agency",
    Doubt.REPEATED: "một mã có nhiều bản ghi / several records about one dossier",
}
_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def first_page(
    name: str, page: FirstPage, found: Sequence[Finding], *, records: int, personal: bool, now: datetime
) -> None:
    """The first `records` of the page, and what of all of it is doubtful; phones and names in full if `personal`."""
    for number, dossier in enumerate(page.dossiers[:records], 1):
        console.print(_record(number, dossier, personal=personal, now=now))
    _say(
        f"Trang đầu: {len(page.dossiers):,} hồ sơ, {len(page.reports):,} báo tiến độ, "
        f"{len(page.quarantined):,} chỗ không đọc được. / First page: {len(page.dossiers):,} dossiers, "
        f"{len(page.reports):,} reports of progress, {len(page.quarantined):,} places not understood."
    )
    for each in found:
        _say(f"! {each.count:,} × {_DOUBTS[each.doubt]}: {_examples(each)}")
        if each.doubt is Doubt.UNMAPPED:
            _say(f"    [sources.{name}.statuses]")
            for word in each.examples:
                _say(f'    "{word}" = 4   # 1–10, xem / see docs/adapters.md')
    for row in page.quarantined[:_SHOWN]:
        _say(f"✗ {quarantined_line(row).strip()}")
    if len(page.quarantined) > _SHOWN:
        _say(f"  … và {len(page.quarantined) - _SHOWN:,} chỗ nữa / and {len(page.quarantined) - _SHOWN:,} more")
    if not page.understood:
        nothing = "Chưa có gì để đọc. / There is nothing to read yet."
        failed = "Không hiểu được bản ghi nào. / No record was understood."
        errors.print(failed if page.quarantined else nothing, style="red")
    elif not found and not page.quarantined:
        _say("✓ Không có gì phải xem lại. / Nothing to look at.")


def _record(number: int, dossier: Dossier, *, personal: bool, now: datetime) -> Table:
    table = Table("Trường / field", "Nghĩa / meaning", "Hiểu là / understood as", "Ghi chú / remark")
    table.title = f"Bản ghi {number} / record {number}"
    empty = []
    for field, label in LABELS.items():
        if value := _shown(field, dossier, personal=personal):
            table.add_row(field, label, Text(value, overflow="fold"), Text(_remark(field, dossier, now)))
        else:
            empty.append(field)
    table.caption = f"Trống / empty: {', '.join(empty) or '—'}"
    return table


def _shown(field: str, dossier: Dossier, *, personal: bool) -> str:
    value = getattr(dossier, field)
    if field == "status":
        return Catalogue.load("vi").status(dossier.status)
    if isinstance(value, datetime):
        return show_moment(value)
    if isinstance(value, tuple):
        return str(len(value) or "")
    if field == "phone" and not personal:
        return masked_phone(dossier.phone)
    if field == "applicant" and not personal:
        return initials(dossier.applicant)
    return "" if value is None else str(value)


def masked_phone(text: str) -> str:
    """`+8491•••678`; only dots where it is no number."""
    return str(Address("sms", text)).partition(":")[2] if parse_phone(text) else "•••" if text else ""


def initials(name: str) -> str:
    """`Nguyễn Thị Ánh` → `N. T. Á.`"""
    return " ".join(f"{word[0]}." for word in name.split())


def _remark(field: str, dossier: Dossier, now: datetime) -> str:
    """What was made of a value that can be written in many ways."""
    make = _REMARKS.get(field)
    return make(dossier, now) if make else ""


def _code(dossier: Dossier, now: datetime) -> str:
    if canonical(dossier.code) != dossier.code:
        return "mã riêng theo code_pattern / a local code"
    agency, day, serial = dossier.code.rsplit("-", 2)
    year = day[:-4] if len(day) == 8 else f"20{day[:-4]}"
    return f"đơn vị / agency {agency}, ngày / day {day[-2:]}/{day[-4:-2]}/{year}, số / number {serial}"


def _status(dossier: Dossier, now: datetime) -> str:
    if dossier.status is Status.UNKNOWN:
        return "CHƯA ÁNH XẠ / NOT MAPPED"
    return f"mã quốc gia / national code {int(dossier.status)}"


def _phone(dossier: Dossier, now: datetime) -> str:
    phone = parse_phone(dossier.phone)
    if phone is None:
        return "KHÔNG PHẢI SỐ ĐIỆN THOẠI / NOT A NUMBER"
    return {
        "mobile": "di động, nhận được SMS / mobile",
        "landline": "cố định, KHÔNG nhận SMS / landline",
        "foreign": "nước ngoài, KHÔNG nhận SMS / foreign",
    }[phone.kind]


def _appointment(dossier: Dossier, now: datetime) -> str:
    backwards = ", TRƯỚC NGÀY TIẾP NHẬN / BEFORE RECEIPT" if is_backwards(dossier) else ""
    return _weekday(dossier.appointment_at) + backwards


def _happened(at: datetime | None, now: datetime) -> str:
    return _weekday(at) + (", Ở TƯƠNG LAI / IN THE FUTURE" if is_future(at, now) else "")


def _weekday(at: datetime | None) -> str:
    return _WEEKDAYS[at.astimezone(VIETNAM).weekday()] if at else ""


_REMARKS: Mapping[str, Callable[[Dossier, datetime], str]] = {
    "code": _code,
    "status": _status,
    "phone": _phone,
    "received_at": lambda dossier, now: _happened(dossier.received_at, now),
    "appointment_at": _appointment,
    "finished_at": lambda dossier, now: _happened(dossier.finished_at, now),
    "updated_at": lambda dossier, now: _happened(dossier.updated_at, now),
}

_UNNAMED = "(trống / empty)"


def _examples(finding: Finding) -> str:
    return ", ".join(each or _UNNAMED for each in finding.examples)


PUSH_ENDPOINTS: Mapping[str, str] = {
    "dossiers": "một hồ sơ hoặc một danh sách / one dossier or a list",
    "progress": "tiến độ / progress alone",
    "alive": "không có gì mới / nothing is new",
    "auth": "đăng nhập kiểu trục quốc gia / log-in of the national dialect",
    "integration": "DongBoHoSoMC, CapNhatTienDoHoSoMC",
}
"""What follows `/onestop/v1/`."""


def push(name: str, web: WebSettings, settings: Settings, *, served: bool) -> None:
    """Which address the one-stop software must call, and with what; `served`: we listen there."""
    _say(f"{name}: phần mềm Một cửa tự gọi tới / the one-stop software calls us")
    for endpoint, what in PUSH_ENDPOINTS.items():
        _say(f"  POST http://{web.host}:{web.port}/onestop/v1/{endpoint}   {what}")
    _say("  Từ ngoài: qua https của máy chủ proxy / from outside: by https, through the reverse proxy")
    _say(f"  X-Source: {name}")
    _say("  Chỉ cần một trong các cách / any one of these is enough:")
    for field, description in _ways_in(settings):
        _say(f"    {field}: {description}")
    if not served:
        errors.print(
            "Chưa ai gọi tới được: cần [web] enabled = true. / Nobody can call yet: [web] enabled = true is needed.",
            style="red",
            soft_wrap=True,
        )


def _ways_in(settings: Settings) -> list[tuple[str, str]]:
    """The settings that hold secrets, with how many and what each is for; never a value."""
    found = []
    for field, about in type(settings).model_fields.items():
        value = getattr(settings, field)
        if "Secret" in str(about.annotation) and value:
            users = f" ({', '.join(value)})" if isinstance(value, Mapping) else f" ({len(value)})"
            found.append((field + users, about.description or ""))
    return found


def _say(line: str) -> None:
    console.print(line, soft_wrap=True)
