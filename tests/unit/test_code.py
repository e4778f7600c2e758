"""Dossier codes as people type them: a table of mistypings, and properties that no typing may break."""

from datetime import date

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.model.code import READ_LIMIT, canonical, read_around, read_codes, same_unit_forms

NEW = "H56.14-240823-0001"
OLD = "000.17.22.H56-210531-0001"
DEEP = "H15.50.05.13-261008-0975"
LONG = "G09.20-20260609-0092637"
PITFALL = "000.00.12.H62-201105-0004"

CODE = "dossier"
PROCEDURE = "procedure"


def exact(*codes: str) -> list[tuple[str, str, bool]]:
    return [(code, CODE, False) for code in codes]


def repaired(*codes: str) -> list[tuple[str, str, bool]]:
    return [(code, CODE, True) for code in codes]


def procedures(*codes: str) -> list[tuple[str, str, bool]]:
    return [(code, PROCEDURE, False) for code in codes]


TYPED: list[tuple[str, list[tuple[str, str, bool]]]] = [
    # As printed, in every shape.
    (NEW, exact(NEW)),
    (OLD, exact(OLD)),
    (DEEP, exact(DEEP)),
    (LONG, exact(LONG)),
    (PITFALL, exact(PITFALL)),
    ("H15.50.05.13-261008-090123", exact("H15.50.05.13-261008-090123")),
    ("H15.50.05.13-261008-1800123", exact("H15.50.05.13-261008-1800123")),
    ("G01.899.103.000-240823-0001", exact("G01.899.103.000-240823-0001")),
    ("H56.14-240229-12345", exact("H56.14-240229-12345")),
    # Typography.
    ("h56.14-240823-0001", exact(NEW)),
    ("000.17.22.h56-210531-0001", exact(OLD)),
    ("  H56.14-240823-0001\n", exact(NEW)),
    ("H56.14 - 240823 - 0001", exact(NEW)),
    ("H56. 14-240823-0001", exact(NEW)),
    ("H56 .14- 240823 -0001", exact(NEW)),
    ("H56.14–240823–0001", exact(NEW)),
    ("H56.14—240823—0001", exact(NEW)),
    ("H56.14−240823‑0001", exact(NEW)),
    ("H56.14--240823--0001", exact(NEW)),
    ("H56.14_240823_0001", exact(NEW)),
    ("H56.14/240823/0001", exact(NEW)),
    ("H56.14 240823 0001", exact(NEW)),
    ("H56.14\u00a0240823\u00a00001", exact(NEW)),
    ("000.17.22.H56 210531 0001", exact(OLD)),
    ("H56_14-240823-0001", exact(NEW)),
    ("Ｈ５６．１４－２４０８２３－０００１", exact(NEW)),
    ("H56.14-\u200b240823-0001\ufeff", exact(NEW)),
    ("H56·14-240823-0001", exact(NEW)),
    # Over two lines.
    ("H56.14-240823-\n0001", exact(NEW)),
    ("H56.14-\r\n240823-0001", exact(NEW)),
    ("000.17.22.\nH56-210531-0001", exact(OLD)),
    ("H56.14\n240823-0001", repaired(NEW)),
    ("H56.14-240823\n0001", repaired(NEW)),
    # Words around.
    ("mã hồ sơ: H56.14-240823-0001", exact(NEW)),
    ("MÃ HỒ SƠ:H56.14-240823-0001.", exact(NEW)),
    ("(H56.14-240823-0001)", exact(NEW)),
    ("«H56.14-240823-0001», cảm ơn", exact(NEW)),
    ("H56.14-240823-0001?", exact(NEW)),
    ("H56.14-240823-0001.Cảm ơn", exact(NEW)),
    ("tracuu H56.14-240823-0001 a1b2", exact(NEW)),
    ("tra cuu hs h56.14-240823-0001 cua toi voi", exact(NEW)),
    ("hoof sow H56.14-240823-0001 cuar tooi", exact(NEW)),
    ("Fwd: Ho so H56.14-240823-0001 da duoc tiep nhan. Ngay hen tra: 16:30 31/12/2026", exact(NEW)),
    ("- H56.14-240823-0001 (Nguyễn Văn A, 0912345678)", exact(NEW)),
    ("https://dvc.example.vn/tra-cuu?MHS=H56.14-240823-0001&SGT=1", exact(NEW)),
    ("0912345678 H56.14-240823-0001", exact(NEW)),
    ("H56.14-240823-0001 0912345678", exact(NEW)),
    ("lo 000.17.22.H56-210531-0001", exact(OLD)),
    ("0912345678 000.17.22.H56-210531-0001", exact(OLD)),
    # Two codes.
    (f"{NEW} {OLD}", exact(NEW, OLD)),
    (f"{OLD}\n{NEW}", exact(OLD, NEW)),
    (f"{NEW} va {NEW.lower()}", exact(NEW)),
    (f"{NEW}/H56.14-240823-0002", exact(NEW, "H56.14-240823-0002")),
    (f"1. {NEW}\n2. H56.14-240823-0002", exact(NEW, "H56.14-240823-0002")),
    (f"{PITFALL} 000.00.13.H62-201105-0005", exact(PITFALL, "000.00.13.H62-201105-0005")),
    (f"H56.14-24O823-0001 la {NEW}", exact(NEW)),
    # Letters for digits.
    ("H56.14-24O823-0001", repaired(NEW)),
    ("H56.14-240823-OOO1", repaired(NEW)),
    ("h56.14-240823-oooi", repaired(NEW)),
    ("H56.l4-240823-000l", repaired(NEW)),
    ("H56.I4-240823-0001", repaired(NEW)),
    ("OOO.17.22.H56-210531-0001", repaired(OLD)),
    ("000.l7.22.H56-2I0531-0001", repaired(OLD)),
    ("HO5.14-240823-0001", repaired("H05.14-240823-0001")),
    ("GO9.2O-2O26O6O9-OO92637", repaired(LONG)),
    # Separators wrong or left out.
    ("H5614-240823-0001", repaired(NEW)),
    ("h5614 240823 0001", repaired(NEW)),
    ("H56-14-240823-0001", repaired(NEW)),
    ("H56,14-240823-0001", repaired(NEW)),
    ("H56 14-240823-0001", repaired(NEW)),
    ("H56 14 240823 0001", repaired(NEW)),
    ("H56.14.240823.0001", repaired(NEW)),
    ("H56.14-240823.0001", repaired(NEW)),
    ("H56.14-240823 0001", repaired(NEW)),
    ("H56.14 240823-0001", repaired(NEW)),
    ("H56.14 240823 0001 1234", repaired(NEW)),
    ("H56.14-2408230001", repaired(NEW)),
    ("H56.14240823-0001", repaired(NEW)),
    ("H5614240823-0001", repaired(NEW)),
    ("H56142408230001", repaired(NEW)),
    ("h56142408230001 ạ", repaired(NEW)),
    ("H15500513-261008-0975", repaired(DEEP)),
    ("H15.500513-261008-0975", repaired(DEEP)),
    ("G09.20-202606090092637", repaired(LONG)),
    ("0001722H56-210531-0001", repaired(OLD)),
    ("000.1722.H56-210531-0001", repaired(OLD)),
    ("000.17.22H56-210531-0001", repaired(OLD)),
    ("000-17-22-H56-210531-0001", repaired(OLD)),
    ("000 17 22 H56 210531 0001", repaired(OLD)),
    ("000.17.22.H562105310001", repaired(OLD)),
    ("000 00 12 H62-201105-0004", repaired(PITFALL)),
    ("ma ho so 000 00 12 h62 201105 0004", repaired(PITFALL)),
    # Zeros of the serial left out.
    ("H56.14-240823-1", repaired(NEW)),
    ("H56.14-240823-01", []),
    ("H56.14-240823-975", repaired("H56.14-240823-0975")),
    ("H56.14 240823 1", []),
    ("G09.20-20260609-637", []),
    # Days that no calendar has.
    ("H56.14-241323-0001", repaired("H56.14-241323-0001")),
    ("H56.14-230229-0001", repaired("H56.14-230229-0001")),
    ("G09.20-19260609-0092637", repaired("G09.20-19260609-0092637")),
    ("H56.14 241323 0001", []),
    ("H17.00-000000-0000", []),
    ("000.00.00.H17-000000-0000", []),
    # The first level alone is what remains of the old order, too.
    ("H62-201105-0004", repaired("H62-201105-0004")),
    ("G18-20260609-0092637", repaired("G18-20260609-0092637")),
    ("000.12.H62-201105-0004", repaired("000.12.H62-201105-0004")),
    (".H62-201105-0004", []),
    ("...H62-201105-0004", []),
    ("12.H62-201105-0004", []),
    ("12 H62-201105-0004", []),
    ("00.12.H62-201105-0004", []),
    ("00 12 H62-201105-0004", []),
    ("5 000 00 12 H62-201105-0004", []),
    ("00012H62-201105-0004", []),
    ("H62 201105 0004", []),
    ("H62201105-0004", []),
    # Adjoined by more.
    ("XH56.14-240823-0001", []),
    ("5H56.14-240823-0001", []),
    ("3.H56.14-240823-0001", []),
    ("000.00.H56.14-240823-0001", []),
    ("000.00.12.H62.14-240823-0001", []),
    ("H56.14-240823-0001A", []),
    ("H56.14-240823-0001ạ", []),
    ("H56.14-240823-00012345", []),
    ("H56.14-240823-0001-0002", []),
    ("H56.14-240823-0001.2", []),
    ("H56.14-240823-0001/2024", []),
    ("H56.14-2408231-0001", []),
    ("H56.14-240823", []),
    ("H56.14-240823-", []),
    ("H56.14", []),
    ("000.00.04.G18", []),
    ("H56145-240823-0001", []),
    ("H56.14...240823...0001", []),
    ("H56.14-2010123100", []),
    ("H56.14-240823-240824-0001", []),
    # Procedure codes.
    ("1.005129", procedures("1.005129")),
    ("thủ tục 2.000635.", procedures("2.000635")),
    ("3.000181.000.00.00.h22", procedures("3.000181.000.00.00.H22")),
    ("1.005129, 2.000635", procedures("1.005129", "2.000635")),
    ("1.OO5129", [("1.005129", PROCEDURE, True)]),
    (f"{NEW} thủ tục 1.005129", [*exact(NEW), *procedures("1.005129")]),
    (f"1.005129 {NEW}", [*procedures("1.005129"), *exact(NEW)]),
    ("3.000181.000.00", []),
    ("12.1.005129", []),
    ("1.0051290", []),
    ("3.000181.000.00.00.H22-240823-0001", []),
    # Other numbers.
    ("03706/2026/07906", []),
    ("0912345678", []),
    ("+84 912 345 678", []),
    ("31/12/2026 16:30", []),
    ("079201001234", []),
    ("CCCD 079201001234, sdt 0912.345.678", []),
    ("Q10 0901123456", []),
    ("P10.5 - 0912345678", []),
    ("P10.5 - 0901123456", []),
    ("29H12-345.67", []),
    ("B52-240-0001", []),
    ("toi hoi 240823 0001", []),
    ("1.500.000 đồng", []),
    ("", []),
    ("???", []),
    ("xin chào", []),
]


@pytest.mark.parametrize(("text", "expected"), TYPED, ids=[repr(text) for text, _ in TYPED])
def test_what_citizens_type_is_read(text: str, expected: list[tuple[str, str, bool]]) -> None:
    assert [(found.code, found.kind, found.repaired) for found in read_codes(text)] == expected


two_digits = st.integers(0, 99).map("{:02}".format)
unit = st.builds("{}{}".format, st.sampled_from("GHKT"), two_digits)
new_agency = st.builds(
    lambda unit, groups: ".".join([unit, *groups]), unit, st.lists(two_digits, min_size=1, max_size=4)
)
old_agency = st.builds("{:03}.{}.{}.{}".format, st.integers(0, 999), two_digits, two_digits, unit)
day = st.dates(date(2010, 1, 1), date(2099, 12, 31))
ordinal = st.integers(0, 9999).map("{:04}".format)
usual_codes = st.builds(
    lambda agency, day, ordinal: f"{agency}-{day:%y%m%d}-{ordinal}", new_agency | old_agency, day, ordinal
)
ministry_codes = st.builds(
    lambda agency, day, ordinal: f"{agency}-{day:%Y%m%d}-{ordinal:07}",
    new_agency,
    day,
    st.integers(0, 9_999_999),
)
codes = usual_codes | ministry_codes

dashes = st.sampled_from(["-", "–", "—", "−", "‑", "_", "/", " - ", "- ", " –", "-\n", "－", "--"])
dots = st.sampled_from([".", " .", ". ", "．", "_"])
before = st.sampled_from(["", " ", "mã hồ sơ: ", "Hồ sơ ", "(", "tracuu ", "«", "hoof sow ", "\n- "])
after = st.sampled_from(["", " ", ".", ", cảm ơn", ")", "?", " ạ", "!", "\nxin cảm ơn", " cuar tooi"])


@settings(deadline=None)
@given(codes, st.data())
def test_a_code_survives_typography_unrepaired(code: str, data: st.DataObject) -> None:
    agency, day, serial = code.split("-")
    typed = data.draw(dots).join(agency.split("."))
    if data.draw(st.booleans()):
        typed = typed.lower()
    spaced = data.draw(st.booleans())
    first, second = (" ", " ") if spaced else (data.draw(dashes), data.draw(dashes))

    found = read_codes(data.draw(before) + typed + first + day + second + serial + data.draw(after))

    assert [(hit.code, hit.kind, hit.repaired) for hit in found] == [(code, CODE, False)]


@settings(deadline=None)
@given(codes)
def test_letters_that_look_like_digits_are_repaired_and_said(code: str) -> None:
    head, day, serial = code.split("-")
    assume("0" in serial or "1" in serial)

    found = read_codes(f"{head}-{day}-{serial.replace('0', 'o').replace('1', 'l')}")

    assert [(hit.code, hit.repaired) for hit in found] == [(code, True)]


@settings(deadline=None)
@given(codes)
def test_a_code_without_any_separator_is_repaired_or_nothing(code: str) -> None:
    found = read_codes(code.replace("-", "").replace(".", ""))

    assert found == [] or [(hit.code, hit.repaired) for hit in found] == [(code, True)]


@settings(deadline=None)
@given(usual_codes, st.data())
@example(PITFALL, None)
def test_the_beginning_of_a_code_is_no_other_code(code: str, data: st.DataObject | None) -> None:
    """Except that a serial cut short reads like one whose zeros were left out, which is to be confirmed."""
    cuts = range(len(code)) if data is None else [data.draw(st.integers(0, len(code) - 1))]
    for cut in cuts:
        for hit in read_codes(code[:cut]):
            head, serial = code[:cut].rsplit("-", 1)
            assert (hit.code, hit.repaired) == (f"{head}-{serial.zfill(4)}", True)
            assert not serial.startswith("0")


@settings(deadline=None)
@given(codes, st.data())
@example(PITFALL, None)
def test_the_end_of_a_code_is_no_other_code(code: str, data: st.DataObject | None) -> None:
    """Except that the old order cut before its unit reads like a unit of the first level: to be confirmed."""
    cuts = range(1, len(code)) if data is None else [data.draw(st.integers(1, len(code)))]
    for cut in cuts:
        for hit in read_codes(code[cut:]):
            assert code[cut - 1 :] == f".{hit.code}"
            assert hit.code[0].isalpha()
            assert hit.repaired


@settings(deadline=None)
@given(codes, st.sampled_from("07Zđ"))
def test_a_code_that_more_letters_or_digits_adjoin_is_no_code_or_its_own(code: str, more: str) -> None:
    assert read_codes(more + code) == []
    if len(code.split("-")[2]) == 7 or more.isalpha():
        assert read_codes(code + more) == []


@settings(deadline=None)
@given(st.text(st.characters(), max_size=300) | st.text(st.sampled_from("0123OIlHh.-_/ ,\n–"), max_size=300))
def test_no_text_breaks_the_reading(text: str) -> None:
    found = read_codes(text)

    for hit in found:
        assert [again.code for again in read_codes(hit.code)] == [hit.code]
    canonical(text)
    assert same_unit_forms(text) == () or canonical(text) == text


@settings(deadline=None)
@given(st.lists(st.sampled_from(["000", "00", "H56", "14", "240823", "0001", ".", "-", " ", "O"]), max_size=40))
def test_scraps_of_codes_give_only_well_formed_codes(scraps: list[str]) -> None:
    for hit in read_codes("".join(scraps)):
        assert hit.repaired or canonical(hit.code) == hit.code


def test_only_the_first_characters_are_read_and_a_cut_code_is_none() -> None:
    for missing in range(1, len(NEW) + 1):
        start = READ_LIMIT - len(NEW) + missing
        assert read_codes("x" * (start - 1) + " " + NEW) == [], missing

    assert [hit.code for hit in read_codes("x" * (READ_LIMIT - len(NEW) - 2) + f" {NEW} " + "9" * 90_000)] == [NEW]
    assert read_codes("x" * (READ_LIMIT - len(NEW) - 1) + f" {NEW}23") == []


@pytest.mark.parametrize(
    "scrap", ["H56.", "000 00 12 H62-", "11 ", "H56.14-240823-", "1.", "0", "-", " ", "O" * 7 + "H"]
)
def test_a_hundred_kilobytes_of_scraps_are_no_code(scrap: str) -> None:
    assert read_codes(scrap * (100_000 // len(scrap))) == []


@pytest.mark.parametrize(
    ("field", "code"),
    [
        (NEW, NEW),
        (OLD, OLD),
        (LONG, LONG),
        (" h56.14 – 240823 – 0001 ", NEW),
        ("H62-201105-0004", "H62-201105-0004"),
        ("000.12.H62-201105-0004", "000.12.H62-201105-0004"),
        ("", None),
        ("H56.14", None),
        (f"{NEW} {OLD}", None),
        (f"{NEW},", None),
        (f"mã {NEW}", None),
        ("H56.14_240823_0001", None),
        ("H56.14-24O823-0001", None),
        ("H56.14-240823-1", None),
        ("H56.14-241323-0001", None),
        ("H17.00-000000-0000", None),
        ("H56.14 240823 0001", None),
        ("H56" + ".14" * 11 + "-240823-0001", None),
        ("1.005129", None),
        ("0" * 100_000, None),
    ],
)
def test_a_field_of_an_export_holds_exactly_one_code_or_none(field: str, code: str | None) -> None:
    assert canonical(field) == code


@settings(deadline=None)
@given(codes)
def test_a_canonical_code_is_its_own_canonical_form(code: str) -> None:
    assert canonical(code) == canonical(f" {code.lower()} ") == code


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        (OLD, ("H56.22.17-210531-0001",)),
        ("H56.22.17-210531-0001", (OLD,)),
        ("000.00.14.H56-240823-0001", (NEW,)),
        (NEW, ("000.00.14.H56-240823-0001",)),
        ("000.00.00.H56-240823-0001", ("H56-240823-0001",)),
        ("H56-240823-0001", ("000.00.00.H56-240823-0001",)),
        ("005.17.22.H56-210531-0001", ()),
        ("000.17.00.H56-210531-0001", ()),
        ("000.12.H62-201105-0004", ()),
        (DEEP, ()),
        ("H17.00-240823-0001", ()),
        ("G01.899-240823-0001", ()),
        ("1.005129", ()),
        ("H56.14", ()),
    ],
)
def test_the_same_unit_may_be_printed_in_the_other_order(code: str, forms: tuple[str, ...]) -> None:
    assert same_unit_forms(code) == forms


@settings(deadline=None)
@given(codes)
def test_the_other_order_leads_back(code: str) -> None:
    for form in same_unit_forms(code):
        assert same_unit_forms(form) == (code,)
        assert canonical(form) == form


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (f"TRACUU {NEW} AB12", "TRACUU   AB12"),
        (f"góp Ý về {OLD}: chậm", "góp Ý về  : chậm"),
        (f"{NEW}", " "),
        (f"{NEW} và {PITFALL}, nhé", "  và  , nhé"),
        ("hồ sơ 0001722H56-210531-0001 đâu", "hồ sơ   đâu"),
        ("OOO.17.22.H56-210531-OOO1 1234", "  1234"),
        (f"ŉ ﬁ {NEW} ŉ", "ʼn fi   ʼn"),
        (f"a\u200bb H56.\u200b14-240823-0001 c {LONG}d", f"ab   c {LONG}d"),
        ("1.005129 mang gì", "  mang gì"),
        ("Không có mã: ﬁ", "Không có mã: ﬁ"),
    ],
)
def test_what_is_left_of_a_text_without_its_codes_is_as_it_was_typed(text: str, rest: str) -> None:
    assert read_around(text).rest == rest


@given(st.text(max_size=60), st.sampled_from([NEW, OLD, LONG, "1.005129"]), st.text(max_size=60))
def test_whatever_stands_around_a_code_both_ways_of_reading_find_the_same(before: str, code: str, after: str) -> None:
    text = f"{before} {code} {after}"

    reading = read_around(text)

    assert list(reading.codes) == read_codes(text)


def test_a_text_that_is_cut_keeps_what_is_before_the_cut() -> None:
    text = f"{NEW} " + "x" * READ_LIMIT

    assert read_around(text).rest == "  " + "x" * (READ_LIMIT - len(NEW) - 1)
