"""`motcua apology …`, `deadlines` and `late`, as heads and clerks type them."""

import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from python_calamine import load_workbook

from bot.model.clock import VIETNAM
from tests.support.desk import Desk
from tests.support.exports import Office, code_of, row

FORMAT = "%d/%m/%Y %H:%M"
YEAR = (datetime.now(VIETNAM) + timedelta(days=300)).replace(month=6, day=1)
FAR = YEAR.strftime("%d/%m/%Y 16:30")
"""A deadline that is not over when the tests run."""


def workday(days: int) -> str:
    day = YEAR + timedelta(days=days)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day.strftime("%Y-%m-%d")


@pytest.fixture
def due(service: Desk, office: Office) -> Desk:
    """Two dossiers whose deadlines are far, one overdue for long, one late and one early."""
    office.exports(
        row(1, status="4", appointment=FAR),
        row(2, status="4", appointment=FAR, agency="H56.15;UBND xã Vĩnh Hòa"),
        row(3, status="4", appointment="30/08/2024 16:30"),
        row(4, status="9", appointment="23/08/2024 08:30", updated="23/08/2024 09:00"),
        row(5, status="9", appointment="26/08/2024 16:30", updated="23/08/2024 09:00"),
    )
    service.said("source", "sync", "office")
    return service


def test_an_apology_goes_from_draft_to_approval_by_another_person(due: Desk) -> None:
    drafted = due.said("apology", "draft", code_of(1).lower(), "--by", "tam", "--text", "chờ Sở")
    again = due.refused("apology", "draft", code_of(1))
    listed = due.said("apology", "list")
    same = due.refused("apology", "approve", code_of(1), "--by", "Tam")
    approved = due.said("apology", "approve", code_of(1), "--by", "chin")
    shown = due.said("apology", "show", code_of(1))
    looked = due.said("lookup", code_of(1))

    assert "đã soạn, chờ người khác duyệt" in drafted
    assert "has one already: XL-" in again
    assert (code_of(1) in listed, "1 dự thảo chờ duyệt" in listed, "NĐ 61/2018" in listed) == (True, True, True)
    assert "another person has to" in same
    assert "đã duyệt / approved" in approved
    assert "duyệt / approved" in shown
    assert "chin" in shown
    assert "chờ Sở" in shown
    assert "Hạn tính lại / due" in looked
    assert due.json("apology", "list", "--state", "all")["apologies"][0]["state"] == "approved"


def test_a_draft_is_changed_and_rejected_with_words_for_mistakes(due: Desk) -> None:
    due.said("apology", "draft", code_of(1), "--by", "tam")

    nothing = due.refused("apology", "change", code_of(1))
    no_reason = due.refused("apology", "change", code_of(1), "--reason", "systen")
    too_soon = due.refused("apology", "change", code_of(1), "--date", "2026-01-05")
    changed = due.said("apology", "change", code_of(1), "--reason", "system", "--date", workday(9), "--by", "muoi")
    rejected = due.said("apology", "reject", code_of(1), "--why", "còn kịp", "--by", "chin")
    gone = due.refused("apology", "approve", code_of(1), "--by", "chin")

    assert "say what to change" in nothing
    assert "is not one of the reasons: overload" in no_reason
    assert "system" in no_reason
    assert "ngày mai trở đi" in too_soon
    assert "đã sửa" in changed
    assert "công dân không được báo" in rejected
    assert "there is no such draft" in gone


def test_several_are_approved_at_once_and_what_is_refused_is_named(due: Desk) -> None:
    for number in (1, 2):
        due.said("apology", "draft", code_of(number), "--by", "tam")
    due.said("apology", "change", code_of(2), "--reason", "system", "--by", "chin")

    done = due.types("apology", "approve", code_of(1), code_of(2), "--by", "chin")

    assert done.code == 1
    assert code_of(1) in done.out
    assert "another person has to" in done.err
    unknown = due.refused("apology", "approve", "XL-000000-0001")
    assert "there is no such draft" in unknown


def test_what_is_unknown_or_finished_is_not_drafted(due: Desk) -> None:
    assert "is not in the mirror" in due.refused("apology", "draft", code_of(9))
    assert "no longer in work" in due.refused("apology", "draft", code_of(5))
    assert "there are only" in due.refused("apology", "list", "--state", "drafted")


def test_the_document_is_written_for_the_clerk(due: Desk) -> None:
    due.configure("[apologies]\npdf = false")
    due.said("apology", "draft", code_of(1), "--by", "tam")

    due.said("apology", "document", code_of(1))
    nowhere = due.refused("apology", "document", code_of(1), "--to", "none")

    path = due.place / f"xin-loi-{code_of(1)}.docx"
    with zipfile.ZipFile(path) as document:
        assert "Nguyễn Thị Ánh" in document.read("word/document.xml").decode()
    assert "cannot be written" in nowhere


def test_deadlines_are_shown_by_agency_and_one_by_one(due: Desk) -> None:
    shown = due.said("deadlines")
    found = due.json("deadlines", "--agency", "H56.14")
    none = due.said("deadlines", "--agency", "H56.15")
    due.said("deadlines", "--csv", "due.csv")

    assert (code_of(3) in shown, code_of(1) in shown) == (True, False)
    assert [each["code"] for each in found["overdue"]] == [code_of(3)]
    assert found["agencies"][0]["long_overdue"] == 1
    assert "Không có hồ sơ nào sắp đến hạn" in none
    assert code_of(3) in (due.place / "due.csv").read_text(encoding="utf-8-sig")


def test_a_month_is_shown_and_written_as_a_workbook(due: Desk) -> None:
    shown = due.said("late", "--month", "2024-08")
    found = due.json("late", "--month", "2024-08")
    written = due.types("late", "--month", "2024-08", "--file", "late.xlsx")
    due.said("late", "--month", "2024-08", "--file", "late.csv")
    empty = due.said("late", "--month", "2023-01")

    (agency,) = found["agencies"]
    assert (agency["ended"]["early"], agency["ended"]["late"], agency["overdue"]) == (1, 1, 1)
    assert found["above"] == ["H56.14"]
    assert sorted(each["code"] for each in found["late"]) == [code_of(3), code_of(4)]
    assert "50.00" in shown
    assert "Đã ghi / written" in written.err
    assert _sheets(due.place / "late.xlsx") == ["Theo cơ quan", "Hồ sơ trễ hạn"]
    assert code_of(4) in (due.place / "late.csv").read_text(encoding="utf-8-sig")
    assert "chưa có hồ sơ nào" in empty


def test_mistyped_months_and_files_are_explained(due: Desk) -> None:
    assert "write a month as 2026-11" in due.refused("late", "--month", "11/2026")
    assert "name it .xlsx or .csv" in due.refused("late", "--month", "2024-08", "--file", "late.pdf")
    assert "cannot be written" in due.refused("late", "--month", "2024-08", "--file", "none/late.xlsx")


def _sheets(path: Path) -> list[str]:
    return list(load_workbook(path).sheet_names)
