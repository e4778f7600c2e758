"""What citizens ask of the office beside their dossiers: feedback and its answers, satisfaction, a clerk to talk to."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from bot.model.person import Address


class FeedbackKind(StrEnum):
    PROPOSAL = "proposal"
    """Phản ánh, kiến nghị (NĐ 20/2008/NĐ-CP): about rules or how the office works."""
    SCAM = "scam"
    """Somebody pretends to be the office."""
    WRONG_NUMBER = "wrong_number"
    """The number on a dossier belongs to somebody else: for the office to put right."""
    ERASURE = "erasure"
    """Somebody wants her number erased: to be done and answered within 72 hours (Luật 91/2025/QH15)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What somebody told us and wants answered."""

    number: str = ""
    """Receipt number such as `PA-261122-0007`; given when it is stored."""
    kind: FeedbackKind
    address: Address
    channel: str
    agency: str = ""
    """The agency it is for, by its code; empty where nobody knows."""
    code: str = ""
    """The dossier it is about, where one was named."""
    text: str = field(repr=False)
    name: str = field(default="", repr=False)
    home: str = field(default="", repr=False)
    """Postal address."""
    phone: str = field(default="", repr=False)
    language: str = "vi"
    at: datetime
    answer: str = field(default="", repr=False)
    answered_at: datetime | None = None
    answered_by: str = ""


class Score(IntEnum):
    """The three answers of the founding documents."""

    VERY_SATISFIED = 1
    SATISFIED = 2
    NOT_SATISFIED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The question that one person is asked once about one dossier."""

    source: str
    code: str
    address: Address
    agency: str
    asked_at: datetime
    score: Score | None = None
    reason: str = field(default="", repr=False)
    """Why not satisfied, in the citizen's words."""
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SurveyTotals:
    """Answers about one agency."""

    agency: str
    asked: int
    very_satisfied: int
    satisfied: int
    not_satisfied: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation that a clerk has taken over, or is asked to. The bot is silent while it lasts."""

    address: Address
    channel: str
    agency: str = ""
    begun_at: datetime
    heard_at: datetime
    """The last word of either side."""
    clerk: str = ""
    """Who answered last; empty while it waits for somebody."""
    asked_at: datetime | None = None
    """When the citizen last wrote after a clerk had; None: has not."""

    @property
    def waits(self) -> bool:
        """The last word was the citizen's."""
        return not self.clerk or (self.asked_at is not None and self.asked_at >= self.heard_at)


@dataclass(frozen=True, slots=True)
class Unsent:
    """A line of ours that has not reached the citizen."""

    at: datetime
    is_waiting: bool
    """It still may; else it will not."""
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """One line of a conversation."""

    at: datetime
    by_us: bool
    text: str = field(repr=False)
