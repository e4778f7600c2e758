"""How a code is understood that somebody typed: every way to read the digits around a unit, and which one counts.

A wrong code shows somebody else's dossier. So a part of a code must never pass for another code, two equally
good readings are none, and what was changed beyond typography is said.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bot.model.typed import Word, as_digits, digits_after, digits_before, glued_after, glued_before, real_digits

LONGEST_AGENCY = 35
"""QĐ 20/2020/QĐ-TTg article 4."""
_FIRST_YEAR = 2010
"""No code is older; it also tells a date from the first digits of a mobile number (03… to 09…)."""
_UNIT = re.compile(r"(?P<head>[0-9OIL]{0,7})(?P<unit>[A-Z][0-9OIL]{2})(?P<tail>[0-9OIL]{0,23})")
_DASHES = ("-", "_", "/")
DOTS = (".", "_")
"""`_` stands for a dot in Telegram's deep links, which know no dots."""
_BREAKS = (" ", "\n")
_MOST_WORDS = 12
_OLD_ORDER = (3, 2, 2)
"""Digits of the groups before the unit: V1V2V3.Z1Z2.Y1Y2."""


@dataclass(frozen=True, slots=True)
class TypedCode:
    code: str
    """Canonical."""
    repaired: bool
    after: int
    """Index of the first word that is not a part of it."""


@dataclass(frozen=True, slots=True)
class _Prefix:
    """The lower levels that stand before the unit in the old order."""

    groups: tuple[str, ...]
    repaired: bool


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to understand the digits that follow a unit, as they were typed."""

    groups: tuple[str, ...]
    day: str
    serial: str
    marks: tuple[str, str]
    """What stands for the two dashes; empty where nothing does."""
    missing: int
    """Separators that were not typed."""
    dotted: bool
    """Dots stand where the groups begin."""
    after: int

    @property
    def dashed(self) -> bool:
        return all(mark in _DASHES for mark in self.marks)

    @property
    def plausible(self) -> bool:
        return plausible_day(as_digits(self.day))


def plausible_day(day: str) -> bool:
    """YYMMDD or YYYYMMDD is a day of the calendar, in this century and no earlier than any code."""
    year = int(day[:-4]) + (2000 if len(day) == 6 else 0)
    try:
        return _FIRST_YEAR <= date(year, int(day[-4:-2]), int(day[-2:])).year < 2100
    except ValueError:
        return False


def dossier_at(words: list[Word], at: int, free: int) -> TypedCode | None:
    """The dossier code whose unit (`H56`) is the word `at`; words before `free` belong to other codes."""
    match = _UNIT.fullmatch(words[at].text)
    if match is None or not real_digits(match["unit"][1:]):
        return None
    prefix = _prefix(words, at, free, match["head"])
    if prefix is None and (match["head"] or glued_before(words, at, free)):
        return None
    may_stand_alone = not words[at].tight and not digits_before(words, at, free)
    readings = [
        reading
        for reading in _readings(words, at, match["tail"])
        if _sound(reading, words)
        and (not reading.groups if prefix else reading.groups or (may_stand_alone and reading.dashed))
    ]
    best = min(map(_doubt, readings), default=None)
    chosen = [reading for reading in readings if _doubt(reading) == best]
    return _typed(match["unit"], prefix, chosen[0], words) if len(chosen) == 1 else None


def _prefix(words: list[Word], at: int, free: int, head: str) -> _Prefix | None:
    """The groups of the old order before the unit; `head` are digits that the unit's own word begins with."""
    groups = [head] if head else []
    start = at
    while not (legal := _legal_prefix(groups, [word.mark for word in words[start + 1 : at + 1]])):
        if len(groups) >= len(_OLD_ORDER) or not digits_before(words, start, free):
            return None
        start -= 1
        groups.insert(0, words[start].text)
    spaced = any(word.mark in _BREAKS for word in words[start + 1 : at + 1])
    if glued_before(words, start, free) or (spaced and digits_before(words, start, free)):
        return None
    return legal


def _legal_prefix(groups: list[str], marks: list[str]) -> _Prefix | None:
    raw = "".join(groups)
    digits = as_digits(raw)
    dotted = len(marks) == len(groups) and all(mark in DOTS for mark in marks)
    widths = tuple(len(group) for group in groups)
    if widths == (3, 2) and dotted:
        # Seen as a variant; a group may be missing.
        return _Prefix((digits[:3], digits[3:]), repaired=True)
    ends = {sum(widths[:count]) for count in range(1, len(widths) + 1)}
    if len(digits) != sum(_OLD_ORDER) or not ends <= {3, 5, 7}:
        return None
    exact = widths == _OLD_ORDER and dotted and raw == digits
    return _Prefix((digits[:3], digits[3:5], digits[5:]), repaired=not exact)


def _readings(words: list[Word], at: int, tail: str) -> Iterator[_Reading]:
    """Every division of the digits after the unit that breaks wherever a separator was typed."""
    pieces = [Word(tail, "")] if tail else []
    for word in words[at + 1 : at + _MOST_WORDS]:
        if not word.joined or not word.like_digits:
            break
        pieces.append(word)
    shift = at + 1 - bool(tail)
    groups: tuple[str, ...] = ()
    dotted = True
    for index, piece in enumerate(pieces):
        for offset in range(0, min(len(piece.text), 9) if piece.mark in ("", *DOTS) else 1, 2):
            yield from _dated(pieces, index, offset, groups=groups, dotted=dotted, shift=shift)
        more = _groups(piece)
        if not more:
            return
        groups += more
        dotted = dotted and piece.mark in ("", *DOTS)


def _groups(piece: Word) -> tuple[str, ...]:
    """The lower levels that a whole piece can be: one of up to three digits, or pairs whose dots were left out."""
    if not piece.numeric:
        return ()
    if piece.mark and len(piece.text) <= 3:
        return (piece.text,)
    return _pairs(piece.text) if piece.mark in ("", ".") else ()


def _pairs(digits: str) -> tuple[str, ...]:
    return tuple(re.findall("..", digits)) if len(digits) % 2 == 0 and len(digits) <= 8 else ()


def _dated(
    pieces: list[Word], index: int, offset: int, *, groups: tuple[str, ...], dotted: bool, shift: int
) -> Iterator[_Reading]:
    """The readings in which the date begins `offset` digits inside the piece `index`."""
    piece = pieces[index]
    inner = _pairs(piece.text[:offset])
    for width in (6, 8):
        day, rest = piece.text[offset : offset + width], piece.text[offset + width :]
        last = index if rest else index + 1
        if len(day) < width or last == len(pieces):
            continue
        yield _Reading(
            groups=groups + inner,
            day=day,
            serial=rest or pieces[last].text,
            marks=("" if offset else piece.mark, "" if rest else pieces[last].mark),
            missing=len(groups + inner) + 2 - sum(bool(p.mark) for p in pieces[: last + 1]),
            dotted=dotted,
            after=shift + last + 1,
        )


def _sound(reading: _Reading, words: list[Word]) -> bool:
    if "," in reading.marks or glued_after(words, reading.after):
        return False
    if real_digits(reading.day) * 2 < len(reading.day) or not int(as_digits(reading.day)):
        return False
    if not reading.marks[1]:
        return _sound_unbroken(reading)
    if len(reading.serial) < 4:
        return _sound_short(reading)
    known = real_digits(reading.serial) > 0 or reading.marks[1] in _DASHES
    return len(reading.serial) <= 7 and known and (reading.plausible or reading.dashed)


def _sound_unbroken(reading: _Reading) -> bool:
    """Date and serial typed as one number, which after a mere space is more often a telephone number."""
    whole = as_digits(reading.day + reading.serial)
    if reading.marks[0] in _BREAKS or not 4 <= len(reading.serial) <= 7 or not reading.plausible:
        return False
    return len(reading.day) == 8 or not plausible_day(whole[:8])


def _sound_short(reading: _Reading) -> bool:
    """A serial without its leading zeros; one that has some was cut off at its end."""
    return (
        reading.marks[1] in _DASHES
        and len(reading.day) == 6
        and reading.plausible
        and real_digits(reading.serial) == len(reading.serial)
        and reading.serial[0] != "0"
    )


def _doubt(reading: _Reading) -> tuple[bool, bool]:
    return not reading.plausible, reading.missing > 0


def _typed(unit: str, prefix: _Prefix | None, reading: _Reading, words: list[Word]) -> TypedCode | None:
    before = prefix.groups if prefix else ()
    agency = ".".join([*before, unit[0] + as_digits(unit[1:]), *map(as_digits, reading.groups)])
    raw = unit[1:] + "".join(reading.groups) + reading.day + reading.serial
    spaced = reading.marks == (" ", " ") and not digits_after(words, reading.after)
    exact = (
        reading.plausible
        and not reading.missing
        and reading.dotted
        and (reading.dashed or spaced)
        and len(reading.serial) >= 4
        and raw == as_digits(raw)
        and (not prefix.repaired if prefix else bool(reading.groups))
    )
    if len(agency) > LONGEST_AGENCY:
        return None
    code = f"{agency}-{as_digits(reading.day)}-{as_digits(reading.serial).zfill(4)}"
    return TypedCode(code, repaired=not exact, after=reading.after)
