"""How conversations with clerks, feedback and satisfaction are printed: tables for people, values for programs."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.text import Text

from bot.desk import Draft, handle_of
from bot.model.percent import percent
from bot.model.service import Feedback, FeedbackKind, Said, SurveyTotals, Talk
from bot.show import console
from bot.show_table import Table
from bot.texts import show_moment

KIND_WORDS: Mapping[FeedbackKind, str] = {
    FeedbackKind.PROPOSAL: "phản ánh, kiến nghị / feedback",
    FeedbackKind.SCAM: "báo giả mạo / scam report",
    FeedbackKind.WRONG_NUMBER: "nhầm số / wrong number",
    FeedbackKind.ERASURE: "xin xóa dữ liệu / erasure",
}
_BEGINNING = 60
"""Characters of a text that a list shows."""


def legible(text: str) -> str:
    """What a citizen wrote, without the signs by which a terminal is steered."""
    return "".join(
        char if char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs") else " " for char in text
    )


# Conversations


def talks(found: Sequence[Talk], now: datetime) -> None:
    if not found:
        _say("Không có trao đổi nào với cán bộ. / No conversation is with a clerk.")
        return
    table = Table("Mã / handle", "Ai / who", "Cơ quan / agency", "Từ / since", "Chờ / silent", "Cán bộ / clerk")
    for each in found:
        table.add_row(
            handle_of(each),
            str(each.address),
            Text(each.agency or "—"),
            show_moment(each.begun_at),
            _span(now, each.heard_at),
            Text(each.clerk or "đang chờ / waits"),
        )
    console.print(table)


def _span(now: datetime, since: datetime) -> str:
    minutes = max(0, int((now - since).total_seconds() // 60))
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def talk_json(each: Talk) -> dict[str, Any]:
    return {"handle": handle_of(each), **asdict(each), "address": str(each.address)}


def thread(talk: Talk, lines: Sequence[Said]) -> None:
    _say(f"{handle_of(talk)}  {talk.address}  {talk.channel}")
    if not lines:
        _say("Chưa có lời nào được giữ. / No line is kept.")
    for each in lines:
        who = "chúng tôi / we" if each.by_us else "công dân / citizen"
        _say(f"{show_moment(each.at)}  {who}:")
        for line in legible(each.text).splitlines() or [""]:
            _say(f"    {line}")


def thread_json(talk: Talk, lines: Sequence[Said]) -> dict[str, Any]:
    return {**talk_json(talk), "lines": [asdict(each) for each in lines]}


def draft(made: Draft) -> None:
    """The parts as they go over the air."""
    for number, part in enumerate(made.parts, 1):
        _say(f"[{number}/{len(made.parts)}] {part}")


# Feedback


def feedbacks(found: Sequence[Feedback], *, is_open: bool, most: int) -> None:
    """At most so many of them."""
    if not found:
        _say("Không có nội dung nào chờ trả lời. / Nothing waits for an answer." if is_open else "Chưa có. / None yet.")
        return
    table = Table(
        "Số / number", "Lúc / at", "Loại / kind", "Cơ quan / agency", "Hồ sơ / dossier", "Nội dung / text", ""
    )
    table.columns[0].no_wrap = True  # it is what a clerk must type
    for each in found[:most]:
        table.add_row(
            each.number,
            show_moment(each.at),
            KIND_WORDS[each.kind],
            Text(each.agency or "—"),
            Text(each.code or "—"),
            Text(_beginning(each.text)),
            show_moment(each.answered_at),
        )
    console.print(table)
    if len(found) > most:
        _say("… còn nữa, xem --json / there are more, see --json")


def _beginning(text: str) -> str:
    line = " ".join(legible(text).split())
    return line if len(line) <= _BEGINNING else f"{line[: _BEGINNING - 1]}…"


def feedback(each: Feedback) -> None:
    table = Table(show_header=False)
    rows = {
        "Số / number": each.number,
        "Loại / kind": KIND_WORDS[each.kind],
        "Lúc / at": show_moment(each.at),
        "Cơ quan / agency": each.agency,
        "Hồ sơ / dossier": each.code,
        "Người gửi / sender": f"{each.channel} {each.address}",
        "Họ tên / name": each.name,
        "Địa chỉ / address": each.home,
        "Điện thoại / phone": each.phone,
        "Nội dung / text": each.text,
        "Trả lời / answer": each.answer,
        "Người trả lời / answered by": f"{each.answered_by} {show_moment(each.answered_at)}".strip(),
    }
    for label, content in rows.items():
        table.add_row(label, Text(legible(content) or "—"))
    console.print(table)


def feedback_json(each: Feedback) -> dict[str, Any]:
    return {**asdict(each), "address": str(each.address)}


def feedbacks_json(found: Sequence[Feedback]) -> list[dict[str, Any]]:
    """A list names nobody: whoever answers looks at the one."""
    rows = map(feedback_json, found)
    return [{name: content for name, content in row.items() if name not in _PERSONAL} for row in rows]


_PERSONAL = ("name", "home", "phone")


# Satisfaction


def survey(found: Sequence[SurveyTotals], since: datetime) -> None:
    if not found:
        _say(f"Từ {show_moment(since)} chưa hỏi ai. / Nobody was asked since then.")
        return
    table = Table(
        "Cơ quan\nagency",
        "Đã hỏi\nasked",
        "Trả lời\nanswered",
        "Rất hài lòng\nvery satisfied",
        "Hài lòng\nsatisfied",
        "Không hài lòng\nnot satisfied",
        "Tỷ lệ hài lòng\nsatisfied in all",
    )
    for place in range(1, 7):
        table.columns[place].justify = "right"
    for each in found:
        table.add_row(*_totals_row(each))
    table.add_section()
    table.add_row(*_totals_row(total_of(found)))
    console.print(f"Từ / since {show_moment(since)}")
    console.print(table)


def _totals_row(each: SurveyTotals) -> list[str]:
    answered = answered_of(each)
    counts = (each.very_satisfied, each.satisfied, each.not_satisfied)
    return [
        each.agency or "—",
        f"{each.asked:,}",
        f"{answered:,}",
        *(f"{count:,} ({percent(count, answered, 1)})" for count in counts),
        percent(each.very_satisfied + each.satisfied, answered, 1),
    ]


def total_of(found: Sequence[SurveyTotals]) -> SurveyTotals:
    return SurveyTotals(
        "tất cả / all",
        sum(each.asked for each in found),
        sum(each.very_satisfied for each in found),
        sum(each.satisfied for each in found),
        sum(each.not_satisfied for each in found),
    )


def answered_of(each: SurveyTotals) -> int:
    return each.very_satisfied + each.satisfied + each.not_satisfied


def survey_json(found: Sequence[SurveyTotals], since: datetime) -> dict[str, Any]:
    return {
        "since": since,
        "agencies": [{**asdict(each), "answered": answered_of(each)} for each in found],
        "asked": sum(each.asked for each in found),
        "answered": sum(answered_of(each) for each in found),
    }


def _say(line: str) -> None:
    console.print(line, soft_wrap=True)
