"""Pure: which deadlines are near by an office's calendar, and what staff read of several dossiers in one message."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from bot.drafting import Drafting
from bot.model.apology import Apology
from bot.model.calendar import Calendar
from bot.model.clock import VIETNAM
from bot.ports import Due
from bot.texts import show_moment

_NAMES = (
    "code", "procedure", "agency", "appointment", "new_appointment", "holder", "reason", "days_late", "hours_left",
    "count", "lines", "name", "detail", "tracking", "place",
)  # fmt: skip
"""What texts to staff may say."""

ROOM = 480
"""Characters of a list in a message: more would be cut off within a line (`bot.texts.catalogue.LONGEST_VALUE`)."""
SEPARATOR = "; "

_HOUR = timedelta(hours=1)

_AGAIN = {
    "vi": "Hồ sơ được phần mềm Một cửa hẹn lại quá số lần cho phép",
    "en": "Dossiers given new dates by the one-stop software more often than is allowed",
}
_MONTH = {
    "vi": "Cơ quan có tỷ lệ hồ sơ trễ hạn quá mức cho phép trong tháng",
    "en": "Agencies with more late dossiers than is allowed in",
}
"""Headlines of lists (`detail`), by the reader's language."""


def days_horizon(calendar: Calendar, days: int, now: datetime) -> datetime:
    """Until when deadlines are near by `days` working days. It moves on when the office opens, so that staff are told
    in the morning of the day that is `days` working days before the deadline's."""
    today = now.astimezone(VIETNAM).date()
    if not calendar.is_working_day(today) or now < calendar.opening(today):
        today = calendar.add_days(today, -1)
    last = calendar.add_days(today, days) if days else today
    return day_begins(last + timedelta(days=1)) - timedelta(milliseconds=1)


def hours_horizon(calendar: Calendar, hours: float, now: datetime) -> datetime:
    """Until when deadlines are near by so many office hours: never later than that before the deadline, and never at
    night."""
    return calendar.add_hours(now, timedelta(hours=hours))


def day_begins(day: date) -> datetime:
    """Midnight in Vietnam."""
    return datetime.combine(day, time(), VIETNAM)


def due_values(dues: Sequence[Due], calendar: Calendar, *, now: datetime, number: int | None = None) -> dict[str, str]:
    """The values of one dossier, or of a list; `number`: how many there are, where `dues` are only the first."""
    count = len(dues) if number is None else number
    if count != 1 or not dues:
        return list_values((f"{due.code} ({show_moment(due.due_at)})" for due in dues), count)
    (due,) = dues
    today, day = now.astimezone(VIETNAM).date(), due.due_at.astimezone(VIETNAM).date()
    return _values(
        code=due.code,
        procedure=due.procedure_name,
        agency=due.agency_name,
        appointment=show_moment(due.due_at),
        holder=due.holder,
        hours_left=str(max(0, math.floor((due.due_at - now) / _HOUR))) if due.due_at > now else "",
        days_late=str(calendar.working_days(day, today)) if due.due_at <= now else "",
        count="1",
    )


def again_values(dues: Sequence[Due], language: str) -> dict[str, str]:
    """The values of a list of what its source re-appointed too often."""
    lines = (f"{due.code} → {show_moment(due.due_at)}" for due in dues)
    return list_values(lines, len(dues), detail=_AGAIN[language])


def month_values(lines: Sequence[str], month: str, language: str) -> dict[str, str]:
    """The values of a list of agencies that were late too often in the month `2026-11`."""
    year, number = month.split("-")
    return list_values(lines, len(lines), detail=f"{_MONTH[language]} {number}/{year}")


def draft_values(drafts: Sequence[Apology], drafting: Drafting, *, number: int | None = None) -> dict[str, str]:
    """The values of one draft that waits for approval, or of a list."""
    count = len(drafts) if number is None else number
    if count != 1 or not drafts:
        lines = (f"{each.id}: {each.code}, {show_moment(each.old_at)} → {show_moment(each.new_at)}" for each in drafts)
        return list_values(lines, count)
    (draft,) = drafts
    return _values(
        code=draft.code,
        agency=draft.agency_name,
        appointment=show_moment(draft.old_at),
        new_appointment=show_moment(draft.new_at),
        reason=drafting.words(draft),
        name=draft.id,
        count="1",
    )


def list_values(lines: Iterable[str], count: int, *, detail: str = "") -> dict[str, str]:
    """The values of a list: as many whole lines as there is room for, and how many there are."""
    shown: list[str] = []
    room = ROOM
    for line in lines:
        room -= len(line) + len(SEPARATOR)
        if room < 0:
            break
        shown.append(line)
    return _values(count=f"{count}", lines=SEPARATOR.join(shown), detail=detail)


def _values(**known: str) -> dict[str, str]:
    return dict.fromkeys(_NAMES, "") | known


def agency_of(agencies: Iterable[str], fallback: Sequence[str]) -> str:
    """In whose name staff are told: the agency of all, else the contact's own."""
    named = set(agencies)
    return named.pop() if len(named) == 1 else fallback[0] if fallback else ""
