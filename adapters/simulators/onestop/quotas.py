"""Shares kept by counting instead of by luck: even a few hundred dossiers have all the kinds that they should."""

from collections.abc import Sequence
from math import floor


class Quota:
    """Says yes to `share` of all questions, evenly spread; the first yes comes early."""

    def __init__(self, share: float, *, phase: float = 0.9) -> None:
        """`phase` (0 up to, not including, 1): how near the first yes is."""
        self._share = share
        self._sum = phase

    def ask(self) -> bool:
        before = floor(self._sum)
        self._sum += self._share
        return floor(self._sum) > before


class Turns:
    """Gives turns to several kinds in proportion to their weights: never more than one turn off."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = [weight / sum(weights) for weight in weights]
        self._credit = [0.0] * len(weights)

    def take(self) -> int:
        """The kind whose turn it is, by its position."""
        self._credit = [credit + weight for credit, weight in zip(self._credit, self._weights, strict=True)]
        turn = max(range(len(self._credit)), key=self._credit.__getitem__)
        self._credit[turn] -= 1
        return turn
