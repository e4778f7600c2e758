"""A list of people is read as offices write it, and says what must be mended, with the spreadsheet's own rows."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.model.broadcast import Recipient
from bot.model.wording import Wording
from bot.recipient_example import example_csv, example_of, example_xlsx
from bot.recipients import Listing, Trouble, Wanted, wanted_by
from tests.unit.lists import BINH, HEADER, LAN, WANTED, csv_of, ods_of, read, xlsx_of


def people(found: Listing | Trouble) -> list[Recipient]:
    assert isinstance(found, Listing), found
    with found:
        return list(found.rows())


def trouble(found: Listing | Trouble) -> Trouble:
    assert isinstance(found, Trouble)
    return found


ROWS = [
    Recipient(number=2, phone="+84912345678", values={"ho_ten": LAN[0], "dia_diem": LAN[2]}),
    Recipient(number=3, phone="+84987654321", values={"ho_ten": BINH[0], "dia_diem": BINH[2]}),
]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258"])
def test_csv_is_read_whatever_program_wrote_it(separator: str, encoding: str, tmp_path: Path) -> None:
    # windows-1258 has no letter for ễ: programs write ê and a combining tone.
    lines = csv_of(HEADER, LAN, BINH, separator=separator)
    text = lines.decode()
    content = _in_1258(text) if encoding == "cp1258" else text.encode(encoding)

    assert people(read(content, tmp_path)) == ROWS


def _in_1258(text: str) -> bytes:
    from unicodedata import normalize

    out = b""
    for char in text:
        try:
            out += char.encode("cp1258")
        except UnicodeEncodeError:
            decomposed = normalize("NFD", char)
            base, marks = decomposed[0], decomposed[1:]
            tones = [mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323"]
            others = "".join(mark for mark in marks if mark not in tones)
            out += normalize("NFC", base + others).encode("cp1258") + "".join(tones).encode("cp1258")
    return out


@pytest.mark.parametrize("make", [xlsx_of, ods_of])
def test_workbooks_are_read(make: Any, tmp_path: Path) -> None:
    assert people(read(make(HEADER, LAN, BINH), tmp_path)) == ROWS


def test_excel_may_have_lost_the_zero_before_a_number(tmp_path: Path) -> None:
    found = people(read(xlsx_of(HEADER, ("Lan", 912345678, "Nha Trang")), tmp_path))

    assert [each.phone for each in found] == ["+84912345678"]


def test_headings_are_known_without_accents_and_capitals_below_a_title(tmp_path: Path) -> None:
    title = ("DANH SÁCH MỜI NHẬN KẾT QUẢ",)
    found = read(xlsx_of(title, (), ("", "HO TEN", " sđt ", "dia-diem (*)"), ("", *LAN)), tmp_path)

    assert isinstance(found, Listing)
    assert found.letters == {"ho_ten": "B", "phone": "C", "dia_diem": "D"}
    assert [each.number for each in people(found)] == [4]


def test_formulas_days_and_numbers_come_as_what_is_seen(tmp_path: Path) -> None:
    import io

    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("Phone", "ten", "ngay", "so_tien", "le"))
        sheet.write_string(1, 0, "0912 345 678")
        sheet.write_formula(1, 1, '="Lan"&" Anh"', None, "Lan Anh")
        sheet.write_datetime(1, 2, date(2026, 8, 30), book.add_format({"num_format": "dd/mm/yyyy"}))
        sheet.write_row(1, 3, (1204000, 1.5))
    wanted = Wanted(("ten", "ngay", "so_tien", "le"))

    (lan,) = people(read(out.getvalue(), tmp_path, wanted))

    assert lan.values == {"ten": "Lan Anh", "ngay": "30/08/2026", "so_tien": "1204000", "le": "1,5"}


def test_wrong_rows_are_named_by_the_spreadsheets_numbers_and_all_kinds_are_counted(tmp_path: Path) -> None:
    header = (*HEADER, "Mã hồ sơ")
    found = read(
        csv_of(
            header,
            (*LAN, "H56.14-240823-0001"),
            ("", "0987654321", "A", ""),
            ("", "", "", ""),
            ("Hoa", "12345", "A" * 201, ""),
            ("Minh", "02583822222", "A", "hs 1"),
            ("Mai", "+1 202 555 0123", "A", ""),
        ),
        tmp_path,
    )

    assert isinstance(found, Listing)
    assert [(each.number, dict(each.faults)) for each in found.wrong] == [
        (3, {"ho_ten": "missing"}),
        (5, {"dia_diem": "too_long", "phone": "phone"}),
        (6, {"code": "code", "phone": "landline"}),
        (7, {"phone": "foreign"}),
    ]
    assert found.kinds == {"missing": 1, "too_long": 1, "phone": 1, "code": 1, "landline": 1, "foreign": 1}
    assert found.wrong_rows == 4
    found.close()


def test_only_fifty_wrong_rows_are_kept_but_all_are_counted(tmp_path: Path) -> None:
    found = read(csv_of(HEADER, *[("Lan", f"{number}", "A") for number in range(1_234)]), tmp_path)

    assert isinstance(found, Listing)
    assert (len(found.wrong), found.wrong_rows, found.kinds) == (50, 1_234, {"phone": 1_234})
    found.close()


def test_a_phone_that_comes_twice_is_a_warning(tmp_path: Path) -> None:
    found = read(csv_of(HEADER, LAN, BINH, ("Lan", "84912345678", "B")), tmp_path)

    assert isinstance(found, Listing)
    assert (found.people, found.repeats, found.repeated, found.wrong_rows) == (2, 1, ((4, 2),), 0)
    assert [each.number for each in people(found)] == [2, 3, 4]


def test_the_digest_is_of_the_content_and_not_of_the_file(tmp_path: Path) -> None:
    def digest(content: bytes) -> str:
        found = read(content, tmp_path)
        assert isinstance(found, Listing)
        with found:
            return found.digest

    one = digest(csv_of(HEADER, LAN, BINH))

    assert one == digest(xlsx_of((), HEADER, LAN, BINH))
    assert one != digest(csv_of(HEADER, BINH, LAN))
    assert one != digest(csv_of(HEADER, LAN, (*BINH[:2], "Phường Tây Nha Trang")))


def test_a_file_without_what_the_text_needs_says_what_is_missing_and_what_it_has(tmp_path: Path) -> None:
    lacking = trouble(read(csv_of(("Họ tên", "SĐT", "Ghi chú"), LAN), tmp_path))
    without_phone = trouble(read(csv_of(("Họ tên", "Ghi chú"), ("Lan", "x")), tmp_path))

    assert lacking == Trouble("missing_columns", {"missing": ["dia_diem"], "has": ["Họ tên", "SĐT", "Ghi chú"]})
    assert without_phone == Trouble("no_phone", {"has": ["Họ tên", "Ghi chú"]})


def test_the_same_column_twice_is_not_guessed(tmp_path: Path) -> None:
    found = trouble(read(csv_of((*HEADER, "Điện thoại"), (*LAN, "0987654321")), tmp_path))

    assert found == Trouble("same_column_twice", {"name": "Số điện thoại", "letters": ["B", "D"]})


def test_too_many_rows_are_counted(tmp_path: Path) -> None:
    found = trouble(read(csv_of(HEADER, LAN, (), BINH, LAN), tmp_path, most=2))

    assert found == Trouble("too_many_rows", {"most": 2, "count": 3})


def test_the_columns_follow_from_the_text() -> None:
    wording = Wording(
        chat="Kính gửi {{ ho_ten }}, mời tới {{ dia_diem }}.{% if ghi_chu %} {{ ghi_chu }}{% endif %}",
        sms="Moi {{ ho_ten }} toi {{ dia_diem }}, ho so {{ code }}.",
    )

    assert wanted_by(wording) == Wanted(("ho_ten", "dia_diem", "code"), ("ghi_chu",))


def test_a_value_that_may_be_missing_may_be_missing_as_a_column(tmp_path: Path) -> None:
    (lan,) = people(read(csv_of(HEADER, LAN), tmp_path, Wanted(("ho_ten",), ("ghi_chu",))))

    assert lan.values == {"ho_ten": LAN[0], "ghi_chu": ""}


@pytest.mark.parametrize("make", [example_csv, example_xlsx])
def test_the_example_that_is_offered_would_be_taken(make: Any, tmp_path: Path) -> None:
    found = read(make(WANTED), tmp_path)

    assert [each.phone for each in people(found)] == ["+84912345678", "+84987654321"]
    assert [(each.letter, each.name, each.is_required) for each in example_of(WANTED)] == [
        ("A", "phone", True),
        ("B", "code", False),
        ("C", "ho_ten", True),
        ("D", "dia_diem", True),
    ]


@pytest.mark.parametrize("text", ["=1+1", "+84", "-2", "@SUM(A1)", "=HYPERLINK(1)"])
def test_what_looks_like_a_formula_is_text(text: str, tmp_path: Path) -> None:
    for content in (csv_of(HEADER, (text, *LAN[1:])), xlsx_of(HEADER, (text, *LAN[1:]), strings_to_formulas=False)):
        (lan,) = people(read(content, tmp_path))

        assert lan.values["ho_ten"] == text


def test_nothing_invisible_reaches_a_citizen(tmp_path: Path) -> None:
    (lan,) = people(read(csv_of(HEADER, ("La\u202en\u200b  \x7fAnh", *LAN[1:])), tmp_path))

    assert lan.values["ho_ten"] == "La n Anh"


def test_excels_own_line_about_the_separator_is_no_row(tmp_path: Path) -> None:
    content = b"sep=;\r\n" + csv_of(HEADER, LAN, separator=";")

    assert people(read(content, tmp_path)) == ROWS[:1]
