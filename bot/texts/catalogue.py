"""Loads the words, checks them, and renders one of them for a channel."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Self

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.model.clock import VIETNAM
from bot.model.dossier import Status
from bot.model.sms import nfc, segment, unaccented

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


class MissingValueError(Exception):
    """A template needs a value that the dossier does not have; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished text: NFC, and the number of SMS parts that it takes (1 on chats)."""

    text: str = field(repr=False)
    parts: int


@dataclass(frozen=True, slots=True)
class _Message:
    chat: Template
    sms: Template
    required: tuple[str, ...]
    flexible: tuple[str, ...]


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
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, auto_reload=False)
        compiled = {
            f"{family}.{name}": _Message(
                chat=environment.from_string(nfc(entry["chat"].strip())),
                sms=environment.from_string(nfc(entry["sms"].strip())),
                required=tuple(entry.get("required", ())),
                flexible=tuple(entry["flexible"]),
            )
            for family in ("push", "reply")
            for name, entry in raw[family].items()
        }
        statuses = {int(number): environment.from_string(nfc(text)) for number, text in raw["status"].items()}
        labels = {int(number): nfc(text) for number, text in raw["label"].items()}
        return cls(language, compiled, statuses, labels, {name: nfc(text) for name, text in raw["button"].items()})

    def status(self, status: Status, status_text: str = "") -> str:
        """A status in the citizen's words; an unknown one is "in progress (the source's own word)"."""
        return self.statuses[status].render(status_text=_clip(status_text, 60))

    def render(self, name: str, values: Values, *, plain: bool, accented: bool = False) -> Rendered:
        """The message `push.<situation>` or `reply.<name>` for a chat, or for SMS where `plain`; there without accents
        unless `accented`.

        Raises `MissingValueError` when a required value is empty. An SMS never takes more than `SMS_PARTS`
        (`ACCENTED_PARTS`): first the flexible values are shortened, visibly.
        """
        message = self.messages[name]
        for required in message.required:
            if not values.get(required):
                raise MissingValueError(required)
        clean = {key: _clip(_tidy(value), LONGEST_VALUE) for key, value in values.items()}
        if plain:
            return _fitted(message, clean, nfc if accented else unaccented, ACCENTED_PARTS if accented else SMS_PARTS)
        return Rendered(nfc(message.chat.render(clean)), 1)


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


def _fitted(message: _Message, values: dict[str, str], lettering: Callable[[str], str], most: int) -> Rendered:
    while True:
        segmented = segment(lettering(message.sms.render(values)))
        if len(segmented.parts) <= most:
            return Rendered(segmented.text, len(segmented.parts))
        longest, *others = sorted(message.flexible, key=lambda name: -len(values.get(name, ""))) or [""]
        if len(values.get(longest, "")) <= _SHORTEST:
            cut = "".join(segmented.parts[:most])
            return Rendered(segment(cut[: -len(_ELLIPSIS)].rstrip() + _ELLIPSIS).text, most)
        excess = sum(map(len, segmented.parts[most:])) + len(_ELLIPSIS)
        values[longest] = _clip(values[longest], _room(len(values[longest]), excess, values, others))


def _room(length: int, excess: int, values: Values, others: Sequence[str]) -> int:
    """How long the longest value may stay: it gives way until the next one is as long, then they do so together."""
    next_one = max((len(values.get(name, "")) for name in others), default=0)
    wanted = length - excess if next_one < length else length - max(len(_ELLIPSIS) + 1, excess // (len(others) + 1))
    return max(_SHORTEST, wanted, next_one if next_one < length else 0)
