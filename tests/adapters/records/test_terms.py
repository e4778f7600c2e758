"""How papers come and go, fees, terms and pauses, as sources write them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.records.columns import columns_of
from adapters.records.reader import RowReader
from adapters.records.settings import RecordSettings
from adapters.records.terms import amount, dong_in, handings, total
from bot.model.dossier import Dossier, Handing
from tests.adapters.records.support import reader, record

ROW = {"MaHoSo": "H32.21.02-261122-0001", "TrangThaiHoSo": "5"}


def from_object(settings: Mapping[str, Any] | None = None, /, **changes: Any) -> Dossier:
    read = reader(**(settings or {}))
    dossier = read.read(1, record(**changes))
    assert dossier is not None
    assert read.quarantined == []
    return dossier


def from_row(**changes: str) -> tuple[Dossier | None, list[str]]:
    """The dossier of a table's row, and the columns that were noted."""
    cells = {**ROW, **changes}
    rows = RowReader(columns_of(list(cells), {}, "ho-so.csv"), RecordSettings(), source="office", place="ho-so.csv")
    return rows.read(2, list(cells.values())), [bad.column for bad in rows.quarantined]


@pytest.mark.parametrize(
    ("key", "value", "filed", "returned"),
    [
        ("KenhThucHien", "1", Handing.COUNTER, None),
        ("KenhThucHien", 2, Handing.ONLINE, None),
        ("KenhThucHien", "3", Handing.POST, None),
        ("KenhThucHien", "0", None, None),
        ("KenhThucHien", "Nộp trực tuyến", Handing.ONLINE, None),
        ("KenhThucHien", "Qua dịch vụ bưu chính công ích", Handing.POST, None),
        ("KenhThucHien", "Trực tiếp tại Bộ phận Một cửa", Handing.COUNTER, None),
        ("KenhThucHien", "chưa rõ", None, None),
        ("HinhThuc", "0", None, Handing.COUNTER),
        ("HinhThuc", "1", None, Handing.POST),
        ("HinhThucTra", "1", None, Handing.POST),
        ("HinhThucTra", "2", None, None),
        ("HinhThucTra", "Bản điện tử", None, Handing.ONLINE),
        ("DangKyNhanHoSoQuaBCCI", True, None, Handing.POST),
        ("DangKyNhanHoSoQuaBCCI", "0", None, None),
        ("DangKyNhanHoSoQuaBCCIData", {"diaChi": "12 Trần Phú"}, None, Handing.POST),
        ("DangKyNhanHoSoQuaBCCIData", {}, None, None),
    ],
)
def test_the_same_number_means_different_things_by_its_column(
    key: str, value: Any, filed: Handing | None, returned: Handing | None
) -> None:
    dossier = from_object(**{key: value})

    assert (dossier.filed_by, dossier.returned_by) == (filed, returned)


def test_a_source_s_own_words_and_columns_go_first() -> None:
    settings = {
        "fields": {"filed_by": "kenh", "returned_by": "traKetQua.hinhThuc"},
        "filed": {"9": "online"},
        "returned": {"VNeID": "online"},
    }

    own = from_object(settings, kenh="9", traKetQua={"hinhThuc": "VNeID"})
    numbers = from_object(settings, kenh="2", traKetQua={"hinhThuc": "1"})

    assert (own.filed_by, own.returned_by) == (Handing.ONLINE, Handing.ONLINE)
    assert (numbers.filed_by, numbers.returned_by) == (Handing.ONLINE, Handing.POST)


@pytest.mark.parametrize(
    ("column", "number", "expected"),
    [
        ("HinhThucNop", "1", Handing.POST),
        ("Kênh nộp hồ sơ", "1", Handing.COUNTER),
        ("cach_nop", "1", Handing.COUNTER),
    ],
)
def test_a_column_that_an_operator_names_keeps_the_numbers_of_its_kind(
    column: str, number: str, expected: Handing
) -> None:
    assert handings({}, column)(number) is expected


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("150000", "150.000 đồng"),
        ("150.000", "150.000 đồng"),
        ("1,250,000 VNĐ", "1.250.000 đồng"),
        ("150000.0000", "150.000 đồng"),
        ("8000 đ", "8.000 đồng"),
        ("500", "500 đồng"),
        ("0", ""),
        ("", ""),
        ("Theo thông báo của cơ quan thuế", "Theo thông báo của cơ quan thuế"),
        ("150.000 đồng/lần", "150.000 đồng/lần"),
        ("15.5", "15.5"),
    ],
)
def test_fees_are_shown_as_citizens_read_them(written: str, shown: str) -> None:
    assert amount(written) == shown


@given(st.integers(min_value=1, max_value=10**12 - 1))
def test_an_amount_that_is_shown_is_understood_as_the_same_amount(dong: int) -> None:
    assert dong_in(amount(str(dong))) == dong


def test_listed_fees_are_added_up_and_a_sum_with_a_hole_is_not_told() -> None:
    listed = [{"TenPhiLePhi": "Lệ phí", "Gia": "50000"}, {"Gia": 100_000}, {"Gia": ""}]

    assert from_object(DanhSachLePhi=listed).fee == "150.000 đồng"
    assert from_object(DanhSachLePhi=[]).fee == ""
    assert from_object(DanhSachLePhi=[{"Gia": "5%"}, {"Gia": "50000"}]).fee == ""
    assert from_object(DanhSachLePhi=listed, TongLePhi="120000").fee == "120.000 đồng"
    assert total([{"a": 1}]) == ""


def test_a_fee_and_its_payment_come_with_their_moment() -> None:
    dossier = from_object(SoTienPhaiNop="150000", NgayNopLePhi="20261124093000")

    assert (dossier.fee, dossier.fee_paid_at) == ("150.000 đồng", datetime(2026, 11, 24, 2, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("asked", "term", "until"),
    [
        ("20261123153000", "05/12/2026", datetime(2026, 12, 5, 10, 0, tzinfo=UTC)),
        ("20261123153000", "20261205113000", datetime(2026, 12, 5, 4, 30, tzinfo=UTC)),
        ("20261123153000", 15, datetime(2026, 12, 8, 10, 0, tzinfo=UTC)),
        ("20261123003000", "15 ngày", datetime(2026, 12, 8, 10, 0, tzinfo=UTC)),
        ("", "15", None),
        ("20261123153000", "", None),
    ],
)
def test_a_term_is_a_date_or_a_number_of_days_from_the_request(
    asked: str, term: str | int, until: datetime | None
) -> None:
    dossier = from_object(TrangThaiHoSo="5", NgayYeuCauBoSung=asked, ThoiHanBoSung=term)

    assert dossier.supplement_until == until


def test_a_term_in_the_list_of_supplements_is_that_of_the_open_request() -> None:
    first = {"NgayBoSung": "20261101080000", "NgayTiepNhanBoSung": "20261103080000", "ThoiHanBoSung": "5"}
    second = {"NgayBoSung": "20261123153000", "NoiDungBoSung": "Bản chính", "ThoiHanBoSung": "10"}

    waiting = from_object(TrangThaiHoSo="5", DanhSachHoSoBoSung=[first, second])
    over = from_object(DanhSachHoSoBoSung=[first])

    assert (waiting.supplement, waiting.supplement_until) == ("Bản chính", datetime(2026, 12, 3, 10, 0, tzinfo=UTC))
    assert len(waiting.waits) == 2
    assert over.supplement_until is None


def test_a_clock_stands_until_the_source_says_that_it_goes_on() -> None:
    paused, resumed = "20261123080000", "20261125080000"

    assert from_object(NgayTamDung=paused).paused_at == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    assert from_object(NgayTamDung=paused, NgayTiepTuc=resumed).paused_at is None
    assert from_object(NgayTamDung=resumed, NgayTiepTuc=paused).paused_at is not None


def test_a_table_tells_the_same_as_an_object() -> None:
    terms = {
        "KenhThucHien": "2",
        "HinhThucTra": "1",
        "MaBuuGui": " EK123456789VN ",
        "TongLePhi": "150000",
        "NgayNopLePhi": "24/11/2026 09:30",
        "NgayYeuCauBoSung": "23/11/2026 15:30",
        "ThoiHanBoSung": "15",
        "NgayTamDung": "23/11/2026",
    }

    row, noted = from_row(**terms)

    assert noted == []
    assert row is not None
    assert row.terms == from_object(**terms).terms
    assert (row.filed_by, row.returned_by, row.tracking) == (Handing.ONLINE, Handing.POST, "EK123456789VN")


@pytest.mark.parametrize(
    ("column", "wrong"),
    [("NgayNopLePhi", "hôm qua"), ("ThoiHanBoSung", "sớm nhất"), ("NgayTamDung", "32/13/2026"), ("NgayTiepTuc", "x")],
)
def test_a_term_that_cannot_be_read_is_noted_and_keeps_no_dossier_out(column: str, wrong: str) -> None:
    dossier, noted = from_row(**{column: wrong})

    assert dossier is not None
    assert dossier.terms == ()
    assert noted == [column]


def test_a_record_without_any_of_it_has_no_terms() -> None:
    assert from_object().terms == ()


def test_a_place_where_something_else_stands_is_passed_over_unless_an_operator_named_it() -> None:
    odd = {"so": 1}
    named = reader(fields={"tracking": "buuGui"})

    passed = from_object(LePhi=odd, MaBuuGui=[odd])
    kept = named.read(1, record(buuGui=odd))

    assert passed.terms == ()
    assert kept is not None
    assert [bad.column for bad in named.quarantined] == ["buuGui"]
