"""A report as sheets for a spreadsheet: numbers as numbers, one sheet a table."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from bot.model.clock import VIETNAM
from bot.model.report import Counts
from bot.model.summary import Line, Report
from bot.ports.reports import LateDossier

_HEADS: tuple[tuple[str, str], ...] = (
    ("received", "tiếp nhận"), ("counter", "trực tiếp"), ("online", "trực tuyến"), ("post", "bưu chính"),
    ("resolved", "đã giải quyết"), ("early", "trước hạn"), ("on_time", "đúng hạn"), ("late", "quá hạn"),
    ("undated", "không có ngày hẹn"), ("overdue", "đang làm, đã quá hạn"), ("supplements", "yêu cầu bổ sung"),
    ("supplements_again", "bổ sung từ lần 2"), ("apologies_due", "phải xin lỗi"), ("apologies_sent", "đã gửi xin lỗi"),
    ("apologies_in_time", "xin lỗi đúng thời hạn"), ("apologies_late", "xin lỗi sau thời hạn"),
    ("apologies_reached", "xin lỗi đã tới"), ("very_satisfied", "rất hài lòng"), ("satisfied", "hài lòng"),
    ("not_satisfied", "không hài lòng"), ("feedback", "phản ánh"), ("feedback_answered", "phản ánh đã trả lời"),
    ("feedback_in_time", "trả lời đúng thời hạn"),
)  # fmt: skip

AGENCY_HEADER = ("mã cơ quan", "cơ quan", *(words for _, words in _HEADS), "tỷ lệ quá hạn %")
LATE_HEADER = (
    "mã hồ sơ", "mã cơ quan", "cơ quan", "thủ tục", "người đang giữ", "hạn trả", "xong lúc", "số ngày làm việc trễ",
    "xin lỗi gửi lúc", "xin lỗi đã tới",
)  # fmt: skip
MESSAGE_HEADER = ("tháng", "đường gửi", "kênh", "loại tin", "trạng thái", "số tin", "số phần", "đồng")

_ABOVE_HEADER = ("tháng", "mã cơ quan", "cơ quan", "quá hạn", "có hạn và đã xong", "tỷ lệ quá hạn %")

Sheet = tuple[str, Sequence[str], Iterable[Sequence[object]]]


def sheets_of(report: Report, late: Iterable[Sequence[object]], text: str) -> list[Sheet]:
    """`late`: rows as `late_row` makes them; `text`: the paragraph. Of what nobody has counted no cell says nought."""
    if report.as_of is None:
        summary = [*_begin(report), ("đoạn văn", text)]
        return [("Tóm tắt", ("nội dung", "giá trị"), summary), ("Hồ sơ trễ hạn", LATE_HEADER, late)]
    tiers = ("cấp", "số cơ quan", *(words for _, words in _HEADS), "tỷ lệ quá hạn %")
    procedures = ("mã thủ tục", "thủ tục", *AGENCY_HEADER[2:])
    months = ("từ ngày", "đến ngày", *AGENCY_HEADER[2:])
    return [
        ("Tóm tắt", ("nội dung", "giá trị"), _summary(report, text)),
        ("Theo cấp", tiers, [(line.name, line.agencies, *_cells(line.counts)) for line in report.tiers]),
        ("Theo cơ quan", AGENCY_HEADER, agency_rows(report.by_agency)),
        ("Theo thủ tục", procedures, agency_rows(report.by_procedure)),
        ("Theo tháng", months, [(_day(s.first), _day(s.last), *_cells(counts)) for s, counts in report.months]),
        ("Tin nhắn", MESSAGE_HEADER, _message_rows(report)),
        ("Hồ sơ trễ hạn", LATE_HEADER, late),
        ("Trên ngưỡng", _ABOVE_HEADER, _above(report)),
    ]


def agency_rows(lines: Iterable[Line]) -> list[tuple[object, ...]]:
    return [(line.code, line.name, *_cells(line.counts)) for line in lines]


def late_row(late: LateDossier, days: int) -> tuple[object, ...]:
    """`days`: working days."""
    return (
        late.code, late.agency, late.agency_name, late.procedure_name or late.procedure, late.holder,
        _moment(late.due_at), _moment(late.ended_at), days, _moment(late.apology_sent_at),
        "có" if late.apology_reached else "",
    )  # fmt: skip


def _cells(counts: Counts) -> list[object]:
    return [*(getattr(counts, name) for name, _ in _HEADS), round(counts.late_percent(), 2)]


def _begin(report: Report) -> list[tuple[object, ...]]:
    return [
        ("từ ngày", _day(report.span.first)),
        ("đến ngày", _day(report.span.last)),
        ("số liệu tính đến", _moment(report.as_of) or "chưa tính"),
        ("số ngày chưa tính", report.uncounted),
    ]


def _summary(report: Report, text: str) -> list[tuple[object, ...]]:
    total = report.total
    return [
        *_begin(report),
        *((words, getattr(total, name)) for name, words in _HEADS),
        ("tỷ lệ quá hạn %", round(total.late_percent(), 2)),
        ("tin đã gửi", report.sent),
        ("tin đã tới", report.delivered),
        ("số phần tin", report.parts),
        ("chi phí, đồng", report.cost),
        ("lượt tra cứu đã trả lời", "" if report.look_ups is None else report.look_ups),
        ("đoạn văn", text),
    ]


def _message_rows(report: Report) -> list[tuple[object, ...]]:
    return [
        (month, key.scheme, key.channel, key.situation, key.state, *sums)
        for (month, key), sums in sorted(report.messages.items())
    ]


def _above(report: Report) -> list[tuple[object, ...]]:
    return [
        (f"{each.month.first:%Y-%m}", each.line.code, each.line.name, each.line.counts.late, each.line.counts.judged,
         round(each.line.counts.late_percent(), 2))
        for each in report.above
    ]  # fmt: skip


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(VIETNAM):%d/%m/%Y %H:%M}"
