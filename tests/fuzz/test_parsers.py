"""Whatever strangers write is read, or refused by the error that is documented: every kept input, and new ones."""

import os
import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutating import Edit, spoilt
from tests.fuzz.parser import CORPUS, Parser
from tests.fuzz.parsers import PARSERS

_EXAMPLES, _FEW = 80, 6
_CI = bool(os.environ.get("CI"))
_PUMPED = tuple(
    (b"", piece, end)
    for piece, end in (
        (b" ", b"x"), (b"0", b"!"), (b"a", b"\0"), (b"A.", b""), (b"-", b"1"), (b"\n", b""), (b"%", b""), (b'"', b""),
            (b"<", b""),
        (b"\xcc\x81", b""), (b"{", b""), (b"\xed\xa0\x80", b""),
    )
)  # fmt: skip
_SHORTEST_TIME = 0.02
"""Seconds of the process's time: below it nobody can tell how it grows."""


def each_of(*, slow: bool) -> list[str]:
    return [name for name, parser in PARSERS.items() if parser.is_slow is slow]


def inputs(parser: Parser) -> st.SearchStrategy[bytes]:
    """The kept ones, spoilt in several places; and some that are nothing at all."""
    pieces = st.binary(max_size=6) if not parser.words else st.sampled_from(parser.words) | st.binary(max_size=6)
    edits = st.builds(Edit, st.integers(0, 6), st.integers(0, 65_535), st.integers(0, 40), pieces)
    kept = st.builds(
        lambda seed, several: spoilt(seed, several, most=parser.most),
        st.sampled_from(parser.seeds()),
        st.lists(edits, max_size=6),
    )
    return kept | st.binary(max_size=200)


def test_every_parser_has_a_corpus_and_nothing_else_has() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(PARSERS)
    assert all(parser.seeds() for parser in PARSERS.values())


@pytest.mark.parametrize("name", PARSERS)
def test_what_was_kept_is_read_or_refused(name: str) -> None:
    parser = PARSERS[name]

    for raw in parser.seeds():
        parser.read(raw)


@pytest.mark.parametrize("name", PARSERS)
def test_whatever_comes_is_read_or_refused(name: str) -> None:
    parser = PARSERS[name]

    @settings(
        max_examples=_FEW if parser.is_slow else _EXAMPLES,
        deadline=None,
        derandomize=_CI,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(parser))
    def reads(raw: bytes) -> None:
        parser.read(raw)

    reads()


@pytest.mark.parametrize("name", each_of(slow=False))
def test_the_work_grows_as_the_input_does(name: str) -> None:
    """Twice as long may take twice as long, and some: four times would let one sender stop everybody else."""
    parser = PARSERS[name]
    for start, piece, end in (*parser.pumps, *_PUMPED):
        half, whole = (
            start + piece * ((size - len(start)) // len(piece)) + end for size in (parser.most // 2, parser.most)
        )
        took = _time_of(parser, whole)
        if took < _SHORTEST_TIME:
            continue
        before = min(_time_of(parser, half) for _ in range(3))
        took = min(took, *(_time_of(parser, whole) for _ in range(2)))

        assert took < _SHORTEST_TIME or took < 3.2 * before, f"{piece!r}: {before * 1000:.0f} → {took * 1000:.0f} ms"


def _time_of(parser: Parser, raw: bytes) -> float:
    began = time.process_time()
    parser.read(raw)
    return time.process_time() - began
