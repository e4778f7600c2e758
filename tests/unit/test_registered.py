"""Registered templates and carriers: whether a text fits, and whose number it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.carrier import CARRIERS, carrier_named, hinted
from bot.model.registered import Pattern

PLACES = "Ho so {1} da duoc tiep nhan. Hen tra: {2}."


@pytest.mark.parametrize(
    ("pattern", "text", "values"),
    [
        (PLACES, "Ho so H56 da duoc tiep nhan. Hen tra: 1/2.", {1: "H56", 2: "1/2"}),
        (PLACES, "Ho so  da duoc tiep nhan. Hen tra: 1/2.", None),
        (PLACES, "Ho so H56 da duoc tiep nhan. Hen tra: .", None),
        (PLACES, "Ho so H56 da duoc tiep nhan. Hen tra: 1/2", None),
        ("{2} va {1}", "a va b va c", {2: "a", 1: "b va c"}),
        ("Ma {1}", "Ma x", {1: "x"}),
        ("{1}", "gi cung duoc", {1: "gi cung duoc"}),
        ("{1}", "", None),
        ("Khong co gi", "Khong co gi", {}),
        ("Khong co gi", "Khong co gi ca", None),
        ("A{1}A", "AA", None),
        ("A{1}A", "AAA", {1: "A"}),
    ],
)
def test_a_text_fits_where_every_value_has_its_place(pattern: str, text: str, values: dict[int, str] | None) -> None:
    assert Pattern(pattern).values(text) == values


@pytest.mark.parametrize("pattern", ["{1}{2}", "a {1} b {1}", "a {x} b", "a { b", "a } b", "{}"])
def test_a_pattern_that_cannot_be_read_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="value"):
        Pattern(pattern)


@given(st.lists(st.text("abc.", min_size=1, max_size=6), min_size=2, max_size=4))
def test_what_a_pattern_was_filled_with_fits_it_again(values: list[str]) -> None:
    text = "Kinh gui " + " |sep| ".join(values) + " het"
    pattern = Pattern("Kinh gui " + " |sep| ".join(f"{{{n}}}" for n in range(len(values))) + " het")

    assert pattern.values(text) == dict(enumerate(values))


def test_a_prefix_hints_at_the_carrier() -> None:
    assert [hinted(number) for number in ("+84961234567", "+84912345678", "+84901234567", "+84521234567")] == [
        "viettel",
        "vinaphone",
        "mobifone",
        "vietnamobile",
    ]
    assert hinted("+6591234567") == hinted("8041") == hinted("") == ""


@pytest.mark.parametrize(
    ("word", "carrier"),
    [("Viettel", "viettel"), ("VINA", "vinaphone"), ("Mobi", "mobifone"), ("Gtel", "gmobile"), ("Reddi", "wintel")],
)
def test_carriers_are_known_by_the_words_that_providers_use(word: str, carrier: str) -> None:
    assert carrier_named(word) == carrier
    assert carrier in CARRIERS
    assert carrier_named("Unicom") == ""
