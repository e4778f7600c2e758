"""The paragraph: the figures of 2018 in our sentences, and right words at none, one and many."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.model.report import Counts, MessageKey, MessageSum, Span, Standing
from bot.model.summary import Line, Report
from bot.report_paragraph import named, paragraph

QUARTER = Span.of_quarter(2018, 1)
SUBJECT = "các cơ quan, đơn vị trong tỉnh"
TOTAL = Counts(received=93_281, counter=40_980, online=18_080, post=34_221, early=73_516, on_time=9_517, late=267)


def a_report(total: Counts = TOTAL, **given: Any) -> Report:
    values: dict[str, Any] = {
        "span": QUARTER,
        "agencies": (),
        "today": date(2018, 4, 20),
        "as_of": datetime(2018, 4, 20, 9, 30, tzinfo=UTC),
        "uncounted": 0,
        "total": total,
        "before": Counts(),
        "is_before_counted": False,
        "months": [],
        "tiers": [],
        "by_agency": [],
        "by_procedure": [],
        "messages": {},
        "look_ups": 0,
        "standing": [],
        "above": [],
        "late_percent": 10.0,
    }
    return Report(**values | given)


def sent(situation: str, messages: int, state: str = "delivered") -> dict[tuple[str, MessageKey], MessageSum]:
    return {("2018-01", MessageKey("", "sms", "sms", situation, state)): MessageSum(messages, messages, 0)}


def test_the_quarter_of_the_founding_report_is_told_with_its_figures() -> None:
    tiers = [
        Line("Sở, ban, ngành", "Sở, ban, ngành", Counts(received=14_596)),
        Line("Cấp huyện", "Cấp huyện", Counts(received=29_037)),
        Line("Cấp xã", "Cấp xã", Counts(received=49_648)),
    ]

    said = paragraph(a_report(tiers=tiers, look_ups=415, messages=sent("result", 54_000)), SUBJECT)

    assert said.startswith(
        "Trong quý I năm 2018, các cơ quan, đơn vị trong tỉnh tiếp nhận 93.281 hồ sơ (sở, ban, ngành 14.596, "
        "cấp huyện 29.037 và cấp xã 49.648), trong đó có 40.980 hồ sơ nộp trực tiếp, 18.080 hồ sơ nộp trực tuyến và "
        "34.221 hồ sơ nộp qua dịch vụ bưu chính công ích. Đã giải quyết 83.300 hồ sơ: trước hạn 73.516 hồ sơ (88,25%), "
        "đúng hạn 9.517 hồ sơ (11,42%), quá hạn 267 hồ sơ (0,32%)."
    )
    assert "đã gửi 54.000 tin tới tổ chức, cá nhân, gồm 54.000 tin mời nhận kết quả" in said
    assert "Đã trả lời 415 lượt tra cứu hồ sơ bằng tin nhắn." in said


def test_nothing_counted_claims_nothing() -> None:
    said = paragraph(a_report(Counts()), SUBJECT)

    assert said == "Trong quý I năm 2018, các cơ quan, đơn vị trong tỉnh không tiếp nhận hồ sơ nào."


def test_one_dossier_and_none_late() -> None:
    said = paragraph(a_report(Counts(received=1, early=1)), "UBND xã Cầu Bà")

    assert said == (
        "Trong quý I năm 2018, UBND xã Cầu Bà tiếp nhận 1 hồ sơ. Đã giải quyết 1 hồ sơ: trước hạn 1 hồ sơ (100,00%), "
        "đúng hạn 0 hồ sơ (0,00%), quá hạn 0 hồ sơ (0,00%). Không có trường hợp nào phải xin lỗi do trễ hẹn."
    )


def test_what_has_no_appointment_is_told_apart_from_the_shares() -> None:
    said = paragraph(a_report(Counts(received=5, early=3, undated=2)), SUBJECT)

    assert "Đã giải quyết 5 hồ sơ: trước hạn 3 hồ sơ (100,00%)" in said
    assert "; 2 hồ sơ không có ngày hẹn trả, không tính tỷ lệ." in said


def test_received_and_nothing_resolved() -> None:
    assert paragraph(a_report(Counts(received=2)), SUBJECT).endswith("Chưa có hồ sơ nào giải quyết xong.")


def test_a_span_that_lasts_says_up_to_when_and_what_is_open() -> None:
    said = paragraph(
        a_report(replace(TOTAL, overdue=3), today=date(2018, 2, 9), standing=[Standing("H32", 40, 2, 1)]), SUBJECT
    )

    assert "Trong quý I năm 2018 (tính đến 16:30 ngày 20/04/2018), các cơ quan" in said
    assert "Đang giải quyết 40 hồ sơ, trong đó 3 hồ sơ có hạn trong kỳ đã quá hạn, 2 hồ sơ đang chờ bổ sung." in said


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (
            Counts(received=9, late=2, apologies=1),
            "Có 3 trường hợp phải xin lỗi và hẹn lại ngày trả kết quả; chưa gửi được tin xin lỗi nào.",
        ),
        (
            Counts(received=9, late=1, apologies=4, apologies_sent=4, apologies_in_time=3, apologies_reached=2),
            "đã gửi 4 tin xin lỗi, 3 tin đúng thời hạn, 2 tin đã tới người nhận.",
        ),
        (Counts(received=9, supplements=4), "Yêu cầu bổ sung hồ sơ 4 lần, không có hồ sơ nào bị yêu cầu"),
        (Counts(received=9, supplements=4, supplements_again=1), "trong đó 1 lần là yêu cầu từ lần thứ hai"),
        (Counts(received=9, feedback=2), "Tiếp nhận 2 phản ánh, kiến nghị; chưa trả lời phản ánh nào."),
        (
            Counts(received=9, feedback=2, feedback_answered=2, feedback_in_time=1),
            "đã trả lời 2, trong đó 1 trả lời đúng thời hạn.",
        ),
        (
            Counts(received=9, asked=9, very_satisfied=61, satisfied=14),
            "có 75 lượt trả lời: 61 rất hài lòng (81,33%), 14 hài lòng (18,67%), 0 không hài lòng (0,00%).",
        ),
    ],
)
def test_each_sentence_stands_where_something_was_counted(counts: Counts, expected: str) -> None:
    assert expected in paragraph(a_report(counts), SUBJECT)


def test_the_span_before_is_named_only_where_both_were_counted_whole() -> None:
    counted = a_report(before=Counts(received=90_000), is_before_counted=True)

    assert paragraph(counted, SUBJECT).endswith("So với quý IV năm 2017, số hồ sơ tiếp nhận tăng 3,65%.")
    assert "So với" not in paragraph(replace(counted, is_before_counted=False), SUBJECT)
    assert "So với" not in paragraph(replace(counted, uncounted=1), SUBJECT)
    assert "So với" not in paragraph(replace(counted, today=date(2018, 3, 1)), SUBJECT)
    less = replace(counted, before=Counts(received=100_000))
    assert "giảm 6,72%" in paragraph(less, SUBJECT)


def test_messages_are_told_by_the_four_kinds_and_what_reached_the_phone() -> None:
    messages = {
        **sent("registered", 10),
        **sent("supplement", 3, "accepted"),
        **sent("apology", 1),
        **sent("reply", 6),
        **sent("result", 5, "failed"),
    }

    said = paragraph(a_report(messages=messages), SUBJECT)

    assert (
        "đã gửi 20 tin tới tổ chức, cá nhân, gồm 10 tin thông báo tiến độ giải quyết, 3 tin mời bổ sung hồ sơ, "
        "1 tin xin lỗi và hẹn lại ngày trả kết quả và 6 tin khác; 17 tin có xác nhận đã tới máy người nhận (85,00%)."
    ) in said


def test_spans_have_the_names_that_offices_use() -> None:
    assert named(Span.of_month(2026, 11)) == "tháng 11 năm 2026"
    assert named(Span(date(2026, 1, 1), date(2026, 12, 31))) == "năm 2026"
    assert named(Span(date(2026, 11, 3), date(2026, 11, 9))) == "thời gian từ ngày 03/11/2026 đến ngày 09/11/2026"
