"""Every pushed text by every way, filled from `values.toml`."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.model.message import Situation
from bot.model.sms import Encoding, segment
from bot.model.wording import Wording
from bot.texts import Catalogue
from bot.texts.catalogue import shipped
from bot.texts.reading import read
from bot.texts.samples import ORDINARY, WORST

HERE = Path(__file__).parent
LANGUAGES = ("vi", "en")
SETS = ("ordinary", "worst", "sparse", "list")
"""A text that can list several dossiers has the last one too, and no `sparse`: it is always one or the other."""

WAYS = ("chat", "sms", "sms_accented")
"""`sms` is without accents."""

MOST_PARTS = {"sms": 2, "sms_accented": 4}


@dataclass(frozen=True, slots=True)
class Told:
    """One text, as its reader gets it."""

    situation: Situation
    way: str
    values: str
    """One of `SETS`."""
    text: str
    is_cut: bool
    shortened: frozenset[str]

    @property
    def units(self) -> int:
        """Characters of a chat; septets or UTF-16 units of an SMS."""
        return len(self.text) if self.way == "chat" else segment(self.text).units

    @property
    def encoding(self) -> Encoding:
        return segment(self.text).encoding

    @property
    def parts(self) -> int:
        return 1 if self.way == "chat" else len(segment(self.text).parts)


@cache
def written() -> dict[str, Any]:
    return tomllib.loads((HERE / "values.toml").read_text(encoding="utf-8"))


def values_of(which: str, language: str, situation: Situation) -> dict[str, str]:
    """What a text of that situation is filled with."""
    own = written()
    base = "worst" if which == "worst" else "ordinary"
    values = {
        **(WORST if which == "worst" else ORDINARY),
        **own[base],
        **(own["list"] if which == "list" else {}),
        **own["only"].get(situation, {}),
        "status": own["status"][language][base],
    }
    return {name: values[name] for name in shipped(language)[situation].required} if which == "sparse" else values


def sets_of(situation: Situation) -> tuple[str, ...]:
    """The sets of values with which a situation's text is tried."""
    lists = "lines" in read(shipped("vi")[situation].chat).names
    return ("ordinary", "worst", "list") if lists else ("ordinary", "worst", "sparse")


def situations(language: str) -> Mapping[Situation, Wording]:
    """In the order of their files: as a dossier goes, staff last."""
    return {situation: shipped(language)[situation] for situation in shipped("vi")}


def told(language: str, situation: Situation, way: str, which: str) -> Told:
    """Raises `MissingValueError` where a text shows what nobody knows."""
    values = values_of(which, language, situation)
    rendered = Catalogue.load(language).render(
        f"push.{situation}", values, plain=way != "chat", accented=way == "sms_accented"
    )
    return Told(situation, way, which, rendered.text, rendered.is_cut, rendered.shortened)


def everything(language: str) -> Iterator[Told]:
    for situation in situations(language):
        for which in sets_of(situation):
            for way in WAYS:
                yield told(language, situation, way, which)
