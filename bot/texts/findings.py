"""What a linter finds in a text, and what the configuration asks of texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.model.message import FOR_STAFF, Situation
from bot.model.wording import TextKey, Wording


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, or may be, and where."""

    severity: Severity
    key: TextKey
    place: str
    """`chat`, `sms`, `sms_accented`, `required`, `zbs`, `registered`."""
    vi: str
    en: str

    def __str__(self) -> str:
        return f"{self.key}: {self.place}: {self.vi} / {self.en}"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration asks of texts."""

    signature: str = ""
    """Stands in every SMS to a citizen; empty: nothing does."""
    accented: frozenset[Situation] = frozenset()
    """Kinds of message whose SMS keeps its accents."""
    patterns: Mapping[str, Mapping[Situation, str]] = field(default_factory=dict)
    """By SMS channel, what its provider has registered (`[channels.X.templates]`)."""
    zalo: tuple[str, ...] = ()
    """The channels that send registered ZBS templates."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The text that is looked at, and what holds for it."""

    key: TextKey
    wording: Wording
    rules: Rules
    columns: tuple[str, ...] | None = None
    """Of a text for the rows of a file: the values that they have; None: those of a dossier."""

    @property
    def is_for_staff(self) -> bool:
        return self.key.situation in FOR_STAFF

    def error(self, place: str, vi: str, en: str) -> Finding:
        return Finding(Severity.ERROR, self.key, place, vi, en)

    def warning(self, place: str, vi: str, en: str) -> Finding:
        return Finding(Severity.WARNING, self.key, place, vi, en)


ALWAYS_THERE = frozenset({"code", "status", "status_label", "hours", "count", "lines", "text", "channel", "name"})
"""Values that the service itself gives wherever a situation has them."""
