"""Spoils inputs: one edit after the other, at any place. The same edits for the suite and for hours."""

import random
from collections.abc import Sequence
from typing import NamedTuple


class Edit(NamedTuple):
    """One change."""

    kind: int
    """Which one, modulo their number."""
    at: int
    """Where, in 65,536ths of the length."""
    length: int
    """How many octets it concerns."""
    piece: bytes
    """What is put there."""


def spoilt(seed: bytes, edits: Sequence[Edit], *, most: int) -> bytes:
    """The seed after all edits, at most `most` octets."""
    octets = bytearray(seed)
    for edit in edits:
        at = edit.at * (len(octets) + 1) // 65_536
        until = min(len(octets), at + edit.length)
        match edit.kind % 7:
            case 0:
                octets[at:at] = edit.piece
            case 1:
                octets[at:until] = edit.piece
            case 2:
                del octets[at:until]
            case 3:
                octets[at:at] = octets[at:until] * 3
            case 4:
                octets[at:at] = edit.piece * (1 + edit.length * 4)
            case 5:
                octets[at:until] = bytes(each ^ (edit.length + 1 & 0xFF) for each in octets[at:until])
            case _:
                del octets[at:]
    return bytes(octets[:most])


def any_edits(rng: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> list[Edit]:
    """Some, most of them with words that the parser knows, or with a part of another input."""
    return [_any_edit(rng, words, others) for _ in range(rng.choice((0, 1, 1, 2, 3, 5, 9)))]


def _any_edit(rng: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> Edit:
    chance = rng.random()
    if words and chance < 0.6:
        piece = rng.choice(words)
    elif others and chance < 0.75:
        other = rng.choice(others)
        start = rng.randrange(len(other) + 1)
        piece = other[start : start + rng.randrange(64)]
    else:
        piece = rng.randbytes(rng.randrange(6))
    return Edit(rng.randrange(7), rng.randrange(65_536), rng.choice((0, 1, 1, 2, 4, 8, 40)), piece)
