"""How `motcua source status` prints: how fresh each source is, what fails, what waits for a person."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from rich.text import Text

from bot.conditions import Condition
from bot.model.message import Situation
from bot.ports import Reconciliation
from bot.show import console
from bot.show_readings import reconciliation_counts, reconciliation_json
from bot.show_table import Table
from bot.texts import show_moment

SITUATION_WORDS: Mapping[str, str] = {
    Situation.REGISTERED: "đã ghi nhận / registered",
    Situation.RECEIVED: "đã tiếp nhận / received",
    Situation.RECEIVED_ONLINE: "tiếp nhận trực tuyến / received online",
    Situation.RECEIVED_POST: "tiếp nhận qua bưu chính / received by post",
    Situation.PROGRESS: "tiến độ / progress",
    Situation.STEP: "chuyển cơ quan khác / forwarded",
    Situation.SUPPLEMENT: "mời bổ sung / supplement",
    Situation.SUPPLEMENT_RECEIVED: "đã nhận bổ sung / supplement received",
    Situation.PAUSED: "tạm dừng / paused",
    Situation.RESUMED: "giải quyết tiếp / resumed",
    Situation.PAYMENT: "mời nộp tiền / payment",
    Situation.PAID: "đã nộp tiền / paid",
    Situation.RESULT: "mời nhận kết quả / result",
    Situation.RESULT_POST: "kết quả qua bưu chính / result by post",
    Situation.RESULT_ONLINE: "kết quả điện tử / electronic result",
    Situation.RESULT_EARLY: "có kết quả sớm / early result",
    Situation.RETURNED: "đã trả kết quả / returned",
    Situation.SURVEY: "hỏi mức hài lòng / survey",
    Situation.CONGRATULATION: "chúc mừng / congratulation",
    Situation.CONDOLENCE: "chia buồn / condolence",
    Situation.APPOINTMENT: "đổi ngày hẹn / new appointment",
    Situation.APOLOGY: "xin lỗi, hẹn lại / apology",
    Situation.COLLECTION: "báo bưu điện / collection",
    Situation.SUPPLEMENT_AGAIN: "bổ sung lần nữa / supplement again",
    Situation.REFUSED: "không tiếp nhận / refused",
    Situation.STOPPED: "dừng xử lý / stopped",
    Situation.WITHDRAWN: "đã rút / withdrawn",
    Situation.REPLY: "trả lời / reply",
    Situation.TEST: "tin thử / test",
    Situation.BROADCAST: "phát tin / broadcast",
}


def condition(each: Condition) -> None:
    """One source: how fresh it is, what fails, what waits for a person."""
    table = Table(
        title=f"{each.name} ({each.kind or 'không còn trong cấu hình / no longer configured'})", show_header=False
    )
    state, report = each.state, each.reconciliation
    rows = {
        "Lô cuối / last batch": (state and show_moment(state.synced_at)) or "chưa đọc lần nào / never read",
        "Số liệu lúc / data as of": _freshness(each),
        "Hồ sơ / dossiers": f"{state.dossiers:,}" if state else "",
        "Nhắn tin từ / live since": show_moment(state.go_live) if state else "",
        "Không đọc được nguồn / cannot be read": _failure(each),
        "Chỗ không đọc được / quarantined": f"{each.quarantined:,}" if each.quarantined else "",
        "Phanh / brake": _brake(each),
        "Tin tạm giữ / held": held_words(each.held),
        "Đối chiếu / reconciled": _verdict(report) if report else "",
    }
    for label, value in rows.items():
        if value:
            table.add_row(label, Text(value))
    console.print(table)


def condition_json(each: Condition) -> dict[str, Any]:
    state = each.state
    return {
        "name": each.name,
        "kind": each.kind,
        "dossiers": state.dossiers if state else 0,
        "go_live": state.go_live if state else None,
        "synced_at": state.synced_at if state else None,
        "fresh_at": each.fresh_at,
        "lag_seconds": None if each.lag is None else round(each.lag.total_seconds()),
        "stale": each.stale,
        "failure": asdict(each.failure) if each.failure else None,
        "quarantined": each.quarantined,
        "braked_at": state.braked_at if state else None,
        "held": dict(each.held),
        "reconciliation": reconciliation_json(each.reconciliation) if each.reconciliation else None,
    }


def held_words(held: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {SITUATION_WORDS.get(situation, situation)}" for situation, number in held.items())


def span_words(span: timedelta) -> str:
    """`3 giờ 5 phút / 3 h 5 min`; the two largest units."""
    minutes = int(span.total_seconds()) // 60
    days, hours, minutes = minutes // 1_440, minutes // 60 % 24, minutes % 60
    parts = [(days, "ngày", "d"), (hours, "giờ", "h"), (minutes, "phút", "min")]
    told = [part for part in parts if part[0]][:2]
    if not told:
        return "dưới 1 phút / under 1 min"
    return f"{' '.join(f'{n} {vi}' for n, vi, _ in told)} / {' '.join(f'{n} {en}' for n, _, en in told)}"


def _freshness(each: Condition) -> str:
    if each.lag is None:
        return ""
    verdict = "CŨ, không trả lời là hiện tại / STALE" if each.stale else "còn mới / fresh"
    return f"{show_moment(each.fresh_at)}, cách đây {span_words(each.lag)} ago: {verdict}"


def _failure(each: Condition) -> str:
    failure = each.failure
    if failure is None:
        return ""
    return (
        f"từ / since {show_moment(failure.since)}, {failure.times:,} lần / times, "
        f"lần cuối / last {show_moment(failure.last_at)}: {failure.reason}"
    )


def _brake(each: Condition) -> str:
    if each.state is None or each.state.braked_at is None:
        return ""
    since = show_moment(each.state.braked_at)
    return f"BẬT từ / ON since {since}: motcua source release {each.name} --send | --discard"


def _verdict(report: Reconciliation) -> str:
    verdict = "khớp / agrees" if report.agrees else f"KHÔNG KHỚP / DISAGREES: {reconciliation_counts(report)}"
    return f"{show_moment(report.ended_at)}: {verdict}"
