"""Who holds a dossier, since when and until when, and what was asked of the citizen on the way."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from zlib import crc32

from bot.model.dossier import Status

PARTNERS: dict[str, tuple[str, ...]] = {
    "civil": ("Công an cấp xã", "Bảo hiểm xã hội khu vực"),
    "aid": ("Phòng Lao động - Thương binh và Xã hội",),
    "business": ("Chi cục Thuế khu vực",),
    "building": ("Phòng Cảnh sát phòng cháy, chữa cháy và cứu nạn, cứu hộ",),
    "land": ("Chi nhánh Văn phòng Đăng ký đất đai", "Chi cục Thuế khu vực"),
    "record": ("Phòng Hồ sơ nghiệp vụ Công an tỉnh", "Trung tâm Lý lịch tư pháp quốc gia"),
}
"""The other agencies of an interlinked procedure (liên thông), by sector, in their order."""

ANY_PARTNER = ("Văn phòng UBND tỉnh",)

_DESK, _OFFICE = "Bộ phận Một cửa", "Bộ phận chuyên môn"
_WORK: dict[Status, tuple[str, str]] = {
    Status.REGISTERED: ("Cổng Dịch vụ công", "Kiểm tra hồ sơ nộp trực tuyến"),
    Status.RECEIVED: (_DESK, "Tiếp nhận hồ sơ, chuyển bộ phận chuyên môn"),
    Status.REFUSED: (_DESK, "Từ chối tiếp nhận hồ sơ"),
    Status.PROCESSING: (_OFFICE, "Thẩm định hồ sơ"),
    Status.SUPPLEMENT: (_OFFICE, "Chờ công dân bổ sung giấy tờ"),
    Status.PAYMENT: (_OFFICE, "Chờ công dân thực hiện nghĩa vụ tài chính"),
    Status.WITHDRAWN: (_DESK, "Trả lại hồ sơ theo đề nghị của công dân"),
    Status.STOPPED: (_OFFICE, "Dừng xử lý, thông báo cho công dân"),
    Status.DONE: (_DESK, "Chờ công dân đến nhận kết quả"),
    Status.RETURNED: (_DESK, "Trả kết quả cho công dân"),
}
"""The unit that holds a dossier of its agency in this status, and what it does there."""

_OFFICERS = (
    "Nguyễn Thị Hồng Vân", "Trần Quốc Bảo", "Lê Thị Mỹ Linh", "Phạm Hữu Nghĩa", "Huỳnh Thị Kim Chi", "Võ Minh Trí",
    "Phan Thị Bích Ngọc", "Đặng Công Danh", "Bùi Thị Thu Hà", "Hồ Văn Lợi", "Ngô Thị Diệu", "Cao Xuân Phương",
)  # fmt: skip

ENDS = frozenset({Status.REFUSED, Status.WITHDRAWN, Status.STOPPED, Status.RETURNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stretch of the work, as the one-stop software writes it down; moments are in UTC."""

    agency: str
    unit: str
    officer: str = field(repr=False)
    task: str
    status: Status
    started_at: datetime
    due_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplement:
    """Something the citizen was asked to add."""

    content: str
    reason: str
    asked_at: datetime
    until: datetime | None = None
    answered_at: datetime | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None
    """The appointment after the papers had come."""


def moved(
    stages: tuple[Stage, ...], *, agency: str, status: Status, at: datetime, due: datetime | None
) -> tuple[Stage, ...]:
    """The stages after a step: the last one goes on, or ends where the next one begins."""
    due = due if status is Status.PROCESSING else None
    if stages and (stages[-1].agency, stages[-1].status) == (agency, status):
        return (*stages[:-1], replace(stages[-1], due_at=due))
    unit, task = _WORK[status]
    fresh = Stage(
        agency=agency,
        unit=unit,
        officer=_OFFICERS[crc32(f"{agency}{unit}".encode()) % len(_OFFICERS)],
        task=task,
        status=status,
        started_at=at,
        due_at=due,
        ended_at=at if status in ENDS else None,
    )
    closed = (*stages[:-1], replace(stages[-1], ended_at=at)) if stages else ()
    return (*closed, fresh)


def asked(
    supplements: tuple[Supplement, ...],
    *,
    content: str,
    reason: str,
    at: datetime,
    until: datetime,
    due: datetime | None,
) -> tuple[Supplement, ...]:
    return (*supplements, Supplement(content=content, reason=reason, asked_at=at, until=until, due_before=due))


def answered(supplements: tuple[Supplement, ...], *, at: datetime, due: datetime | None) -> tuple[Supplement, ...]:
    return (*supplements[:-1], replace(supplements[-1], answered_at=at, due_after=due))
