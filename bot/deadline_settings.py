"""The shape of the tables about office hours, deadlines, apologies and the staff who are told of them."""

import re
from datetime import date, time
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from bot.model.office_hours import Span, check_hours
from bot.settings import Settings


def _in_order(hours: tuple[Span, ...]) -> tuple[Span, ...]:
    check_hours(hours)
    return hours


def _not_empty(hours: tuple[Span, ...]) -> tuple[Span, ...]:
    if not hours:
        raise ValueError("giờ làm việc để trống / an office without hours")
    return hours


Saturday = Annotated[tuple[Span, ...], AfterValidator(_in_order)]
Hours = Annotated[Saturday, AfterValidator(_not_empty)]
"""Of a working day, in order."""


class OfficeSettings(Settings):
    """[calendar.agencies."H32.10"] It holds for all agencies below it too; what is missing is as at the unit above."""

    hours: Hours | None = Field(None, description="office hours of a working day")
    saturday: Saturday | None = Field(None, description="office hours of a Saturday; empty: closed")
    cut_off: time | None = Field(None, description="what is received later counts as received the next working day")
    days_off: tuple[date, ...] = Field((), description="further days off of this agency")
    working_days: tuple[date, ...] = Field((), description="further make-up days of this agency")


class CalendarSettings(Settings):
    """[calendar] Days off in Vietnam are known; what the Prime Minister decides for a year is added here."""

    days_off: tuple[date, ...] = Field((), description="further days off")
    working_days: tuple[date, ...] = Field((), description="make-up days: weekends on which offices work")
    checked_years: tuple[int, ...] = Field(
        (), description="years whose days off, as announced, were compared with `motcua calendar YEAR`"
    )
    hours: Hours = Field(
        ((time(7, 0), time(11, 30)), (time(13, 30), time(17, 0))),
        description="office hours of a working day; together they are the hours of one working day (8 h = 1 day)",
    )
    saturday: Saturday = Field((), description="office hours of a Saturday; empty: closed")
    cut_off: time = Field(
        time(15, 0), description="received later: counted from the next working day (NĐ 61/2018/NĐ-CP Đ18(2))"
    )
    agencies: dict[str, OfficeSettings] = Field(default_factory=dict, description="what is otherwise at an agency")


class DeadlineSettings(Settings):
    """[deadlines] When staff are told that a dossier is due."""

    watch: bool = Field(True, description="whether deadlines are watched at all")
    warn_days: int = Field(1, ge=0, description="working days before the deadline at which staff are told; 0: not")
    warn_hours: float = Field(3.0, ge=0, description="hours before it at which they are told once more; 0: not")
    every: float = Field(60.0, gt=0, description="seconds between two looks")
    late_percent: float = Field(
        10.0, gt=0, le=100, description="share of late dossiers in a month above which an agency is listed"
    )
    digest_at: time = Field(time(7, 15), description="when contacts with `digest = true` get the day's list")


class LetterheadSettings(Settings):
    """[apologies.agencies."H32.10"] What stands around the text of an agency's apology; what is empty is left blank."""

    parent: str = Field("", description="the agency above: the first line at the top left")
    locality: str = Field("", description="the place before the date")
    position: str = Field("", description="position of who signs")
    signatory: str = Field("", description="name of who signs, where the draft names nobody")


class ApologySettings(Settings):
    """[apologies] The apology with re-appointment."""

    enabled: bool = Field(True, description="whether drafts are made for dossiers that run late")
    draft_days: int = Field(2, ge=0, description="working days before the deadline at which a draft appears")
    shortest_days: int = Field(
        3,
        ge=0,
        description="days, as they come, of the shortest term for which drafts appear by themselves; for shorter ones, "
        "which are nearly always about to end, staff draft by hand; 0: for all",
    )
    limit_days: int = Field(
        1, ge=0, description="working days before the deadline by which the apology must have left the office"
    )
    citation: str = Field(
        "NĐ 61/2018/NĐ-CP Đ19(9); NĐ 118/2025/NĐ-CP", description="the rule behind `limit_days`, as shown to staff"
    )
    extend_days: int = Field(3, ge=1, description="working days that a draft proposes for the new date")
    most: int = Field(1, ge=1, description="re-appointments of one dossier; one more needs a logged override")
    form: str = Field(
        "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết",
        description="name of form 04 (TT 03/2025/TT-VPCP); earlier: Phiếu xin lỗi và hẹn lại ngày trả kết quả",
    )
    reasons: dict[str, str] = Field(
        default_factory=lambda: {
            "overload": "số lượng hồ sơ trong kỳ tăng cao",
            "verification": "cần thêm thời gian xác minh, đối chiếu thông tin",
            "coordination": "đang chờ ý kiến của cơ quan phối hợp giải quyết",
            "fieldwork": "cần kiểm tra thực địa",
            "system": "hệ thống thông tin gặp sự cố kỹ thuật",
            "staff": "cán bộ giải quyết vắng mặt vì lý do đột xuất",
        },
        description="reasons to choose from: word = what the citizen reads",
    )
    default_reason: str = Field("overload", description="the reason that a draft proposes; one of `reasons`")
    template: str = Field("", description="DOCX template of the document; empty: ours")
    pdf: bool = Field(True, description="whether the document becomes a PDF where LibreOffice is installed")
    keep_days: int = Field(30, ge=8, description="days for which a document is kept; longer than its message may wait")
    agencies: dict[str, LetterheadSettings] = Field(
        default_factory=dict, description="letterheads by agency; each holds for all agencies below it too"
    )

    @model_validator(mode="after")
    def _default_reason_is_known(self) -> Self:
        if self.default_reason not in self.reasons:
            raise ValueError(f"`default_reason` is not one of `reasons`: {', '.join(self.reasons)}")
        return self


class Role(StrEnum):
    """What a contact is told of."""

    OFFICER = "officer"
    """Handles dossiers: due soon, papers asked for twice."""
    HEAD = "head"
    """Answers for the agency: the same, and drafts of apologies to approve."""
    SUPERVISOR = "supervisor"
    """The unit above: what is late without an apology, agencies above the threshold."""
    OPERATOR = "operator"
    """Keeps the service running: alarms."""
    POSTAL = "postal"
    """The public postal service: results to collect."""


_WAY = re.compile(r"(telegram|zalo|zalobot|email|sms):\S+")


def _way(value: str) -> str:
    if not _WAY.fullmatch(value):
        raise ValueError("write a way as telegram:ID, zalo:ID, zalobot:ID, email:NAME@HOST or sms:+84…")
    return value


class ContactSettings(Settings):
    """[contacts.NAME] Somebody of the staff, or the post office."""

    roles: tuple[Role, ...] = Field(min_length=1, description="officer | head | supervisor | operator | postal")
    agencies: tuple[str, ...] = Field((), description="agencies by code, with all below them; empty: all")
    ways: tuple[Annotated[str, AfterValidator(_way)], ...] = Field(min_length=1, description="best first")
    digest: bool = Field(False, description="true: one list a working day instead of a message each")
    language: str = Field("vi", pattern="^(vi|en)$", description="language of what they read")
    login: str = Field("", max_length=80, description="their login at the console: orders by chat count as theirs")
