"""A message to many: whom it is for, what it says, who approved it, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.model.broadcast_progress import Preview as Preview
from bot.model.broadcast_progress import Progress as Progress
from bot.model.broadcast_progress import Result as Result
from bot.model.broadcast_progress import Shown as Shown
from bot.model.broadcast_progress import Tally as Tally
from bot.model.dossier import Status
from bot.model.wording import Wording


class BroadcastState(StrEnum):
    """Where a broadcast is. From `draft` it comes to `submitted` or back; what has begun to leave never becomes a
    draft again."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    """Waits for another person's yes."""
    APPROVED = "approved"
    """Waits for its hour."""
    RUNNING = "running"
    TRIED = "tried"
    """The first few have left; waits for somebody to look at what became of them."""
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    """What had left had left; nothing more will."""
    REJECTED = "rejected"


LONGEST_TITLE = 120
"""Characters."""

OVER = frozenset({BroadcastState.DONE, BroadcastState.CANCELLED, BroadcastState.REJECTED})
"""Nothing follows."""


class Lateness(StrEnum):
    ANY = ""
    LATE = "late"
    """Past the deadline, and no result."""
    IN_TIME = "in_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """The dossiers whose owners are meant. What is empty does not narrow."""

    agencies: tuple[str, ...] = ()
    """Each with all below it."""
    procedures: tuple[str, ...] = ()
    """By code."""
    statuses: tuple[Status, ...] = ()
    lateness: Lateness = Lateness.ANY
    received_since: datetime | None = None
    received_until: datetime | None = None
    reachable_by: str = ""
    """A scheme of addresses: `sms`, `zalo`, `telegram`, `webchat`; only who can be reached so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person of a broadcast. A phone is written to once, however many of her dossiers or rows are meant."""

    number: int
    """1, 2, 3 …; of a file the spreadsheet's row number."""
    phone: str = field(repr=False)
    """E.164."""
    source: str = ""
    code: str = ""
    """The dossier that it is about, where it is about one."""
    agency: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By the names that the text uses. Of an audience they are read from the dossier when it is her turn."""
    left_out: str = ""
    """A word of `LeftOut`; empty: she is written to."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one channel carries of a broadcast, as counted beforehand."""

    channel: str
    """A scheme of addresses."""
    people: int
    parts: int
    cost: int
    """Đồng, by the configured prices."""


class LeftOut(StrEnum):
    """Why somebody who was meant is not written to."""

    NO_PHONE = "no_phone"
    """None, or none that can receive messages."""
    TWICE = "twice"
    """Her phone stands above already."""
    DO_NOT_SEND = "do_not_send"
    DISOWNED = "disowned"
    """Its owner said that the dossiers are somebody else's."""
    ERASED = "erased"
    """Asked to be forgotten."""
    IMPORTANT_ONLY = "important_only"
    """Asked for important news alone."""
    NO_CHANNEL = "no_channel"
    """No way leads there, or not the one that was asked for."""
    NO_VALUE = "no_value"
    """The text shows a value that she has none of."""
    TOO_LONG = "too_long"
    """With her values the SMS would be cut off."""
    UNTRUE = "untrue"
    """Her dossier has left the state that was asked for since the list was drawn up."""


@dataclass(frozen=True, slots=True)
class Count:
    """Who would be told, by which way, for how much."""

    people: int
    shares: tuple[Share, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Why → how many: a word of `LeftOut`."""

    @property
    def parts(self) -> int:
        return sum(each.parts for each in self.shares)

    @property
    def cost(self) -> int:
        return sum(each.cost for each in self.shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """A message to many."""

    id: str
    """As staff say it: `PT-261122-0001`."""
    title: str
    """For the staff alone."""
    agency: str
    """Whose broadcast it is: who may see it, whose budget pays; empty: the province's."""
    state: BroadcastState = BroadcastState.DRAFT
    revision: int = 1
    """Rises with every change to audience, text or hour; a test or a count counts for its revision."""
    wording: Wording = field(default_factory=lambda: Wording(chat="", sms=""), repr=False)
    language: str = "vi"
    audience: Audience | None = None
    """None: a list from a file."""
    list_name: str = ""
    """The file's name."""
    list_digest: str = ""
    """SHA-256 over the list's content (phones and values in order): the same list twice is refused."""
    columns: tuple[str, ...] = ()
    """The values that the rows of a list have."""
    twice: int = 0
    """Rows of the list that were not kept, because their phone stood above."""
    people: int = 0
    """In the list that was drawn up; 0: none was."""
    count: Count | None = None
    counted_revision: int = 0
    starts_at: datetime | None = None
    """None: as soon as it is approved."""
    made_at: datetime
    made_by: str
    changed_by: str = ""
    tested_revision: int = 0
    """The revision that its maker has sent to herself; 0: none."""
    submitted_at: datetime | None = None
    submitted_by: str = ""
    needs_approval: bool = False
    approved_at: datetime | None = None
    approved_by: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    why: str = ""
    """Of a pause, a cancellation or a rejection."""
    handed_out: int = 0
    """Recipients who have had their turn; in the order of their numbers."""
    handed_to: int = 0
    """The number of the last of them."""
    pages: int = 0
    """In which they were taken: the last one's name is `origin`."""
    drawing: str = field(default="", repr=False)
    """Whose drawing up is under way; the one that began last counts."""

    @property
    def origin(self) -> str:
        """Of the messages of its present page, in the ledger."""
        return f"{origins(self.id)}{self.pages}"

    @property
    def is_drawn_up(self) -> bool:
        """Its recipients and what they cost are those of the present revision."""
        return self.counted_revision == self.revision and not self.drawing

    @property
    def authors(self) -> frozenset[str]:
        """Who made, changed or submitted it, and so may not approve it."""
        return frozenset(each.casefold() for each in (self.made_by, self.changed_by, self.submitted_by) if each)


def origins(broadcast_id: str) -> str:
    """How the origins of all its messages begin."""
    return f"broadcast:{broadcast_id}:"


def dedupe_key(broadcast_id: str, phone: str) -> str:
    """One message to one phone, by whichever way it goes."""
    return f"broadcast:{broadcast_id}:sms:{phone}"


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did with a broadcast, kept for good."""

    at: datetime
    what: str
    """made | changed | listed | drawn | tested | submitted | approved | rejected | withdrawn | began | tried | paused |
    resumed | cancelled | done"""
    by: str
    """Empty: the service itself."""
    detail: str = field(default="", repr=False)


AUTHORS = frozenset({"made", "changed", "listed", "drawn", "submitted"})
"""Acts after which somebody may not approve it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act that was not done. False, so that the record keeps nothing of it."""

    word: str
    """missing | state | changed | agency | same_list | not_drawn | not_tested | no_people | text | no_budget | own
    | no_way | no_value | too_many_tests | too_many"""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What the sentence names: `of` (the other broadcast), `state`, `left` and `cost` in đồng, `name` of a value."""

    def __bool__(self) -> bool:
        return False
