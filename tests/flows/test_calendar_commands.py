"""`motcua calendar …`, as clerks and the office's IT people type it."""

from datetime import date

import pytest

from bot.calendars import years_to_check
from bot.deadline_settings import CalendarSettings
from tests.support.desk import Desk

OFFICE = """
[calendar]
days_off = [2027-02-11]
working_days = [2027-02-04, 2027-02-13]
[calendar.agencies."H32.10"]
hours = [[07:30:00, 11:30:00], [13:30:00, 16:30:00]]
saturday = [[07:30:00, 11:30:00]]
"""


@pytest.fixture
def clerk(service: Desk) -> Desk:
    service.configure(OFFICE)
    return service


def test_a_year_is_listed_with_what_is_known_and_what_the_office_added(clerk: Desk) -> None:
    known = " ".join(clerk.said("calendar", "2026").split())
    added = clerk.json("calendar", "2027")

    assert "24/11/2026 │ thứ Ba │ Ngày Văn hóa Việt Nam │ đã biết / known" in known
    assert "22/08/2026 │ thứ Bảy │ Làm bù cho ngày 31/08/2026" in known
    assert "249 ngày làm việc" in known
    assert "checked_years" not in known
    assert {"day": "2027-02-11", "name": "Ngày nghỉ thêm", "from": "configuration"} in added["days_off"]
    assert added["make_up_days"] == [
        {"day": "2027-02-04", "name": "Làm việc vào ngày: Nghỉ Tết Nguyên Đán", "from": "configuration"},
        {"day": "2027-02-13", "name": "Làm bù", "from": "configuration"},
    ]
    assert (added["announced"], added["working_days"]) == (False, 250)


def test_a_year_of_which_nothing_was_announced_is_called_an_estimate(clerk: Desk) -> None:
    estimated = clerk.said("calendar", "2028")

    assert "ước tính / estimated" in estimated
    assert "đã biết" not in estimated
    assert "checked_years = [2028]" in estimated


def test_a_year_that_the_operator_has_compared_is_no_estimate(service: Desk) -> None:
    service.configure("[calendar]\nchecked_years = [2028]")

    assert "ước tính" not in service.said("calendar", "2028")
    assert service.json("calendar", "2028")["announced"] is True


def test_an_agency_has_hours_and_saturdays_of_its_own(clerk: Desk) -> None:
    own = clerk.said("calendar", "2027", "--agency", "H32.10.02")
    other = clerk.said("calendar", "2027", "--agency", "H32.11")

    assert "07:30–11:30, 13:30–16:30, một ngày công / one day: 7 giờ; thứ Bảy / Saturday: 07:30–11:30" in own
    assert "H32.11: không có lịch riêng" in other
    assert clerk.json("calendar", "2027", "--agency", "H32.10")["working_days"] == 299


def test_a_term_is_counted_step_by_step(clerk: Desk) -> None:
    said = clerk.said("calendar", "due", "2026-11-20 15:30", "5")

    assert said.splitlines() == [
        "Nhận lúc / received: 15:30 thứ Sáu 20/11/2026",
        "Tính là nhận ngày / counts as received on: thứ Hai 23/11/2026 – sau giờ chốt / after the cut-off 15:00",
        "Ngày nhận không tính (Bộ luật Dân sự Đ147). / That day is not counted.",
        "    – thứ Ba 24/11/2026  nghỉ / off: Ngày Văn hóa Việt Nam",
        "   1. thứ Tư 25/11/2026",
        "   2. thứ Năm 26/11/2026",
        "   3. thứ Sáu 27/11/2026",
        "    – thứ Bảy 28/11/2026  nghỉ hằng tuần / weekend",
        "    – Chủ nhật 29/11/2026  nghỉ hằng tuần / weekend",
        "   4. thứ Hai 30/11/2026",
        "   5. thứ Ba 01/12/2026",
        "Hạn / due: 17:00 thứ Ba 01/12/2026 (5 ngày làm việc / working days)",
    ]


def test_a_long_term_names_only_what_is_not_as_in_any_week(clerk: Desk) -> None:
    said = clerk.said("calendar", "due", "05/01/2026 08:00", "60 ngày")

    assert "thứ Bảy 10/01/2026  Làm bù cho ngày 02/01/2026" in said
    assert "thứ Ba 17/02/2026  nghỉ / off: Tết Nguyên Đán" in said
    assert "nghỉ hằng tuần" not in said
    assert "17:00 thứ Sáu 03/04/2026" in said


def test_a_term_of_hours_is_counted_in_the_hours_of_the_agency(clerk: Desk) -> None:
    said = clerk.said("calendar", "due", "2026-11-20 10:30", "40h", "--agency", "H32.10")
    program = clerk.json("calendar", "due", "10:30 20/11/2026", "40 giờ", "--agency", "H32.10")

    assert "Một ngày công ở đây là 7 giờ: 40 giờ là 35 giờ." in said
    assert "thứ Bảy 21/11/2026  07:30–11:30  4 giờ" in said
    assert "Hạn / due: 15:30 thứ Sáu 27/11/2026" in said
    assert program["due"] == "2026-11-27T15:30:00+07:00"


def test_a_term_that_ends_in_a_year_of_estimates_says_so(clerk: Desk) -> None:
    assert "checked_years = [2027]" in clerk.said("calendar", "due", "2026-12-30 08:00", "5")
    assert "checked_years" not in clerk.said("calendar", "due", "2026-12-01 08:00", "5")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("due", "hôm qua", "5"), "“hôm qua” không phải ngày giờ"),
        (("due", "2026-11-20", "năm ngày"), "“năm ngày” không phải thời hạn"),
        (("due", "2026-11-20", "99999"), "không phải thời hạn"),
        (("due", "2026-11-20", "2.5"), "không phải thời hạn"),
        (("1800",), "chỉ biết từ 1995 đến 2100"),
    ],
)
def test_what_cannot_be_counted_is_said(clerk: Desk, words: tuple[str, ...], reason: str) -> None:
    assert reason in clerk.refused("calendar", *words)


def test_hours_out_of_order_are_refused_with_the_place_in_the_configuration(service: Desk) -> None:
    service.configure("[calendar]\nhours = [[13:00:00, 17:00:00], [07:00:00, 11:00:00]]")

    assert "[calendar.hours] 07:00–11:00: chồng lên khoảng trước, đến 17:00" in service.refused("calendar")


def test_from_december_on_the_next_year_is_to_be_checked() -> None:
    settings = CalendarSettings()

    assert years_to_check(settings, date(2026, 11, 30)) == []
    assert years_to_check(settings, date(2026, 12, 1)) == [2027]
    assert years_to_check(CalendarSettings(checked_years=(2027,)), date(2026, 12, 31)) == []
    assert years_to_check(settings, date(2027, 3, 1)) == [2027]
