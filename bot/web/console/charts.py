"""Bars as SVG: shares of a whole a line, with their words and numbers beside the colours; to be read in grey, too."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bot.web.console.show import number

_WIDTH = 420
_BAR = 14
_LINE = 46
_LEGEND = 20
_SHADES = (("#0b5a5e", "#0b5a5e"), ("#7fb8b4", "#0b5a5e"), ("#ffffff", "#b3261e"), ("#c6d1cf", "#4a5a58"))
"""Fill and edge, from dark to light: what is wrong is the white one with a red edge and lines across it."""
_HATCHED = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a chart."""

    label: str
    parts: Sequence[int]
    """In the order of the chart's words."""


def bars(title: str, words: Sequence[str], lines: Sequence[Bar], *, name: str) -> Markup:
    """A stacked bar a line, each of the width of its share of the longest. `name` makes its ids unique on a page."""
    most = max((sum(line.parts) for line in lines), default=0) or 1
    top = _LEGEND * ((len(words) + 1) // 2) + 8
    height = top + _LINE * len(lines)
    drawn = [_legend(words, name), *(_line(line, words, top + _LINE * n, most, name) for n, line in enumerate(lines))]
    said = "; ".join(f"{line.label}: {_said(line.parts, words)}" for line in lines)
    return Markup(
        '<svg class="chart narrow" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-desc" font-size="12"'
        ' fill="#16211f"><title id="{}-title">{}</title><desc id="{}-desc">{}</desc>{}{}</svg>'
    ).format(_WIDTH, height, name, name, name, title, name, said, _hatching(name), Markup("").join(drawn))


def _said(parts: Sequence[int], words: Sequence[str]) -> str:
    return ", ".join(f"{word} {number(many)}" for word, many in zip(words, parts, strict=True))


def _hatching(name: str) -> Markup:
    return Markup(
        '<defs><pattern id="{}-lines" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="5" height="5" fill="#ffffff"/><rect width="2" height="5" fill="#b3261e"/></pattern></defs>'
    ).format(name)


def _legend(words: Sequence[str], name: str) -> Markup:
    keys = []
    for n, word in enumerate(words):
        x, y = (n % 2) * _WIDTH // 2, (n // 2) * _LEGEND
        keys.append(
            _box(n, name, x, y + 3, 14, 12) + Markup('<text x="{}" y="{}">{}</text>').format(x + 20, y + 14, word)
        )
    return Markup("").join(keys)


def _line(line: Bar, words: Sequence[str], y: int, most: int, name: str) -> Markup:
    shown = Markup('<text x="0" y="{}" font-weight="700">{}</text>').format(y + 12, line.label)
    figures = " · ".join(number(many) for many in line.parts)
    shown += Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(_WIDTH, y + 12, figures)
    x = 0.0
    for n, many in enumerate(line.parts):
        width = _WIDTH * many / most
        if many:
            shown += _box(n, name, round(x, 1), y + 18, max(round(width, 1), 1.5), _BAR)
        x += width
    return shown


def _box(n: int, name: str, x: float, y: float, width: float, height: float) -> Markup:
    fill, edge = _SHADES[n % len(_SHADES)]
    fill = f"url(#{name}-lines)" if n == _HATCHED else fill
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="{}" stroke-width="1"/>').format(
        x, y, width, height, fill, edge
    )
