"""Telephone numbers in every dress that forms and spreadsheets give them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.phone import Phone, parse_phone

MOBILE = Phone("+84912345678", "mobile")
OTHER = Phone("+84983111222", "mobile")
LANDLINE = Phone("+842438225555", "landline")

subscribers = st.from_regex(r"[35789][0-9]{8}", fullmatch=True).filter(str.isascii)
trunks = st.sampled_from(["0", "84", "+84", "0084", "+84 ", "(+84) ", "84-", "0084.", "+84 (0)", "+840", "'0", ""])
gaps = st.sampled_from(["", " ", ".", "-", "  ", " - ", "\u00a0", "–", ") "])


@pytest.mark.parametrize(
    "text",
    [
        "0912345678",
        "84912345678",
        "+84912345678",
        "0084912345678",
        "0912 345 678",
        "0912.345.678",
        "0912-345-678",
        "091 234 56 78",
        "(0912) 345 678",
        "(+84) 912 345 678",
        "+84 (0)912 345 678",
        "+0912345678",
        " 0912345678\n",
        "０９１２３４５６７８",
        "0912–345–678",
        "0912\u00a0345\u200b678",
        "912345678.0",
        "912345678",
        "84912345678.0",
        "0912345678.00",
        "'0912345678",
        '"0912345678"',
        "ĐT: 0912345678",
        "0912345678 (mẹ)",
        "0912345678.",
    ],
)
def test_one_mobile_number_in_many_dresses(text: str) -> None:
    assert parse_phone(text) == MOBILE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0162", "032"),
        ("0163", "033"),
        ("0164", "034"),
        ("0165", "035"),
        ("0166", "036"),
        ("0167", "037"),
        ("0168", "038"),
        ("0169", "039"),
        ("0120", "070"),
        ("0121", "079"),
        ("0122", "077"),
        ("0126", "076"),
        ("0128", "078"),
        ("0123", "083"),
        ("0124", "084"),
        ("0125", "085"),
        ("0127", "081"),
        ("0129", "082"),
        ("0186", "056"),
        ("0188", "058"),
        ("0199", "059"),
    ],
)
def test_a_number_of_before_2018_is_renumbered(old: str, new: str) -> None:
    expected = Phone(f"+84{new[1:]}1234567", "mobile")

    assert parse_phone(f"{old}1234567") == expected
    assert parse_phone(f"+84 {old[1:]} 123 4567") == expected
    assert parse_phone(f"{old[1:]}1234567.0") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0912345678 / 0983111222", MOBILE),
        ("0912345678/0983111222", MOBILE),
        ("0912345678, 0983111222", MOBILE),
        ("0912345678; 0983111222", MOBILE),
        ("0912345678\n0983111222", MOBILE),
        ("0912345678 - 0983111222", MOBILE),
        ("0912345678 0983111222", MOBILE),
        ("0912 345 678 0983 111 222", MOBILE),
        ("0912345678 hoặc 0983111222", MOBILE),
        ("024 3822 5555 - 0912.345.678", MOBILE),
        ("+442079460958 / 0912345678", MOBILE),
        ("không có / 0983111222", OTHER),
        ("091234567 / 0983111222", OTHER),
        ("02438225555 / +442079460958", LANDLINE),
    ],
)
def test_of_two_numbers_the_first_mobile_one_counts(text: str, expected: Phone) -> None:
    assert parse_phone(text) == expected


@pytest.mark.parametrize(
    ("text", "e164", "kind"),
    [
        ("024 3822 5555", "+842438225555", "landline"),
        ("(028) 3829 5678", "+842838295678", "landline"),
        ("0258.3822.229", "+842583822229", "landline"),
        ("+84 24 3822 5555", "+842438225555", "landline"),
        ("2438225555", "+842438225555", "landline"),
        ("+86 138 0013 8000", "+8613800138000", "foreign"),
        ("0086 138 0013 8000", "+8613800138000", "foreign"),
        ("+44 20 7946 0958", "+442079460958", "foreign"),
        ("+1 (202) 555-0123", "+12025550123", "foreign"),
        ("+856 20 5555 1234", "+8562055551234", "foreign"),
    ],
)
def test_landlines_and_foreign_numbers_are_told_apart(text: str, e164: str, kind: str) -> None:
    phone = parse_phone(text)

    assert phone is not None
    assert (phone.e164, phone.kind) == (e164, kind)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "không có",
        "0",
        "0000000000",
        "091234567",
        "09123456789",
        "0112345678",
        "0412345678",
        "0612345678",
        "01101234567",
        "01611234567",
        "02412345",
        "079201001234",
        "0912345678a",
        "a0912345678",
        "0912345678@example.vn",
        "0912345678 9",
        "19001234",
        "113",
        "+999123456789",
        "+84 412 345 678",
        "0912x345x678",
        "31/12/2026",
        "H56.14-240823-0001",
        "000.17.22.H56-210531-0001",
        "9.12E+08",
        "\x00",
        "٠٩١٢٣٤٥٦٧٨",
        "0912345678 " + "x" * 500,
        "0" * 10_000,
    ],
)
def test_what_is_not_exactly_a_number_is_none(text: str) -> None:
    assert parse_phone(text) is None


@settings(deadline=None)
@given(subscribers, trunks, st.data())
def test_every_formatting_of_a_mobile_number_is_the_same_number(
    subscriber: str, trunk: str, data: st.DataObject
) -> None:
    cut = sorted(data.draw(st.lists(st.integers(1, 8), max_size=3, unique=True)))
    groups = [subscriber[start:end] for start, end in zip([0, *cut], [*cut, None], strict=True)]
    typed = groups[0] + "".join(data.draw(gaps) + group for group in groups[1:])

    assert parse_phone(f" {trunk}{typed} ") == Phone(f"+84{subscriber}", "mobile")


@settings(deadline=None)
@given(
    st.text(st.characters(), max_size=200)
    | st.text(st.sampled_from("0123456789+ .-()/,;'"), max_size=200)
    | st.lists(st.sampled_from(["0912345678", "84", "+", "00", "0243", " ", "/", "-"]), max_size=20).map("".join)
)
def test_no_text_breaks_the_parser_and_e164_is_stable(text: str) -> None:
    phone = parse_phone(text)

    assert phone is None or parse_phone(phone.e164) == phone


@given(st.from_regex(r"[+]?[0-9]{8,12}", fullmatch=True).filter(str.isascii))
def test_the_quick_way_for_what_needs_no_looking_at_says_the_same_as_the_long_one(number: str) -> None:
    assert parse_phone(number) == parse_phone(f" {number}")
