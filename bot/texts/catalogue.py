"""Loads the words, checks them, and renders one of them for a channel."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Self

from jinja2 import Template

from bot.model.clock import VIETNAM
from bot.model.dossier import Status
from bot.model.message import Situation
from bot.model.sms import nfc, segment, unaccented
from bot.model.wording import Wording
from bot.texts.filling import Fillable, fillable
from bot.texts.reading import read
from bot.texts.syntax import Empty, MissingValueError, compiled

LANGUAGES = ("vi", "en")
Values = Mapping[str, str]

LONGEST_VALUE = 500
"""Characters of one value that a message may carry: an export can hold a whole letter in one cell."""

SMS_PARTS = 2
"""Most parts that one SMS text may take."""

ACCENTED_PARTS = 4
"""The same with accents, where a part holds less than half as much."""

_SHORTEST = 12
_ELLIPSIS = "..."
_CLOCK = "%H:%M %d/%m/%Y"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished text: NFC, and the number of SMS parts that it takes (1 on chats)."""

    text: str = field(repr=False)
    parts: int
    shortened: frozenset[str] = frozenset()
    """Flexible values that had to give way."""
    is_cut: bool = False
    """They were not enough: the end of the text is missing."""


@dataclass(frozen=True, slots=True)
class _Message:
    chat: Fillable
    sms: Fillable
    accented: Fillable
    """For SMS that keep their accents."""
    required: tuple[str, ...]
    flexible: tuple[str, ...]
    names: frozenset[str] | None
    """All values that it uses, where a missing one must refuse the message; None for replies, which go out anyway."""

    @classmethod
    def of(cls, wording: Wording, *, is_pushed: bool = True) -> Self:
        """Raises `TextRefused`."""
        bodies = {field: nfc(body.strip()) for field, body in wording.bodies.items()}
        names = frozenset[str]().union(*(read(body).names for body in bodies.values())) if is_pushed else None
        made = {field: fillable(body) for field, body in bodies.items()}
        accented = made.get("sms_accented", made["sms"])
        return cls(made["chat"], made["sms"], accented, wording.required, wording.flexible, names)

    def filling(self, values: Values) -> dict[str, str]:
        """The values as a text shows them; of a pushed one those that are not known by their names. Raises
        `MissingValueError`."""
        clean = {name: _clip(_tidy(value), LONGEST_VALUE) for name, value in values.items()}
        if self.names is not None:
            clean |= {name: Empty(name) for name in self.names if not clean.get(name)}
        for required in self.required:
            if not clean.get(required):
                raise MissingValueError(required)
        return clean

    def for_chat(self, filling: Values) -> Rendered:
        return Rendered(nfc(self.chat.render(filling)), 1)

    def for_sms(self, filling: Values, *, accented: bool) -> Rendered:
        if accented:
            return _fitted(self.accented, self.flexible, filling, nfc, ACCENTED_PARTS)
        return _fitted(self.sms, self.flexible, filling, unaccented, SMS_PARTS)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The words of one language."""

    language: str
    messages: Mapping[str, _Message] = field(repr=False)
    statuses: Mapping[int, Template] = field(repr=False)
    labels: Mapping[int, str] = field(repr=False)
    """Statuses in at most 30 characters, for templates with narrow fields."""
    buttons: Mapping[str, str] = field(repr=False)
    """Labels of options, at most 30 characters."""

    @classmethod
    @cache
    def load(cls, language: str) -> Self:
        """The shipped words of `vi` or `en`; compiled once."""
        raw = read_words(language)
        messages = {
            f"{family}.{name}": _Message.of(wording_of(entry), is_pushed=family == "push")
            for family in ("push", "reply")
            for name, entry in raw[family].items()
        }
        statuses = {int(number): compiled(nfc(text)) for number, text in raw["status"].items()}
        labels = {int(number): nfc(text) for number, text in raw["label"].items()}
        return cls(language, messages, statuses, labels, {name: nfc(text) for name, text in raw["button"].items()})

    def over(self, texts: Mapping[Situation, Wording]) -> Self:
        """These words with an office's own `texts` in place of those that they replace. Raises `TextRefused`."""
        own = {f"push.{situation}": _Message.of(wording) for situation, wording in texts.items()}
        return replace(self, messages={**self.messages, **own})

    def status(self, status: Status, status_text: str = "") -> str:
        """A status in the citizen's words; an unknown one is "in progress (the source's own word)"."""
        return self.statuses[status].render(status_text=_clip(status_text, 60))

    def render(self, name: str, values: Values, *, plain: bool, accented: bool = False) -> Rendered:
        """The message `push.<situation>` or `reply.<name>` for a chat, or for SMS where `plain`; there without accents
        unless `accented`.

        Raises `MissingValueError` when a required value is empty, or one that a push shows without asking whether it is
        there. An SMS never takes more than `SMS_PARTS` (`ACCENTED_PARTS`): first the flexible values are shortened,
        visibly.
        """
        message = self.messages[name]
        filling = message.filling(values)
        return message.for_sms(filling, accented=accented) if plain else message.for_chat(filling)

    def for_both(self, name: str, values: Values, *, accented: bool) -> tuple[Rendered, Rendered]:
        """The message for a chat and for SMS, as `render` makes them one by one."""
        message = self.messages[name]
        filling = message.filling(values)
        sms = message.for_sms(filling, accented=accented)
        return message.for_chat(filling), sms


def wording_of(entry: Mapping[str, Any]) -> Wording:
    """A shipped text, as it stands in its file."""
    return Wording(
        chat=entry["chat"].strip(),
        sms=entry["sms"].strip(),
        sms_accented=entry.get("sms_accented", "").strip(),
        required=tuple(entry.get("required", ())),
        flexible=tuple(entry["flexible"]),
    )


@cache
def shipped(language: str) -> Mapping[Situation, Wording]:
    """The words that come with the service, of every situation that is pushed."""
    return {Situation(name): wording_of(entry) for name, entry in read_words(language)["push"].items()}


def read_words(language: str) -> dict[str, Any]:
    """The tables of all files of a language, laid together. Raises ValueError for a name that stands in two files."""
    words: dict[str, Any] = {}
    for file in sorted(files("bot.texts").joinpath(language).iterdir(), key=lambda file: file.name):
        for family, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
            family_words = words.setdefault(family, {})
            if twice := family_words.keys() & entries.keys():
                raise ValueError(f"{file.name}: {family}.{', '.join(sorted(twice))} stands in another file too")
            family_words.update(entries)
    return words


def show_moment(moment: datetime | None) -> str:
    """A time as citizens read it: `16:30 30/08/2024` in Vietnam; empty for none."""
    return "" if moment is None else moment.astimezone(VIETNAM).strftime(_CLOCK)


def _tidy(value: str) -> str:
    """One line, one space between words, no full stop at the end: the template sets it."""
    return nfc(" ".join(value.split())).rstrip(".;, ")


def _clip(value: str, longest: int) -> str:
    return value if len(value) <= longest else value[: longest - len(_ELLIPSIS)].rstrip() + _ELLIPSIS


def _fitted(
    template: Fillable, flexible: Sequence[str], values: Values, lettering: Callable[[str], str], most: int
) -> Rendered:
    shortened = set[str]()
    while True:
        segmented = segment(lettering(template.render(values)))
        if len(segmented.parts) <= most:
            return Rendered(segmented.text, len(segmented.parts), frozenset(shortened))
        longest, *others = sorted(flexible, key=lambda name: -len(values.get(name, ""))) or [""]
        if len(values.get(longest, "")) <= _SHORTEST:
            cut = "".join(segmented.parts[:most])
            text = segment(cut[: -len(_ELLIPSIS)].rstrip() + _ELLIPSIS).text
            return Rendered(text, most, frozenset(shortened), is_cut=True)
        shortened.add(longest)
        excess = sum(map(len, segmented.parts[most:])) + len(_ELLIPSIS)
        room = _room(len(values[longest]), excess, values, others)
        values = {**values, longest: _clip(values[longest], room)}


def _room(length: int, excess: int, values: Values, others: Sequence[str]) -> int:
    """How long the longest value may stay: it gives way until the next one is as long, then they do so together."""
    next_one = max((len(values.get(name, "")) for name in others), default=0)
    wanted = length - excess if next_one < length else length - max(len(_ELLIPSIS) + 1, excess // (len(others) + 1))
    return max(_SHORTEST, wanted, next_one if next_one < length else 0)
