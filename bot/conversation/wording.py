"""The words of words.toml, ready to be compared with what citizens type."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from bot.model.sms import nfc, unaccented

_WORD = re.compile(r"[^\W_]+")
_JOINED = 6
"""Letters from which on a group of words is also understood without its spaces."""
_WHOLE_TEXT = "*"

Phrase = tuple[str, ...]
"""Words in small letters without accents."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it was typed, or one of those that an abbreviation stands for."""

    plain: str
    """In small letters without accents."""
    start: int
    end: int
    """Where it stands in the text."""


@dataclass(frozen=True, slots=True)
class Group:
    """What words.toml says of a group of words."""

    intent: str
    most: int = 0
    first: bool = False
    anywhere: bool = False
    exact: bool = False
    code: bool | None = None
    in_dialogue: str = ""
    rest: str | None = None

    @property
    def takes_whole_text(self) -> bool:
        return self.rest == _WHOLE_TEXT


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one phrase means, if it is typed as its group asks."""

    group: Group
    accents: str
    """As the words are spelled."""


@dataclass(frozen=True, slots=True)
class Wording:
    meanings: Mapping[Phrase, Sequence[Meaning]]
    longest: int
    """Words of the longest phrase."""
    short: Mapping[str, Sequence[str]]
    yes: Mapping[Phrase, frozenset[str]]
    """With their accents; `ừ` and `u` are the same phrase."""
    no: frozenset[str]
    particles: frozenset[str]
    polite: frozenset[str]
    labels: frozenset[str]

    def words(self, text: str) -> list[Word]:
        """The words of a text that is in NFC, abbreviations written out."""
        return [
            Word(plain, match.start(), match.end())
            for match in _WORD.finditer(text)
            for plain in self.short.get(match[0].lower(), (_plain(match[0]),))
        ]


def plain_words(text: str) -> Phrase:
    """The words of a text that is in NFC, as they were typed, in small letters without accents."""
    return tuple(map(_plain, _WORD.findall(text)))


def accents(text: str) -> str:
    """The accents of a text, wherever they stand: those of `hủy` and `huỷ` are the same."""
    signs = unicodedata.normalize("NFD", text.lower())
    return "".join(sorted(sign for sign in signs if sign == "đ" or unicodedata.combining(sign)))


@cache
def wording() -> Wording:
    """The shipped words, read once. Raises ValueError where a key is unknown."""
    raw = tomllib.loads(nfc(files("bot.conversation").joinpath("words.toml").read_text(encoding="utf-8")))
    meanings: dict[Phrase, list[Meaning]] = {}
    for phrase, meaning in _meanings(raw["group"]):
        meanings.setdefault(phrase, []).append(meaning)
    return Wording(
        meanings=meanings,
        longest=max(map(len, meanings)),
        short={word: tuple(meant.split()) for word, meant in raw["short"].items()},
        yes=_spellings(raw["answers"]["yes"]),
        no=_single(raw["answers"]["no"]),
        particles=_single(raw["answers"]["particles"]),
        polite=_single(raw["noise"]["polite"]),
        labels=_single(raw["noise"]["labels"]),
    )


def _meanings(groups: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Phrase, Meaning]]:
    for raw in groups:
        group = Group(**{name: value for name, value in raw.items() if name != "words"})
        for words in raw["words"]:
            phrase = plain_words(words)
            meaning = Meaning(group, accents(words))
            yield phrase, meaning
            joined = "".join(phrase)
            if len(phrase) > 1 and len(joined) >= _JOINED:
                yield (joined,), meaning


def _spellings(phrases: Sequence[str]) -> dict[Phrase, frozenset[str]]:
    known: dict[Phrase, frozenset[str]] = {}
    for each in phrases:
        phrase = plain_words(each)
        known[phrase] = known.get(phrase, frozenset()) | {accents(each)}
    return known


def _single(words: Sequence[str]) -> frozenset[str]:
    return frozenset(plain for each in words for plain in plain_words(each))


def _plain(word: str) -> str:
    return unaccented(word).lower()
