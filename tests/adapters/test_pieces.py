"""Cutting a text that is too long for one message of a chat."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.pieces import pieces


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(st.text(alphabet=st.sampled_from("aạ🙂 \n\t\ud83d\ude42"), max_size=80), st.integers(2, 20))
def test_every_piece_fits_and_nothing_but_white_space_is_lost(text: str, longest: int) -> None:
    cut = pieces(text, longest)

    assert all(0 < units(piece) <= longest for piece in cut)
    assert all(piece == piece.strip() for piece in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())


def test_texts_are_cut_where_it_disturbs_least() -> None:
    assert pieces(" \n ", 10) == []
    assert pieces("  một  ", 10) == ["một"]
    assert pieces("một hai\nba bốn", 10) == ["một hai", "ba bốn"]
    assert pieces("một hai ba bốn", 10) == ["một hai ba", "bốn"]
    assert pieces("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    assert pieces("a\n" + "b " * 10, 12) == ["a\nb b b b b", "b b b b b"]
    assert pieces("🙂" * 3, 5) == ["🙂🙂", "🙂"]


def test_a_cut_through_a_word_may_be_made_elsewhere_and_only_that_one() -> None:
    assert pieces("một hai-ba-bốn", 8, instead=lambda text, cut: text.rfind("-", 0, cut) + 1 or cut) == [
        "một", "hai-ba-", "bốn",
    ]  # fmt: skip
