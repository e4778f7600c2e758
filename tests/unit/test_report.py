"""Spans of days, tiers of agencies, and the bars that show their figures."""

from datetime import date

import pytest

from bot.model.errors import ConfigError
from bot.model.report import COUNTED, Counts, Span, summed
from bot.model.summary import name_of, span_named, tier_of
from bot.report_settings import ReportSettings
from bot.web.console.charts import Bar, bars

TIERS = [each.tier for each in ReportSettings().tiers]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-10-05..2026-11-15", date(2026, 10, 5), date(2026, 11, 15)),
        ("2026-10-05", date(2026, 10, 5), date(2026, 10, 5)),
    ],
)
def test_a_span_is_read_and_written_as_people_name_it(text: str, first: date, last: date) -> None:
    span = span_named(text)

    assert (span.first, span.last) == (first, last)
    assert span_named(name_of(span)) == span


@pytest.mark.parametrize("text", ["", "2026-Q5", "2026-13", "0000", "2026-11-15..2026-10-05", "1990-01-01..2026-01-01"])
def test_a_span_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        span_named(text)


def test_the_span_before_is_as_long_in_months_where_it_is_of_months() -> None:
    assert Span.of_quarter(2026, 1).before == Span.of_quarter(2025, 4)
    assert Span.of_month(2026, 3).before == Span.of_month(2026, 2)
    assert span_named("2026").before == span_named("2025")
    assert span_named("2026-03-10..2026-03-12").before == span_named("2026-03-07..2026-03-09")


def test_whole_months_are_read_as_months_and_pieces_by_their_days() -> None:
    assert Span.of_quarter(2026, 4).periods == ["2026-10", "2026-11", "2026-12"]
    assert span_named("2026-10-30..2026-12-02").periods == [
        "2026-10-30", "2026-10-31", "2026-11", "2026-12-01", "2026-12-02"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("agency", "name"),
    [
        ("H32.01", "Sở, ban, ngành"),
        ("H32.18.02", "Sở, ban, ngành"),
        ("H32.21", "Cấp huyện"),
        ("H32.21.07", "Cấp xã"),
        ("G09.20", "Cơ quan ngành dọc"),
        ("", None),
        ("H32", None),
    ],
)
def test_an_agency_s_tier_is_told_by_its_code(agency: str, name: str | None) -> None:
    tier = tier_of(agency, TIERS)

    assert (tier.name if tier else None) == name


def test_counts_add_up_field_by_field() -> None:
    one = Counts(**{name: n for n, name in enumerate(COUNTED, 1)})

    assert one + one == summed([one, one])
    assert (one + one).minus(one) == one


def test_a_chart_says_everything_in_words_and_escapes_names() -> None:
    shown = str(bars("Theo tháng", ["Trước hạn", "Quá hạn"], [Bar("<b>11/2026", (12_345, 6))], name="x"))

    assert '<title id="x-title">Theo tháng</title>' in shown
    assert '<desc id="x-desc">&lt;b&gt;11/2026: Trước hạn 12.345, Quá hạn 6</desc>' in shown
    assert "style=" not in shown
    assert "<b>" not in shown


def test_a_chart_of_nothing_is_no_mistake() -> None:
    assert "<svg" in str(bars("Trống", ["a", "b", "c"], [], name="x"))
    assert "<rect" in str(bars("Không", ["a", "b", "c"], [Bar("10", (0, 0, 0))], name="x"))
