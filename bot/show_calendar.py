"""How `motcua calendar` prints: the days off and make-up days of a year, and how a term is counted, day by day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from rich.text import Text

from bot.model.calendar import Calendar
from bot.model.clock import VIETNAM
from bot.model.holidays_vn import holidays_of
from bot.model.office_hours import Span
from bot.show import console
from bot.show_table import Table

_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
_FRIDAY = 4
_LINES = 60
"""Days of a term that are printed one by one; of a longer one only those that are not as in any week."""


@dataclass(frozen=True, slots=True)
class Special:
    """A day that is not as in any week."""

    day: date
    name: str
    works: bool
    configured: bool
    """By the office's own configuration; else it is known."""


def specials(calendar: Calendar, year: int) -> list[Special]:
    """Every holiday, day off and make-up day of a year, in order."""
    known = holidays_of(year)
    configured = {day for day in calendar.days_off | calendar.make_up_days if day.year == year}
    days = sorted({*known.days_off, *known.make_up_days, *configured})
    return [_special(calendar, day) for day in days]


def _special(calendar: Calendar, day: date) -> Special:
    known = holidays_of(day.year)
    works = calendar.is_working_day(day)
    if day in calendar.make_up_days:
        return Special(day, _worked_on(day), works, day not in known.make_up_days)
    if day in calendar.days_off:
        moved = day in known.make_up_days
        name = "Không làm bù ngày này" if moved else known.days_off.get(day, "Ngày nghỉ thêm")
        return Special(day, name, works, moved or day not in known.days_off)
    return Special(day, known.make_up_days.get(day) or known.days_off[day], works, configured=False)


def _worked_on(day: date) -> str:
    known = holidays_of(day.year)
    holiday = known.days_off.get(day)
    return known.make_up_days.get(day) or (f"Làm việc vào ngày: {holiday}" if holiday else "Làm bù")


def year_json(calendar: Calendar, year: int, *, agency: str, announced: bool) -> dict[str, Any]:
    days = specials(calendar, year)
    return {
        "year": year,
        "agency": agency,
        "announced": announced,
        "hours": [f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in calendar.hours],
        "saturday": [f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in calendar.saturday],
        "cut_off": f"{calendar.cut_off:%H:%M}",
        "working_days": _working_days(calendar, year),
        "days_off": [_special_json(each, announced=announced) for each in days if not each.works],
        "make_up_days": [_special_json(each, announced=announced) for each in days if each.works],
    }


def _special_json(special: Special, *, announced: bool) -> dict[str, str]:
    origin = "configuration" if special.configured else "known" if announced else "estimated"
    return {"day": str(special.day), "name": special.name, "from": origin}


def a_year(calendar: Calendar, year: int, *, agency: str, announced: bool) -> None:
    of = f" – cơ quan / agency {agency}" if agency else ""
    _say(f"Lịch làm việc năm {year} / working days of {year}{of}")
    _hours(calendar)
    _say(f"Cả năm / in all: {_working_days(calendar, year)} ngày làm việc / working days")
    days = specials(calendar, year)
    _table("Ngày nghỉ / days off", [each for each in days if not each.works], announced=announced)
    _table("Ngày làm bù / make-up days", [each for each in days if each.works], announced=announced)
    if not announced:
        _say(unannounced_line(year))


def unannounced_line(year: int) -> str:
    """What an operator is to do about a year of which nothing is known but the law."""
    return (
        f"! Năm {year}: chưa có thông báo nghỉ Tết, nghỉ 2/9 và hoán đổi ngày làm việc, lịch đang là ước tính. "
        f"Xin đối chiếu với thông báo của Bộ Nội vụ, sửa [calendar] days_off, working_days nếu khác, rồi ghi "
        f"checked_years = [{year}]. / What was announced for {year} is not known here, the calendar is an estimate: "
        f"compare it, correct [calendar], then set checked_years = [{year}]."
    )


def a_term(calendar: Calendar, received_at: datetime, days: int) -> None:
    """The arithmetic of a term in working days."""
    _receipt(calendar, received_at)
    first = calendar.day_of_receipt(received_at)
    due = calendar.due(received_at, days)
    _days(calendar, first, due.date())
    _say(f"Hạn / due: {_moment(due)} ({days} ngày làm việc / working days)")


def a_term_of_hours(calendar: Calendar, received_at: datetime, hours: float) -> None:
    """The arithmetic of a term in working hours."""
    begin, due = calendar.counted_from(received_at), calendar.due_after_hours(received_at, hours)
    _say(f"Nhận lúc / received:        {_moment(received_at)}")
    _say(f"Bắt đầu tính / counted from: {_moment(begin)}{_why(calendar, received_at)}")
    length = calendar.day_length
    if length != timedelta(hours=8):
        _say(f"Một ngày công ở đây là {_span(length)}: {hours:g} giờ là {_span(calendar.working_time(hours))}.")
    day = begin.date()
    while day <= due.date():
        spans = calendar.hours_of(day)
        worked = calendar.worked(max(begin, _midnight(day)), min(due, _midnight(day + timedelta(days=1))))
        _say(f"  {_day(day)}  {_hours_in_words(spans) if spans else _why_off(calendar, day)}  {_span(worked)}".rstrip())
        day += timedelta(days=1)
    _say(f"Hạn / due: {_moment(due)} ({hours:g} giờ làm việc / working hours)")


def term_json(calendar: Calendar, received_at: datetime, *, days: int | None, hours: float | None) -> dict[str, Any]:
    """One of `days` and `hours` is given."""
    if hours is not None:
        begin, due = calendar.counted_from(received_at), calendar.due_after_hours(received_at, hours)
        return {"received": received_at, "counted_from": begin, "hours": hours, "due": due}
    due = calendar.due(received_at, days or 0)
    return {"received": received_at, "counted_from": calendar.day_of_receipt(received_at), "days": days, "due": due}


def _receipt(calendar: Calendar, received_at: datetime) -> None:
    _say(f"Nhận lúc / received: {_moment(received_at)}")
    day = calendar.day_of_receipt(received_at)
    _say(f"Tính là nhận ngày / counts as received on: {_day(day)}{_why(calendar, received_at)}")
    _say("Ngày nhận không tính (Bộ luật Dân sự Đ147). / That day is not counted.")


def _why(calendar: Calendar, received_at: datetime) -> str:
    """Why a term does not begin on the day on which it was received."""
    day = received_at.date()
    if calendar.day_of_receipt(received_at) == day:
        return ""
    if not calendar.is_working_day(day):
        return f" – {_day(day)}: {_why_off(calendar, day)}"
    return f" – sau giờ chốt / after the cut-off {min(calendar.cut_off, calendar.closing(day).time()):%H:%M}"


def _days(calendar: Calendar, first: date, last: date) -> None:
    is_long = (last - first).days > _LINES
    number = 0
    for day in _each(first, last):
        number += calendar.is_working_day(day)
        as_in_any_week = day.weekday() <= _FRIDAY + bool(calendar.saturday)
        if is_long and calendar.is_working_day(day) == as_in_any_week:
            continue
        mark = f"{number:>4}." if calendar.is_working_day(day) else "    –"
        reason = _why_worked(calendar, day) if calendar.is_working_day(day) else _why_off(calendar, day)
        _say(f"{mark} {_day(day)}{f'  {reason}' if reason else ''}")
    if is_long:
        _say("      (chỉ ghi những ngày khác thường / only the days that are not as in any week)")


def _each(first: date, last: date) -> Iterator[date]:
    """The days after `first` until `last`."""
    return (first + timedelta(days=number) for number in range(1, (last - first).days + 1))


def _why_worked(calendar: Calendar, day: date) -> str:
    is_moved = day in calendar.make_up_days or day in holidays_of(day.year).make_up_days
    return _worked_on(day) if is_moved else ""


def _why_off(calendar: Calendar, day: date) -> str:
    known = holidays_of(day.year).days_off
    if day in calendar.days_off or day in known:
        return f"nghỉ / off: {_special(calendar, day).name}"
    return "nghỉ hằng tuần / weekend"


def _hours(calendar: Calendar) -> None:
    _say(
        f"Giờ làm việc / hours: {_hours_in_words(calendar.hours)}, "
        f"một ngày công / one day: {_span(calendar.day_length)}; "
        f"thứ Bảy / Saturday: {_hours_in_words(calendar.saturday) or 'nghỉ / closed'}; "
        f"chốt nhận / cut-off: {calendar.cut_off:%H:%M}"
    )


def _table(title: str, days: list[Special], *, announced: bool) -> None:
    if not days:
        _say(f"{title}: không có / none")
        return
    table = Table("Ngày / day", "Thứ / weekday", "Tên / name", "Từ / from", title=title, title_justify="left")
    for each in days:
        origin = "đã biết / known" if announced else "ước tính / estimated"
        origin = "cấu hình / configuration" if each.configured else origin
        table.add_row(f"{each.day:%d/%m/%Y}", _WEEKDAYS[each.day.weekday()], Text(each.name), origin)
    console.print(table)


def _working_days(calendar: Calendar, year: int) -> int:
    first, last = date(year, 1, 1), date(year, 12, 31)
    return calendar.is_working_day(first) + calendar.working_days(first, last)


def _hours_in_words(hours: tuple[Span, ...]) -> str:
    return ", ".join(f"{opens:%H:%M}–{closes:%H:%M}" for opens, closes in hours)


def _span(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes // 60} giờ" + (f" {minutes % 60:02} phút" if minutes % 60 else "") if minutes else ""


def _day(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day:%d/%m/%Y}"


def _moment(moment: datetime) -> str:
    local = moment.astimezone(VIETNAM)
    return f"{local:%H:%M} {_day(local.date())}"


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM)


def _say(line: str) -> None:
    console.print(line, soft_wrap=True)
