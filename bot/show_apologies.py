"""How deadlines, apologies and lateness are printed: tables for people, rows for a spreadsheet, JSON for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from rich.text import Text

from bot.calendars import Calendars
from bot.drafting import Drafting, Refused
from bot.lateness import Figures, days_late
from bot.model.apology import Act, Apology, ApologyState
from bot.ports import Due, Late, Pressure
from bot.show import console, errors
from bot.show_table import Table
from bot.texts import show_moment

STATES: Mapping[ApologyState, str] = {
    ApologyState.DRAFT: "chờ duyệt / draft",
    ApologyState.APPROVED: "đã duyệt / approved",
    ApologyState.REJECTED: "không duyệt / rejected",
    ApologyState.WITHDRAWN: "không còn cần / withdrawn",
}
_WHY = {
    "a supplement was asked for": "đang chờ bổ sung giấy tờ",
    "the work has ended": "đã xử lý xong hoặc đã dừng",
    "the clock stands": "đang tạm dừng tính thời gian",
    "the deadline has moved": "hạn trả đã thay đổi",
    "the dossier is gone": "hồ sơ không còn trong bản sao",
}
_ACTS = {
    "drafted": "soạn",
    "changed": "sửa",
    "approved": "duyệt",
    "rejected": "không duyệt",
    "withdrawn": "không còn cần",
}
_HOUR = timedelta(hours=1)


def say(line: str) -> None:
    console.print(line, soft_wrap=True)


# Apologies


def apologies(listed: Sequence[Apology], number: int, citation: str, *, now: datetime) -> None:
    """Two lines each, because a code must be read as a whole. `number`: how many drafts there are in all."""
    for each in listed:
        say(f"{each.id}  {each.code}  {each.agency_name or each.agency}")
        reason = each.reason + (f" ({each.text})" if each.text else "")
        dates = f"    {show_moment(each.old_at)} → {show_moment(each.new_at)} · {reason} · {STATES[each.state]}"
        say(dates + (" · sau hạn gửi / after the limit" if each.is_late else ""))
        if each.state is ApologyState.DRAFT:
            over = ", đã qua / over" if now > each.limit_at else ""
            console.print(
                f"    phải gửi trước / to be sent by {show_moment(each.limit_at)}{over}",
                style="red" if over else "",
                soft_wrap=True,
            )
    say(f"{number:,} dự thảo chờ duyệt. / {number:,} waiting for approval.")
    say(f"Căn cứ / the rule: {citation}")


def apology(one: Apology, acts: Sequence[Act], drafting: Drafting, told: str) -> None:
    """`told`: what became of the owner's message, as a sentence."""
    table = Table(show_header=False)
    why = _WHY.get(one.why, one.why)
    rows = (
        ("Số / id", one.id),
        ("Mẫu / form", one.form),
        ("Hồ sơ / dossier", f"{one.code} ({one.source})"),
        ("Cơ quan / agency", one.agency_name or one.agency),
        ("Hạn cũ / old date", show_moment(one.old_at)),
        ("Hẹn mới / new date", show_moment(one.new_at)),
        ("Lý do / reason", drafting.words(one)),
        ("Phải gửi trước / to be sent by", f"{show_moment(one.limit_at)} ({drafting.settings.citation})"),
        ("Trạng thái / state", STATES[one.state] + (f": {why}" if why else "")),
        ("Hẹn lại quá số lần / override", one.override),
        ("Tin nhắn / message", told),
    )
    for name, value in rows:
        if value:
            table.add_row(name, Text(value))
    console.print(table)
    for act in acts:
        who = act.by or "hệ thống / the service"
        detail = f": {_WHY.get(act.detail, act.detail)}" if act.detail else ""
        say(f"  {show_moment(act.at)}  {who}  {_ACTS[act.what]} / {act.what}{detail}")


def answers(given: Sequence[Apology | Refused], done: str) -> bool:
    """Prints what became of each; True where all was done."""
    for each in given:
        if isinstance(each, Refused):
            errors.print(str(each), style="red", soft_wrap=True)
            continue
        late = " (sau hạn gửi / after the limit)" if each.is_late else ""
        quiet = "" if each.fate in ("", "planned") else f"; không nhắn / nobody is told: {each.fate}"
        say(f"{each.id}: {done}{late}. {each.code}: {show_moment(each.old_at)} → {show_moment(each.new_at)}{quiet}")
    return not any(isinstance(each, Refused) for each in given)


# Deadlines


def dues(listed: Sequence[Due], title: str, number: int, *, now: datetime) -> None:
    """`listed` are the first of `number`."""
    if not number:
        return
    say(f"{title}: {number:,}")
    for each in listed:
        hours = (each.due_at - now) / _HOUR
        left = f"{abs(hours):.0f} giờ / h" if abs(hours) < 48 else f"{abs(hours) / 24:.0f} ngày / days"
        told = f"{'còn / in' if hours > 0 else 'quá / over by'} {left}"
        who = ", ".join(filter(None, (each.agency_name or each.agency, each.holder)))
        say(f"  {each.code}  {show_moment(each.due_at)}  {told}  {who}")
    if number > len(listed):
        say(f"  … và {number - len(listed):,} hồ sơ nữa, xem --csv / and {number - len(listed):,} more, see --csv")


def pressures(agencies: Sequence[Pressure]) -> None:
    if not agencies:
        say("Không có hồ sơ nào sắp đến hạn hay quá hạn. / Nothing is due soon or overdue.")
        return
    table = Table(
        "Mã cơ quan / agency", "Tên / name", "Sắp đến hạn / soon", "Quá hạn / overdue", "trên 30 ngày / > 30 d"
    )
    for column in table.columns[2:]:
        column.justify = "right"
    for each in agencies:
        numbers = (each.soon, each.overdue, each.long_overdue)
        table.add_row(Text(each.agency or "—"), Text(each.agency_name or "—"), *(f"{number:,}" for number in numbers))
    console.print(table)


DUE_HEADER = ("mã hồ sơ", "nguồn", "mã cơ quan", "cơ quan", "thủ tục", "đang giữ", "hạn trả")


def due_rows(listed: Sequence[Due]) -> list[tuple[str, ...]]:
    return [
        (
            each.code,
            each.source,
            each.agency,
            each.agency_name,
            each.procedure_name,
            each.holder,
            show_moment(each.due_at),
        )
        for each in listed
    ]


# Lateness

FIGURES_HEADER = (
    "mã cơ quan", "cơ quan", "trước hạn", "đúng hạn", "trễ hạn", "% trễ", "không có hạn", "đang quá hạn",
    "phải xin lỗi", "dự thảo", "đã duyệt", "duyệt sau hạn gửi", "đã gửi", "gửi kịp", "đã tới máy",
)  # fmt: skip
LATE_HEADER = (
    "mã hồ sơ", "nguồn", "mã cơ quan", "cơ quan", "mã thủ tục", "thủ tục", "đang giữ", "hạn trả", "xong lúc",
    "số ngày làm việc trễ", "số lần yêu cầu bổ sung", "xin lỗi", "gửi xin lỗi lúc", "đã tới máy",
)  # fmt: skip


def figures_rows(figures: Sequence[Figures]) -> list[tuple[object, ...]]:
    return [
        (
            each.agency,
            each.agency_name,
            each.ended.early,
            each.ended.on_time,
            each.ended.late,
            round(each.late_percent, 2),
            each.ended.undated,
            each.overdue,
            each.owed,
            each.apologised.drafted,
            each.apologised.approved,
            each.apologised.after_limit,
            each.apologised.sent,
            each.apologised.in_time,
            each.apologised.reached,
        )
        for each in figures
    ]


def late_rows(late: Sequence[Late], calendars: Calendars, *, now: datetime) -> list[tuple[object, ...]]:
    return [
        (
            each.code,
            each.source,
            each.agency,
            each.agency_name,
            each.procedure,
            each.procedure_name,
            each.holder,
            show_moment(each.due_at),
            show_moment(each.ended_at),
            days_late(each, calendars, now=now),
            each.waits,
            each.apology,
            show_moment(each.apology_sent_at),
            "có" if each.apology_reached else "",
        )
        for each in late
    ]


def figures(found: Sequence[Figures], month: str, percent: float) -> None:
    """Agencies above the threshold are red."""
    if not found:
        say(f"Tháng {month}: chưa có hồ sơ nào. / Nothing in {month}.")
        return
    say(f"Tháng / month {month}. Xin lỗi: phải / đã gửi / gửi kịp / tới máy (owed / sent / in time / reached)")
    table = Table(
        "Cơ quan", "Trước hạn\nearly", "Đúng hạn\non time", "Trễ hạn\nlate", "% trễ", "Đang quá\noverdue", "Xin lỗi"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for each in found:
        ended, told, is_red = each.ended, each.apologised, each.late_percent > percent
        table.add_row(
            Text(f"{each.agency_name} {each.agency}".strip() or "—"),
            *(f"{number:,}" for number in (ended.early, ended.on_time, ended.late)),
            Text(f"{each.late_percent:.2f}", style="red" if is_red else ""),
            f"{each.overdue:,}",
            f"{each.owed:,} / {told.sent:,} / {told.in_time:,} / {told.reached:,}",
        )
    console.print(table)
    names = "; ".join(
        f"{each.agency_name or each.agency} {each.late_percent:.2f}%" for each in found if each.late_percent > percent
    )
    if names:
        say(f"Trên mức {percent:g}% / above the threshold: {names}")


def late(listed: Sequence[Late], calendars: Calendars, *, now: datetime, number: int) -> None:
    """The first `number`, one line each."""
    for each in listed[:number]:
        days = days_late(each, calendars, now=now)
        over = (
            f"trễ / late {days} ngày làm việc / working days"
            if days
            else "trễ chưa tới 1 ngày làm việc / late by less than a working day"
        )
        work = "" if each.ended_at else ", đang giải quyết / in work"
        again = f", bổ sung {each.waits} lần / papers asked for {each.waits} times" if each.waits > 1 else ""
        who = ", ".join(filter(None, (each.agency_name or each.agency, each.procedure_name, each.holder)))
        say(f"  {each.code}  {show_moment(each.due_at)}  {over}{work}{again}  {_apologised(each)}  {who}")
    if len(listed) > number:
        say("  … còn nữa, xem --file / there are more, see --file")


def _apologised(late: Late) -> str:
    if not late.apology:
        return "chưa xin lỗi / no apology"
    if late.apology_reached:
        return f"{late.apology}: đã tới máy / reached"
    return f"{late.apology}: " + ("đã gửi / sent" if late.apology_sent_at else "chưa gửi / not sent")


def figures_json(found: Sequence[Figures]) -> list[dict[str, Any]]:
    return [
        {**asdict(each), "judged": each.judged, "late_percent": round(each.late_percent, 2), "owed": each.owed}
        for each in found
    ]
