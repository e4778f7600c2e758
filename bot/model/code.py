"""Dossier codes: read from what citizens type, printed in the form that the one-stop software prints.

The shape: TT 01/2018/TT-VPCP article 19 (`000.17.22.H56-210531-0001`, the unit from its lowest level to its
highest), QĐ 20/2020/QĐ-TTg article 4 (`H56.14-240823-0001`, highest first), and the ministries' longer dates and
serials (`G09.20-20260609-0092637`).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.model.typed import Word, as_digits, glued_after, glued_before, typeset, words_of
from bot.model.typed_code import DOTS, LONGEST_AGENCY, TypedCode, dossier_at, plausible_day

READ_LIMIT = 4_000
"""Characters of a text that are read; a code that this cuts is no code. Work is linear in it."""
_LONGEST_FIELD = 200
"""Characters; a code has at most 52."""

_CODE = re.compile(
    r"(?P<agency>[A-Z][0-9]{2}(?:\.[0-9]{1,3})*|[0-9]{3}(?:\.[0-9]{2}){1,2}\.[A-Z][0-9]{2})"
    r"-(?P<day>[0-9]{8}|[0-9]{6})-(?P<serial>[0-9]{4,7})"
)
_WORD = re.compile(r"[^\W_]+")
_PROCEDURE = re.compile(
    r"(?P<digits>[1-9IL]\.[0-9OIL]{6}(?:\.[0-9OIL]{3}\.[0-9OIL]{2}\.[0-9OIL]{2}\.(?=[A-Z]))?)(?P<unit>[A-Z][0-9OIL]{2})?"
)


@dataclass(frozen=True, slots=True)
class Found:
    code: str
    """Canonical: upper case, dots inside the agency id in the order typed, dashes between the three parts."""
    kind: Literal["dossier", "procedure"]
    repaired: bool
    """More than typography was changed, or a part may be missing: ask the citizen whether this is meant."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a text, and what stands around it."""

    codes: tuple[Found, ...]
    """In order of appearance, each once."""
    rest: str = field(repr=False)
    """The text with a space in the place of each code, letters and accents as they were typed. Where there is a code,
    compatibility forms are plain letters; what is behind `READ_LIMIT` is missing."""


@dataclass(frozen=True, slots=True)
class _Sighting:
    """A code, and which of the text's words it is made of."""

    found: Found
    start: int
    after: int


def read_codes(text: str) -> list[Found]:
    """The codes in a citizen's message, in order of appearance, each once.

    Not a repair: case, spaces around separators, any dash, `_` or `/` for the dash, two spaces for the two
    dashes (but not one), `_` for a dot. A repair: O for 0 and I or l for 1, any other wrong or missing
    separator, dropped zeros before a short serial, a date that no calendar has, and an agency id of the first
    level alone (`H62-201105-0004`), because that is also what remains of `000.00.12.H62-201105-0004`.
    The date 000000 of forms' placeholders, and a code that more letters or digits adjoin, are no codes.
    """
    return _each_once(_sightings(text))


def read_around(text: str) -> Reading:
    """The codes of `read_codes`, and the text around them. Linear in the text."""
    sightings = list(_sightings(text))
    left = text[:READ_LIMIT]
    return Reading(tuple(_each_once(sightings)), _without(left, sightings) if sightings else left)


def _sightings(text: str) -> Iterator[_Sighting]:
    # Zeros in place of the rest: a code cut by the limit then has too many digits instead of too few.
    words = words_of(text if len(text) <= READ_LIMIT else text[:READ_LIMIT] + "0" * 40)
    free = 0
    for at in range(len(words)):
        if at < free:
            continue
        kind: Literal["dossier", "procedure"] = "dossier"
        typed = dossier_at(words, at, free)
        if typed is None:
            kind, typed = "procedure", _procedure_at(words, at, free)
        if typed is None:
            continue
        start = _start(typed.code, words, at, free) if kind == "dossier" else at
        free = typed.after
        yield _Sighting(Found(typed.code, kind, typed.repaired), start, free)


def _each_once(sightings: Iterable[_Sighting]) -> list[Found]:
    found: dict[str, Found] = {}
    for each in (sighting.found for sighting in sightings):
        known = found.setdefault(each.code, each)
        found[each.code] = replace(known, repaired=known.repaired and each.repaired)
    return list(found.values())


def _start(code: str, words: list[Word], at: int, free: int) -> int:
    """The first word of a code whose unit is in the word `at`: the old order has digits before it."""
    groups = code.partition("-")[0].split(".")
    unit = next(group for group in groups if group[0].isalpha())
    missing = sum(map(len, groups[: groups.index(unit)])) - words[at].text.find(unit[0])
    while missing > 0 and at > free:
        at -= 1
        missing -= len(words[at].text)
    return at


def _without(text: str, sightings: Iterable[_Sighting]) -> str:
    """`text` without the words of the sightings."""
    spelled, spans = (text, [match.span() for match in _WORD.finditer(text)]) if text.isascii() else _spelled(text)
    left, end = [], 0
    for each in sightings:
        left.append(spelled[end : spans[each.start][0]])
        end = spans[min(each.after, len(spans)) - 1][1]
    return " ".join([*left, spelled[end:]])


def _spelled(text: str) -> tuple[str, list[tuple[int, int]]]:
    """`text` in plain forms, and where in it the words are."""
    spelled = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    # Upper case, in which words are counted, is longer for some letters: ŉ becomes ʼN.
    places = [place for place, char in enumerate(spelled) for _ in char.upper()]
    return spelled, [(places[match.start()], places[match.end() - 1] + 1) for match in _WORD.finditer(typeset(text))]


def canonical(text: str) -> str | None:
    """The one dossier code that a field of an export holds, else None.

    Only case, spaces and the kind of dash are forgiven: what an export says otherwise is not ours to guess.
    """
    if len(text) > _LONGEST_FIELD:
        return None
    match = _CODE.fullmatch(re.sub(r"\s*([.-])\s*", r"\1", typeset(text).strip()))
    if match is None or len(match["agency"]) > LONGEST_AGENCY or not plausible_day(match["day"]):
        return None
    return match[0]


def same_unit_forms(code: str) -> tuple[str, ...]:
    """Other printed forms of a canonical `code`: the same unit in the other order, the same date and serial.

    `000.00.14.H56` is `H56.14`, `000.17.22.H56` is `H56.22.17`, and back. Empty where the two orders do not
    correspond without a guess: a filled first group, groups that are not two digits, a level left out.
    """
    match = _CODE.fullmatch(code)
    if match is None:
        return ()
    agency = _other_order(match["agency"].split("."))
    return (f"{agency}-{match['day']}-{match['serial']}",) if agency else ()


def _procedure_at(words: list[Word], at: int, free: int) -> TypedCode | None:
    """The procedure code (mã TTHC: `1.005129`, `3.000181.000.00.00.H22`) that begins with the word `at`."""
    dotted = [words[at].text]
    for word in words[at + 1 : at + 6]:
        if not word.close or word.mark not in DOTS:
            break
        dotted.append(word.text)
    for texts in (dotted, dotted[:2]):
        match = _PROCEDURE.fullmatch(".".join(texts))
        after = at + len(texts)
        if match and not glued_before(words, at, free) and not glued_after(words, after):
            unit = match["unit"] or ""
            code = as_digits(match["digits"]) + unit[:1] + as_digits(unit[1:])
            return TypedCode(code, repaired=code != match[0], after=after)
    return None


def _other_order(groups: list[str]) -> str | None:
    if groups[0][0].isalpha():
        unit, *lower = groups
        if len(lower) > 2 or any(len(group) != 2 or group == "00" for group in lower):
            return None
        return ".".join(["000", *["00"] * (2 - len(lower)), *reversed(lower), unit])
    match groups:
        case ["000", "00", "00", unit]:
            return unit
        case ["000", "00", upper, unit]:
            return f"{unit}.{upper}"
        case ["000", lowest, upper, unit] if upper != "00":
            return f"{unit}.{upper}.{lowest}"
    return None
