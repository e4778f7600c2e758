"""What the database keeps of people: bindings, followers, consents, guards against guessing, service, erasure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from bot.model.person import Address, Binding, Consent, Follow, Invitation, OneTimeCode, Preference, Purpose
from bot.model.service import Feedback, FeedbackKind, Score, Survey, SurveyTotals, Talk


@dataclass(frozen=True, slots=True)
class Audience:
    """Who beside the phone itself is told of some dossiers."""

    bindings: Mapping[str, Sequence[Binding]]
    """By phone (E.164), the one heard last first."""
    follows: Mapping[tuple[str, str], Sequence[Follow]]
    """By (source, code)."""
    disowned: Mapping[str, datetime]
    """Phones whose owner said that the dossiers received until then are not hers."""
    preferences: Mapping[str, Preference] = field(default_factory=dict)
    """By phone; what nobody has said is missing."""


class Withdrawn(NamedTuple):
    """A page of consents that were withdrawn."""

    consents: Sequence[Consent]
    last: int
    """Behind which the next page begins."""

    def __bool__(self) -> bool:
        return bool(self.consents)


class PeopleStore(Protocol):
    """Chats and the phones they belong to."""

    async def bind(self, binding: Binding) -> None:
        """Replaces what the chat was bound to before."""
        ...

    async def binding(self, address: Address) -> Binding | None:
        """`heard_at` is that of the conversation."""
        ...

    async def unbind(self, address: Address) -> bool: ...
    async def unbind_phone(self, phone: str) -> list[Address]:
        """Takes every chat from the phone; which those were."""
        ...

    async def lapse(self, *, silent_since: datetime) -> int:
        """Ends the bindings of chats in which nobody wrote since then. Returns how many."""
        ...

    async def move(self, old: Address, new: Address) -> None:
        """The chat has another address from now on: bindings, follows, state and what waits for it go along."""
        ...

    async def disown(self, phone: str, *, at: datetime) -> None:
        """The dossiers received until then with this phone belong to somebody else. So do the preferences of then."""
        ...

    async def disowned(self, phone: str) -> datetime | None: ...
    async def prefer(self, preference: Preference, *, at: datetime) -> None:
        """Takes the place of what the phone's owner preferred before."""
        ...

    async def preference(self, phone: str) -> Preference | None:
        """None where nothing was ever said."""
        ...

    async def agree(self, consents: Sequence[Consent]) -> None:
        """Records consents; one that stands already stays as it is."""
        ...

    async def withdraw(self, address: Address, purposes: Collection[Purpose], *, at: datetime) -> int: ...
    async def consents(self, address: Address) -> list[Consent]:
        """All that were ever given by it, oldest first."""
        ...

    async def withdrawn(self, after: int, *, limit: int) -> Withdrawn:
        """The next withdrawn ones of anybody, in the order in which they were given; from 0."""
        ...

    async def put_code(self, code: OneTimeCode) -> None:
        """Takes the place of an earlier code of the same chat."""
        ...

    async def code_of(self, address: Address) -> OneTimeCode | None: ...
    async def failed_try(self, address: Address) -> None: ...
    async def drop_code(self, address: Address) -> None: ...


class FollowStore(Protocol):
    """Who is told of a dossier beside its owner."""

    async def add(self, follow: Follow) -> bool:
        """False where it was so already; then its right is the newer one."""
        ...

    async def remove(self, address: Address, source: str, code: str) -> bool: ...
    async def remove_all(self, address: Address) -> int: ...
    async def of(self, address: Address) -> list[Follow]:
        """What this one follows, newest first."""
        ...

    async def followers(self, source: str, code: str) -> list[Follow]: ...
    async def invite(self, invitation: Invitation) -> None: ...
    async def redeem(self, digest: str, *, now: datetime) -> Invitation | None:
        """The invitation, which is used up by that; None where there is none that still holds."""
        ...

    async def revoke(self, source: str, code: str) -> int:
        """Ends the follows of all whom the owner had invited, and open invitations. Returns how many followed."""
        ...

    async def audience(self, phones: Collection[str], dossiers: Collection[tuple[str, str]]) -> Audience: ...


class Trace(NamedTuple):
    """One side of a failed attempt, by which others like it are counted."""

    kind: str
    """`sender`, `code`, `network`, `phone`."""
    subject: str


@dataclass(frozen=True, slots=True)
class Failures:
    """How often, and when last."""

    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Spread:
    """How widely attempts have failed."""

    failures: int
    senders: int
    codes: int


class GuardStore(Protocol):
    """Failed attempts to learn of dossiers, kept for a month."""

    async def note(self, traces: Collection[Trace], *, at: datetime) -> None: ...
    async def failures(self, asked: Sequence[tuple[Trace, datetime]]) -> dict[tuple[Trace, datetime], Failures]:
        """Those with at least one failure since the moment beside them."""
        ...

    async def clear(self, traces: Collection[Trace]) -> None: ...
    async def spread(self, *, since: datetime) -> Spread:
        """Over everybody. Counts each attempt by its `sender` trace."""
        ...

    async def prune(self, *, before: datetime) -> int: ...


class ServiceStore(Protocol):
    """Feedback, satisfaction, conversations with clerks."""

    async def add_feedback(self, feedback: Feedback, *, day: str, prefix: str) -> str:
        """Keeps it under the next number of the day (`261122`): prefix, day, four digits. Returns the number."""
        ...

    async def feedback(self, number: str) -> Feedback | None: ...
    async def feedbacks(
        self, *, agency: str = "", kind: FeedbackKind | None = None, is_open: bool = True, limit: int = 100
    ) -> list[Feedback]:
        """Oldest first; `is_open`: only those without an answer; an agency with all below it."""
        ...

    async def waiting_feedback(
        self, agencies: Collection[str], *, kind: FeedbackKind | None = None, limit: int
    ) -> list[Feedback]:
        """Without an answer, of these agencies and all below them (none: of all), oldest first."""
        ...

    async def answered_feedback(
        self,
        agencies: Collection[str],
        *,
        kind: FeedbackKind | None = None,
        before: tuple[datetime, str] | None = None,
        limit: int,
    ) -> list[Feedback]:
        """With an answer, newest first, below the moment and number of one that was seen."""
        ...

    async def answer_feedback(self, number: str, answer: str, *, by: str, at: datetime) -> Feedback | None:
        """The feedback as it is then; None where there is none, or it is answered."""
        ...

    async def ask_survey(self, surveys: Sequence[Survey]) -> None:
        """Keeps that these are asked; one that was asked before stays as it is."""
        ...

    async def open_survey(self, address: Address, *, since: datetime, code: str = "") -> Survey | None:
        """The newest that waits for a score, or for the reason of one who is not satisfied."""
        ...

    async def answer_survey(
        self, survey: Survey, *, score: Score | None = None, reason: str = "", at: datetime
    ) -> None:
        """Adds the score, or the reason."""
        ...

    async def survey_totals(self, *, since: datetime) -> list[SurveyTotals]:
        """By agency."""
        ...

    async def begin_talk(self, talk: Talk) -> None: ...
    async def talk(self, address: Address) -> Talk | None: ...
    async def touch_talk(self, address: Address, *, at: datetime, clerk: str = "") -> None: ...
    async def end_talk(self, address: Address) -> bool: ...
    async def talks(self, *, limit: int) -> list[Talk]:
        """Open ones; those that wait for a clerk first, then the longest since a word."""
        ...

    async def talks_of(self, agencies: Collection[str], *, limit: int) -> list[Talk]:
        """The same of these agencies and all below them (none: of all)."""
        ...

    async def idle_talks(self, *, before: datetime) -> list[Talk]: ...


@dataclass(frozen=True, slots=True)
class Looked:
    """Messages that were looked through for somebody, before a transaction that erases her."""

    found: frozenset[str] = frozenset()
    """Ids of those that may mention her."""
    until: str = ""
    """The last id that was looked at; newer ones were not."""
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Phones:
    """Of a page of a table."""

    found: frozenset[str] = field(repr=False)
    """E.164."""
    after: Sequence[Any] | None
    """Where the next page begins; None: this was the last."""


class PrivacyStore(Protocol):
    """Erasure on request."""

    @property
    def tables(self) -> Sequence[str]:
        """Those with phones or addresses in them."""
        ...

    async def phones(self, table: str, after: Sequence[Any] | None, *, limit: int) -> Phones:
        """Whose phones stand in the next `limit` rows."""
        ...

    async def remember(self, erased: Mapping[str, datetime], salt: bytes) -> bool:
        """As `erase` remembers digests, of another database whose salt this is. False: ours is another one, under which
        they say nothing."""
        ...

    async def look(self, phone: str, addresses: Collection[Address], looked: Looked, *, limit: int) -> Looked:
        """Goes on from `looked` over `limit` messages. Where statements can look for themselves nothing is looked at,
        and it is done."""
        ...

    async def addresses_of(self, phone: str) -> list[Address]:
        """Every address that belongs to the phone: `sms`, `zalophone`, and the chats bound to it."""
        ...

    async def erase(
        self, phone: str, addresses: Collection[Address], *, digest: str, at: datetime, looked: Looked = Looked()
    ) -> dict[str, int]:
        """Takes phone, addresses, names and texts out of every table; rows by table. Messages stay as rows without
        text, under an address that says nothing, so that the books balance. `digest` is remembered. What was `looked`
        at before is not looked for again."""
        ...

    async def erased(self) -> dict[str, datetime]:
        """Digest of an erased phone → when. Dossiers received until then come into the mirror without it."""
        ...

    async def salt(self) -> bytes:
        """Of the digests; made at the first time of asking."""
        ...


class VaultStore(Protocol):
    """Credentials that rotate, by channel."""

    async def read(self, name: str) -> str:
        """What was kept last; empty for nothing."""
        ...

    async def keep(self, name: str, content: str, *, at: datetime) -> None: ...
