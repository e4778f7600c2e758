"""Texts that an office has made its own: what is said in a situation, and the versions that this has gone through."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.model.message import Form, Situation

EDITABLE = tuple(
    each for each in Situation if each not in {Situation.REPLY, Situation.CODE, Situation.ANSWER, Situation.BROADCAST}
)
"""Situations whose words an office may change. What answers a citizen's own message is not among them, and a broadcast
is written for its occasion."""


@dataclass(frozen=True, slots=True)
class TextKey:
    """Which text: a situation, in a language, of an agency."""

    situation: Situation
    language: str
    agency: str = ""
    """By its code, and with it all agencies below; empty: of all. The nearest one above wins."""

    def __str__(self) -> str:
        return f"{self.situation} · {self.language}" + (f" · {self.agency}" if self.agency else "")


@dataclass(frozen=True, slots=True)
class Wording:
    """What is said. The bodies are templates (`bot.texts.syntax`), in NFC."""

    chat: str
    sms: str
    sms_accented: str = ""
    """For SMS that keep their accents; empty: `sms`."""
    required: tuple[str, ...] = ()
    """Values without which nothing is sent."""
    flexible: tuple[str, ...] = ()
    """Values that are shortened, in this order, where an SMS is too long."""
    forms: tuple[Form, ...] = ()
    """The templates that providers have registered for exactly this text. A form for ZBS that names no channel is for
    every Zalo channel."""

    @property
    def bodies(self) -> Mapping[str, str]:
        """The templates by the field in which they stand."""
        accented = {"sms_accented": self.sms_accented} if self.sms_accented else {}
        return {"chat": self.chat, "sms": self.sms, **accented}


class TextState(StrEnum):
    """Of one version. It moves forward only; what was published once is never changed."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"
    """Another version was published in its place, or written in place of a draft that never was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A text as it was written once."""

    key: TextKey
    number: int
    """1, 2, 3 … within its key, without gaps."""
    wording: Wording = field(repr=False)
    state: TextState = TextState.DRAFT
    note: str = ""
    """Why, in the words of whoever wrote it."""
    made_by: str
    made_at: datetime
    published_by: str = ""
    published_at: datetime | None = None
    retired_by: str = ""
    retired_at: datetime | None = None
    copy_of: int = 0
    """The version to which this one rolled back; 0: none."""
