"""What somebody typed, as words of letters and digits with the gaps between them."""

import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_LIKE_DIGITS = frozenset("0123456789OIL")
_LOOK_ALIKE = str.maketrans("OIL", "011")
_TYPESET = str.maketrans(dict.fromkeys("‐‑‒–—―−⁃˗﹘", "-") | dict.fromkeys("·∙•。", "."))
_SEPARATORS = (".", "-", "_", "/", ",")


@dataclass(frozen=True, slots=True)
class Word:
    """Letters and digits without a gap, upper case, and how the gap before them looks."""

    text: str
    mark: str
    """The separator in the gap: one of `.-_/,`, a space, a line break, or `#` where one cannot read on."""
    tight: bool = False
    """No space between a separator and this word, whatever else is in the gap."""
    close: bool = False
    """No space in the gap at all."""

    @property
    def joined(self) -> bool:
        """One could read on from the word before."""
        return self.mark != "#"

    @property
    def like_digits(self) -> bool:
        """Digits or letters that pass for them; also a word that happens to be spelled with O, I and L."""
        return _LIKE_DIGITS.issuperset(self.text)

    @property
    def numeric(self) -> bool:
        """Surely meant as digits."""
        return self.like_digits and (real_digits(self.text) > 0 or set(self.text) == {"O"})

    @property
    def ends_in_digit(self) -> bool:
        return self.numeric or self.text[-1] in "0123456789"


def typeset(text: str) -> str:
    """Compatibility forms, look-alike dashes and dots, and invisible characters brought to plain upper case."""
    if text.isascii():
        return text.upper()
    plain = unicodedata.normalize("NFKC", text).translate(_TYPESET).upper()
    return plain if plain.isascii() else "".join(c for c in plain if unicodedata.category(c) != "Cf")


def words_of(text: str) -> list[Word]:
    """The words of `text`, typeset. The gap before the first one is a space's worth if there is none."""
    plain, end, words = typeset(text), 0, []
    for match in _WORD.finditer(plain):
        words.append(_word(match[0], plain[end : match.start()]))
        end = match.end()
    return words


def as_digits(text: str) -> str:
    """O read as 0, I and L as 1."""
    return text.translate(_LOOK_ALIKE)


def real_digits(text: str) -> int:
    """How many characters are digits as they stand."""
    return sum(map(text.count, "0123456789"))


def digits_before(words: list[Word], at: int, free: int) -> bool:
    """One could read the word `at` as going on from digits; words before `free` do not count."""
    return at > free and words[at].joined and words[at - 1].numeric


def digits_after(words: list[Word], after: int) -> bool:
    """One could read on from the word before `after` to digits."""
    return after < len(words) and words[after].joined and words[after].numeric


def glued_before(words: list[Word], at: int, free: int) -> bool:
    """The word `at` follows a digit with a separator but without a space."""
    word = words[at]
    return at > free and word.joined and word.close and words[at - 1].ends_in_digit


def glued_after(words: list[Word], after: int) -> bool:
    """A digit follows the word before `after` with a separator but without a space."""
    if after >= len(words):
        return False
    word = words[after]
    return word.close and word.mark in (".", "-", "_", "/") and (word.numeric or word.text[0] in "0123456789")


def _word(text: str, gap: str) -> Word:
    return Word(text, *(_COMMON.get(gap) or _looks_of(gap)))


def _looks_of(gap: str) -> tuple[str, bool, bool]:
    """`Word.mark`, `Word.tight` and `Word.close` of the word behind it."""
    core = "".join(gap.split())
    if not core:
        mark = "\n" if len(f"{gap}.".splitlines()) > 1 else " "
    elif core in _SEPARATORS and (core != "," or gap == ","):
        mark = core
    else:
        mark = "-" if core == "--" else "#"
    return mark, gap.endswith(_SEPARATORS), gap == core


_COMMON = {gap: _looks_of(gap) for gap in ("", " ", ".", "-", "; ", ", ", ": ")}
"""Of nearly all gaps."""
