"""Cutting a text that is too long for one message."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.channels.telegram.pieces import pieces


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(st.text(alphabet=st.sampled_from("aạ🙂 \n\t"), max_size=80), st.integers(2, 20))
def test_every_piece_fits_and_nothing_but_white_space_is_lost(text: str, longest: int) -> None:
    cut = pieces(text, longest)

    assert all(0 < units(piece) <= longest for piece in cut)
    assert all(piece == piece.strip() for piece in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())


@given(st.text(max_size=60), st.integers(2, 10))
def test_any_unicode_can_be_cut(text: str, longest: int) -> None:
    assert "".join("".join(pieces(text, longest)).split()) == "".join(text.split())


def test_a_text_that_fits_is_left_as_it_is() -> None:
    assert pieces("Một\n\n  cửa") == ["Một\n\n  cửa"]
    assert pieces("🙂" * 2048) == ["🙂" * 2048]


def test_line_ends_come_before_spaces_and_words_stay_whole() -> None:
    assert pieces("hồ sơ một\ncửa hai ba", 14) == ["hồ sơ một", "cửa hai ba"]
    assert pieces("a\nmột hai ba bốn", 10) == ["a\nmột hai", "ba bốn"]
    assert pieces("nghiêngngả", 4) == ["nghi", "êngn", "gả"]


@given(st.integers(0, 60), st.integers(0, 40))
def test_a_code_is_never_cut_in_two(before: int, after: int) -> None:
    code = "H56.14-240823-0001"
    text = f"{'đ' * before};{code};{'x' * after}"

    cut = pieces(text, 20)

    assert "".join(cut) == text
    assert sum(code in piece for piece in cut) == 1
