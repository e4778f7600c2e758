"""The shapes in which an export comes: encodings, delimiters, headers, workbooks."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import xlsxwriter

from adapters.sources.folder import open as open_source
from adapters.sources.folder.settings import Settings
from bot.model.dossier import Status
from tests.adapters.folder.support import GOOD, HEADER, batches, code, csv_text, put, row, source, taken

TEXT = csv_text([row(1), row(2, ChuHoSo="Đỗ, Văn; Ơn")])


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        csv_text([row(1), row(2, ChuHoSo="Đỗ, Văn; Ơn")], delimiter=";").encode(),
        csv_text([row(1), row(2, ChuHoSo="Đỗ, Văn; Ơn")], delimiter="\t").encode(),
        csv_text([row(1), row(2, ChuHoSo="Đỗ, Văn; Ơn")], delimiter="|").encode("utf-16"),
        TEXT.replace("\r\n", "\n").encode(),
        TEXT.replace("\r\n", "\r").encode(),
        TEXT.rstrip().encode(),
        b"sep=,\r\n" + TEXT.encode(),
        TEXT.replace("Đỗ, Văn; Ơn", "Đỗ, Văn; Ơn").encode(),
    ],
    ids=["utf8", "utf8-bom", "utf16-le", "utf16-be", ";", "tab", "|", "lf", "cr", "no-last-newline", "sep", "nfd"],
)
async def test_every_encoding_and_delimiter_gives_the_same_dossiers(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, "a.csv", content)

    dossiers, quarantined = await taken(tmp_path)

    assert [dossier.code for dossier in dossiers] == [code(1), code(2)]
    assert dossiers[1].applicant == "Đỗ, Văn; Ơn"
    assert quarantined == []


async def test_a_legacy_encoding_is_read_where_it_is_configured(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", csv_text([row(1, ChuHoSo="Tran Thi Bé")]).replace("ấ", "â").encode("cp1258", "replace"))

    dossiers, quarantined = await taken(tmp_path, encoding="windows-1258")

    assert [dossier.applicant for dossier in dossiers] == ["Tran Thi Bé"]
    assert quarantined == []


async def test_every_field_arrives_where_it_belongs(tmp_path: Path) -> None:
    cells = {
        "NgayKetThucXuLy": "24/11/2026 09:30",
        "NoiDungBoSung": " Bản chính Giấy chứng sinh\nvà căn cước ",
        "LyDo": "Thiếu bản chính",
        "ThongTinTra": "Quầy số 3",
    }
    put(tmp_path, "a.csv", csv_text([row(1, **cells)]))

    [dossier], _ = await taken(tmp_path)

    assert (dossier.source, dossier.code, dossier.status, dossier.status_text) == (
        "mc",
        code(1),
        Status.PROCESSING,
        "4",
    )
    assert (dossier.agency, dossier.agency_name) == ("H32.21.02", "UBND phường Ngọc Hiệp")
    assert (dossier.procedure, dossier.procedure_name) == (GOOD["MaTTHC"], GOOD["TenTTHC"])
    assert (dossier.applicant, dossier.phone) == ("Nguyễn Thị Ánh", "+84912345678")
    assert dossier.received_at == datetime(2026, 11, 22, 1, 15, tzinfo=UTC)
    assert dossier.appointment_at == datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    assert dossier.finished_at == datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
    assert dossier.supplement == "Bản chính Giấy chứng sinh\nvà căn cước"
    assert (dossier.reason, dossier.place) == ("Thiếu bản chính", "Quầy số 3")


async def test_headers_are_known_in_any_writing_and_any_order(tmp_path: Path) -> None:
    header = ("Ghi chú", "TRẠNG THÁI HỒ SƠ", "Mã hồ sơ", "Ngày hẹn trả", "số điện thoại", "Cột lạ")
    put(
        tmp_path,
        "a.csv",
        csv_text([("nội bộ", "Đã xử lý xong", code(7), "25/11/2026", "84912345678", "?")], header=header),
    )

    [dossier], quarantined = await taken(tmp_path)

    assert (dossier.code, dossier.status, dossier.phone) == (code(7), Status.DONE, "+84912345678")
    assert dossier.reason == ""
    assert dossier.appointment_at == datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    assert quarantined == []


async def test_columns_statuses_agencies_and_codes_can_be_mapped(tmp_path: Path) -> None:
    header = ("SoBienNhan", "Buoc", "HenTra", "DonVi", "GhiChu")
    put(tmp_path, "a.csv", csv_text([("BN-2026/15", "Trình ký", "25/11/2026 16:00", "NT02", "Chờ ký")], header=header))

    [dossier], quarantined = await taken(
        tmp_path,
        fields={
            "code": "SoBienNhan",
            "status": "Buoc",
            "appointment_at": "HenTra",
            "agency": "DonVi",
            "reason": "GhiChu",
        },
        statuses={"trinh ky": 4},
        agencies={"NT02": "UBND phường Ngọc Hiệp"},
        code_pattern=r"BN-\d{4}/\d+",
    )

    assert (dossier.code, dossier.status, dossier.status_text) == ("BN-2026/15", Status.PROCESSING, "Trình ký")
    assert (dossier.agency, dossier.agency_name) == ("NT02", "UBND phường Ngọc Hiệp")
    assert dossier.reason == "Chờ ký"
    assert quarantined == []


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *((str(int(status)), status) for status in Status if status),
        ("04", Status.PROCESSING),
        ("4.0", Status.PROCESSING),
        ("ĐANG XỬ LÝ", Status.PROCESSING),
        ("dang xu ly", Status.PROCESSING),
        ("Yêu cầu bổ sung giấy tờ", Status.SUPPLEMENT),
        ("Công dân yêu cầu rút hồ sơ", Status.WITHDRAWN),
        ("Chờ Hội đồng họp", Status.UNKNOWN),
        ("11", Status.UNKNOWN),
        ("²", Status.UNKNOWN),
        ("-4", Status.UNKNOWN),
    ],
)
async def test_a_status_is_understood_or_kept_as_written(tmp_path: Path, word: str, status: Status) -> None:
    put(tmp_path, "a.csv", csv_text([row(1, TrangThaiHoSo=word)]))

    [dossier], quarantined = await taken(tmp_path)

    assert (dossier.status, dossier.status_text) == (status, word)
    assert quarantined == []


@pytest.mark.parametrize(
    ("cell", "phone"),
    [
        ("0912345678", "+84912345678"),
        ("+84 912 345 678", "+84912345678"),
        ("912345678", "+84912345678"),
        ("01681234567", "+84381234567"),
        ("0258 3822222", "+842583822222"),
        ("0000000000", "0000000000"),
        ("chị  Lan, tổ 4", "chị Lan, tổ 4"),
        ("", ""),
    ],
)
async def test_a_phone_is_understood_or_kept_as_written(tmp_path: Path, cell: str, phone: str) -> None:
    put(tmp_path, "a.csv", csv_text([row(1, SoDienThoai=cell)]))

    [dossier], _ = await taken(tmp_path)

    assert dossier.phone == phone


async def test_a_workbook_is_read_with_its_dates_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Bìa").hide()
        sheet = book.add_worksheet("Hồ sơ")
        book.worksheets()[1].activate()
        sheet.write(0, 0, "DANH SÁCH HỒ SƠ")
        sheet.write_row(2, 0, HEADER)
        sheet.write_row(3, 0, row(1, LyDo="dòng một\ndòng hai"))
        sheet.write_row(5, 0, row(2, NgayHenTra="không rõ"))
        date = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.write_datetime(3, HEADER.index("NgayHenTra"), datetime(2026, 11, 25, 16, 30), date)  # noqa: DTZ001
        sheet.write_number(3, HEADER.index("NgayTiepNhan"), 20261122081500)
        sheet.write_number(3, HEADER.index("SoDienThoai"), 912345678)
        sheet.write_number(3, HEADER.index("TrangThaiHoSo"), 4)

    [dossier], [bad] = await taken(tmp_path, header_row=3)

    assert (dossier.code, dossier.status, dossier.phone) == (code(1), Status.PROCESSING, "+84912345678")
    assert dossier.received_at == datetime(2026, 11, 22, 1, 15, tzinfo=UTC)
    assert dossier.appointment_at == datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    assert dossier.reason == "dòng một\ndòng hai"
    assert (bad.place, bad.row, bad.column, bad.code) == ("a.xlsx", 6, "NgayHenTra", code(2))


async def test_a_table_that_begins_in_the_middle_of_a_sheet_is_read(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(3, 2, HEADER)
        sheet.write_row(4, 2, row(1))
        sheet.write_row(5, 2, row(2, TrangThaiHoSo=""))

    [dossier], [bad] = await taken(tmp_path, header_row=4)

    assert dossier.code == code(1)
    assert (bad.row, bad.column) == (6, "TrangThaiHoSo")


async def test_the_sheet_can_be_named(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("Tổng hợp").write(0, 0, "x")
        book.add_worksheet("Chi tiết").write_row(0, 0, HEADER)
        book.worksheets()[1].write_row(1, 0, row(5))

    dossiers, quarantined = await taken(tmp_path, sheet="Chi tiết")

    assert [dossier.code for dossier in dossiers] == [code(5)]
    assert quarantined == []


@pytest.mark.parametrize("watch", [True, False])
async def test_an_open_source_says_what_it_can_do(tmp_path: Path, watch: bool) -> None:
    async with open_source("mc", Settings(path=tmp_path, watch=watch)) as opened:
        assert (opened.name, opened.push) == ("mc", None)
        assert opened.source is not None
        assert opened.reread is not None
        assert (opened.changed is not None) is watch


@pytest.mark.parametrize(
    "wrong",
    [
        {"encoding": "utf-88"},
        {"code_pattern": "("},
        {"fields": {"ma_ho_so": "MaHoSo"}},
        {"statuses": {"x": 11}},
        {"delimiter": "-"},
        {"folder": "."},
        {"path": "exports", "archive": "exports/../exports"},
        {"archive_days": -1},
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Settings.model_validate({"path": tmp_path, **wrong})


async def test_an_empty_folder_has_nothing_to_say(tmp_path: Path) -> None:
    assert await batches(source(tmp_path)) == []
