"""Texts as HTML, read back by the simulator's parser, which knows nothing of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.channels.telegram.markup import codes_in, html_of
from adapters.simulators.telegram.entities import read_html

WILD = st.text(alphabet=st.sampled_from("<>&;\"'/ab#đ🙂 \nltgmpcode"), max_size=60)


@given(WILD)
def test_any_text_is_shown_as_it_was_written(text: str) -> None:
    assert read_html(html_of(text)) == (text, [])


@given(WILD, WILD)
def test_a_code_is_the_only_thing_that_is_marked(before: str, after: str) -> None:
    text = f"{before} H56.14-240823-0001 {after}"

    shown, entities = read_html(html_of(text))

    assert shown == text
    offset = len(f"{before} ".encode("utf-16-le")) // 2
    assert entities == [{"type": "code", "offset": offset, "length": 18}]


@pytest.mark.parametrize(
    "text",
    [
        "Hồ sơ H56.14-240823-0001.",
        "(000.17.22.H56-210531-0001)",
        "G09.20-20260609-0092637",
        "Mã:H15.50.05.13-261008-0975, xin",
    ],
)
def test_codes_are_found_as_they_are_printed(text: str) -> None:
    [(start, end)] = codes_in(text)

    assert text[start:end] in text.strip("().,:")


@pytest.mark.parametrize(
    "text",
    [
        "h56.14-240823-0001",
        "XH56.14-240823-0001",
        "H56.14-240823-0001-2",
        "H56.14-249923-0001",
        "https://motcua.vn/H56.14-240823-0001",
        "https://motcua.vn/?ma=H56.14-240823-0001",
        "000 00 12 H62",
        "1.005129",
        "0912345678",
    ],
)
def test_what_is_no_code_of_ours_or_part_of_a_link_is_left_alone(text: str) -> None:
    assert codes_in(text) == []
