"""Shares as people read them: `64,12%`, with a comma and no space before the sign, as offices write."""

from math import floor


def percent(part: float, whole: float, places: int = 2) -> str:
    """Of a whole, with so many places: `64,12%`; a dash of nothing."""
    return _said(f"{100 * part / whole:.{places}f}") if whole else "–"


def percentage(value: float, places: int | None = None) -> str:
    """What is in hundredths already: `99,85%`, whole ones without a comma. Without `places` never rounded up to what
    was not reached."""
    return _said(f"{floor(value * 100) / 100:g}" if places is None else f"{value:.{places}f}")


def _said(figure: str) -> str:
    return f"{figure}%".replace(".", ",")
