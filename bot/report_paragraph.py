"""The paragraph for the administrative-reform report, in Vietnamese: what was counted, and nothing else."""

from collections.abc import Sequence
from datetime import date

from bot.model.clock import VIETNAM
from bot.model.percent import percent
from bot.model.report import Span
from bot.model.summary import Line, Report

_KINDS = (
    ("progress", "thông báo tiến độ giải quyết"),
    ("supplement", "mời bổ sung hồ sơ"),
    ("result", "mời nhận kết quả"),
    ("apology", "xin lỗi và hẹn lại ngày trả kết quả"),
)


def paragraph(report: Report, subject: str) -> str:
    """`subject`: whose report it is, as the sentence begins with it: "các cơ quan, đơn vị trong tỉnh". Of what nobody
    has counted it says that, and no figure."""
    if report.as_of is None:
        return f"Chưa có ngày nào trong {named(report.span)} được tính số liệu, nên chưa có số liệu để báo cáo."
    sentences = [
        _received(report, subject),
        _resolved(report),
        _open(report),
        _supplements(report),
        _apologies(report),
        _messages(report),
        _look_ups(report),
        _satisfaction(report),
        _feedback(report),
        _compared(report),
    ]
    return " ".join(each for each in sentences if each)


def number(value: int) -> str:
    """`93.281`."""
    return f"{value:,}".replace(",", ".")


def named(span: Span) -> str:
    """`quý IV năm 2026`, `tháng 11 năm 2026`, `năm 2026`; else by its days."""
    first, months = span.first, len(span.months)
    if span.is_whole_months:
        if months == 1:
            return f"tháng {first.month} năm {first.year}"
        if months == 3 and first.month % 3 == 1:
            return f"quý {('I', 'II', 'III', 'IV')[first.month // 3]} năm {first.year}"
        if months == 12 and first.month == 1:
            return f"năm {first.year}"
    return f"thời gian từ ngày {_day(first)} đến ngày {_day(span.last)}"


def titled(span: Span) -> str:
    """`Quý IV năm 2026`."""
    name = named(span)
    return f"{name[:1].upper()}{name[1:]}"


def _day(day: date) -> str:
    return f"{day.day:02}/{day.month:02}/{day.year}"


def _until(report: Report) -> str:
    """That the span is not over yet stands beside its name."""
    if report.is_over or report.as_of is None:
        return ""
    there = report.as_of.astimezone(VIETNAM)
    return f" (tính đến {there:%H:%M} ngày {_day(there.date())})"


def _received(report: Report, subject: str) -> str:
    begin = f"Trong {named(report.span)}{_until(report)}, {subject}"
    total = report.total
    if not total.received:
        if report.uncounted:
            days = number(report.uncounted)
            return f"{begin} chưa ghi nhận hồ sơ tiếp nhận nào; còn {days} ngày trong kỳ chưa tính số liệu."
        return f"{begin} không tiếp nhận hồ sơ nào."
    shares = _listed([f"{_lower(line)} {number(line.counts.received)}" for line in _with_received(report.tiers)])
    by_tier = f" ({shares})" if len(_with_received(report.tiers)) > 1 else ""
    ways = [
        f"{number(many)} hồ sơ {how}"
        for many, how in (
            (total.counter, "nộp trực tiếp"),
            (total.online, "nộp trực tuyến"),
            (total.post, "nộp qua dịch vụ bưu chính công ích"),
        )
        if many
    ]
    return f"{begin} tiếp nhận {number(total.received)} hồ sơ{by_tier}{_among(ways)}."


def _with_received(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if line.counts.received]


def _lower(line: Line) -> str:
    return f"{line.name[:1].lower()}{line.name[1:]}"


def _among(parts: Sequence[str]) -> str:
    return f", trong đó có {_listed(parts)}" if parts else ""


def _listed(parts: Sequence[str]) -> str:
    """`a, b và c`."""
    return " và ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def _resolved(report: Report) -> str:
    total = report.total
    if not total.resolved:
        return "Chưa có hồ sơ nào giải quyết xong." if total.received else ""
    parts = [
        f"{word} {number(many)} hồ sơ ({percent(many, total.judged)})"
        for many, word in ((total.early, "trước hạn"), (total.on_time, "đúng hạn"), (total.late, "quá hạn"))
        if total.judged
    ]
    undated = f"; {number(total.undated)} hồ sơ không có ngày hẹn trả, không tính tỷ lệ" if total.undated else ""
    judged = f": {', '.join(parts)}" if parts else ""
    return f"Đã giải quyết {number(total.resolved)} hồ sơ{judged}{undated}."


def _open(report: Report) -> str:
    """Only while the span lasts: how things stand now is no figure of a quarter long ago."""
    if report.is_over or not (report.in_work or report.waiting):
        return ""
    waiting = f", {number(report.waiting)} hồ sơ đang chờ bổ sung" if report.waiting else ""
    late = report.total.overdue
    overdue = f", trong đó {number(late)} hồ sơ có hạn trong kỳ đã quá hạn" if late else ""
    return f"Đang giải quyết {number(report.in_work)} hồ sơ{overdue}{waiting}."


def _supplements(report: Report) -> str:
    total = report.total
    if not total.supplements:
        return ""
    again = (
        f", trong đó {number(total.supplements_again)} lần là yêu cầu từ lần thứ hai trở đi của cùng một hồ sơ"
        if total.supplements_again
        else ", không có hồ sơ nào bị yêu cầu bổ sung quá một lần"
    )
    return f"Yêu cầu bổ sung hồ sơ {number(total.supplements)} lần{again}."


def _apologies(report: Report) -> str:
    total = report.total
    if not total.apologies_due:
        return "Không có trường hợp nào phải xin lỗi do trễ hẹn." if total.judged else ""
    due = f"Có {number(total.apologies_due)} trường hợp phải xin lỗi và hẹn lại ngày trả kết quả"
    if not total.apologies_sent:
        return f"{due}; chưa gửi được tin xin lỗi nào."
    return (
        f"{due}; đã gửi {number(total.apologies_sent)} tin xin lỗi, "
        f"{number(total.apologies_in_time)} tin đúng thời hạn, "
        f"{number(total.apologies_reached)} tin đã tới người nhận."
    )


def _messages(report: Report) -> str:
    if not report.sent:
        return ""
    kinds = report.kinds
    parts = [f"{number(kinds[kind])} tin {words}" for kind, words in _KINDS if kinds[kind]]
    others = report.sent - sum(kinds[kind] for kind, _ in _KINDS)
    parts += [f"{number(others)} tin khác"] if others and parts else []
    gist = f", gồm {_listed(parts)}" if parts else ""
    reached = (
        f"; {number(report.delivered)} tin có xác nhận đã tới máy người nhận ({percent(report.delivered, report.sent)})"
        if report.delivered
        else ""
    )
    return f"Hệ thống tin nhắn tự động đã gửi {number(report.sent)} tin tới tổ chức, cá nhân{gist}{reached}."


def _look_ups(report: Report) -> str:
    return f"Đã trả lời {number(report.look_ups)} lượt tra cứu hồ sơ bằng tin nhắn." if report.look_ups else ""


def _satisfaction(report: Report) -> str:
    total = report.total
    if not total.answers:
        return ""
    parts = [
        f"{number(many)} {word} ({percent(many, total.answers)})"
        for many, word in (
            (total.very_satisfied, "rất hài lòng"),
            (total.satisfied, "hài lòng"),
            (total.not_satisfied, "không hài lòng"),
        )
    ]
    return f"Qua khảo sát, có {number(total.answers)} lượt trả lời: {', '.join(parts)}."


def _feedback(report: Report) -> str:
    total = report.total
    if not total.feedback:
        return ""
    if not total.feedback_answered:
        return f"Tiếp nhận {number(total.feedback)} phản ánh, kiến nghị; chưa trả lời phản ánh nào."
    return (
        f"Tiếp nhận {number(total.feedback)} phản ánh, kiến nghị; đã trả lời {number(total.feedback_answered)}, "
        f"trong đó {number(total.feedback_in_time)} trả lời đúng thời hạn."
    )


def _compared(report: Report) -> str:
    """Of spans that are over and were counted whole, both."""
    before, now = report.before.received, report.total.received
    if not (report.is_over and report.is_before_counted and not report.uncounted and before and now):
        return ""
    name = named(report.span.before)
    if before == now:
        return f"Số hồ sơ tiếp nhận bằng {name}."
    word = "tăng" if now > before else "giảm"
    return f"So với {name}, số hồ sơ tiếp nhận {word} {percent(abs(now - before), before)}."
