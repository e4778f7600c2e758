"""Pure: how an apology is drafted by the office's settings, what the citizen reads as the reason, and which dates are
possible."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.calendars import Calendars
from bot.config import nearest
from bot.deadline_settings import ApologySettings
from bot.model.apology import BY_THE_WATCH, Apology, is_running, limit_of, proposed
from bot.model.clock import VIETNAM
from bot.model.dossier import Dossier, Status

SAME_PERSON = (
    "người soạn hoặc sửa dự thảo không tự duyệt được, xin người khác duyệt / "
    "who drafted or changed it cannot approve it: another person has to"
)
CHANGED = "dự thảo vừa được sửa, xin xem lại rồi duyệt / it was changed meanwhile: look at it again"
GONE = "hồ sơ không còn trong bản sao / the dossier is no longer in the mirror"


@dataclass(frozen=True, slots=True)
class Refused:
    """What was asked for is not done."""

    about: str
    """The apology or the dossier."""
    why: str
    """Vietnamese / English."""

    def __str__(self) -> str:
        return f"{self.about}: {self.why}"


Answer = Apology | Refused


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be otherwise in a draft; what is None stays."""

    reason: str | None = None
    """A word of `[apologies.reasons]`."""
    text: str | None = None
    day: date | None = None
    """Of the new appointment, which is at the office's closing hour."""


@dataclass(frozen=True, slots=True)
class Drafting:
    """The office's rules of apologies."""

    settings: ApologySettings
    calendars: Calendars

    def draft(
        self,
        key: tuple[str, str],
        agency: tuple[str, str],
        old_at: datetime,
        *,
        now: datetime,
        by: str = BY_THE_WATCH,
    ) -> Apology:
        """For the dossier `key` = (source, code) of `agency` = (code, name); without an id until it is kept."""
        rules, calendar = self.settings, self.calendars.of(agency[0])
        return Apology(
            id="",
            source=key[0],
            code=key[1],
            agency=agency[0],
            agency_name=agency[1],
            reason=rules.default_reason,
            old_at=old_at,
            new_at=proposed(calendar, old_at, rules.extend_days, now=now),
            limit_at=limit_of(calendar, old_at, rules.limit_days),
            form=rules.form,
            drafted_at=now,
            drafted_by=by,
        )

    def words(self, apology: Apology) -> str:
        """The reason as the citizen reads it: that of the list, and what was written beside it."""
        listed = self.settings.reasons.get(apology.reason, "")
        return "; ".join(each for each in (listed, apology.text) if each)

    def closing(self, apology: Apology, day: date) -> datetime:
        """When its agency closes on that day."""
        return self.calendars.of(apology.agency).closing(day)

    def objection_to_reason(self, word: str) -> str:
        """Why this is no reason to give; empty where it is one."""
        if word in self.settings.reasons:
            return ""
        known = ", ".join(self.settings.reasons)
        return (
            f"“{word}”: không có lý do này trong danh sách / is not one of the reasons: {known}"
            f"{nearest(word, self.settings.reasons)}"
        )

    def objection_to_date(self, apology: Apology, *, now: datetime) -> str:
        """Why its new date cannot be promised; empty where it can."""
        day = apology.new_at.astimezone(VIETNAM).date()
        shown = f"{day:%d/%m/%Y}"
        if day <= now.astimezone(VIETNAM).date():
            return f"{shown}: ngày hẹn mới phải từ ngày mai trở đi / the new date must be tomorrow or later"
        if apology.new_at <= apology.old_at:
            return f"{shown}: ngày hẹn mới phải sau hạn cũ / the new date must be after the old one"
        if not self.calendars.of(apology.agency).is_working_day(day):
            return f"{shown}: là ngày nghỉ / is a day off"
        return ""


def not_running(dossier: Dossier) -> str:
    """Why there is nothing to apologise for now."""
    if dossier.status is Status.SUPPLEMENT:
        return "Hồ sơ đang chờ bổ sung giấy tờ, chưa phải xin lỗi / papers are waited for"
    if dossier.paused_at is not None:
        return "Hồ sơ đang tạm dừng tính thời gian, chưa phải xin lỗi / its clock stands"
    if is_running(dossier):
        return "Hạn trả của hồ sơ đã thay đổi / its deadline has moved"
    if dossier.due_at is None:
        return "Hồ sơ không có hạn trả / it has no deadline"
    return "Hồ sơ đã xử lý xong hoặc đã dừng / it is no longer in work"


def too_many(most: int) -> str:
    """That it has been re-appointed as often as is allowed."""
    return (
        f"đã hẹn lại {most} lần, thêm nữa phải ghi lý do / it was re-appointed {most} times, "
        f'one more needs a reason: --override "…"'
    )
