"""Where a person can be reached, what connects a chat with a phone, and what somebody may know of a dossier."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """A place on a channel: a phone number, a chat id. Prints masked; the truth is `value` and `key`."""

    scheme: str
    """The channel's word: `sms`, `telegram`, `webchat`, `zalo` (a user of the official account), `zalophone` (the Zalo
    user who has this phone), `zalobot`."""
    value: str
    """The full value: E.164 for `sms` and `zalophone`, the chat id otherwise. Never put it into a log."""

    @property
    def key(self) -> str:
        """`scheme:value`, the form in which it is stored."""
        return f"{self.scheme}:{self.value}"

    @classmethod
    def of(cls, key: str) -> Self:
        """The address whose `key` this is."""
        scheme, _, value = key.partition(":")
        return cls(scheme, value)

    @property
    def is_forgotten(self) -> bool:
        """Whose it was is not kept any more: `~` and something that says nothing."""
        return self.scheme == "erased" or self.value.startswith("~")

    def __str__(self) -> str:
        value = "" if self.is_forgotten else self.value
        shown = f"{value[:5]}•••{value[-3:]}" if len(value) >= 11 else f"•••{value[-2:]}" if len(value) > 4 else "•••"
        return f"{self.scheme}:{shown}"

    __repr__ = __str__


class Proof(StrEnum):
    """How a chat was shown to belong to the owner of a phone."""

    CONTACT = "contact"
    """The provider vouched for the number that was shared."""
    CODE = "code"
    """A one-time code that was sent to the phone was written in the chat."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A chat that belongs to the owner of a phone."""

    address: Address
    phone: str = field(repr=False)
    """E.164."""
    proof: Proof
    since: datetime
    heard_at: datetime
    """When somebody last wrote there; `since` where nobody has since then. Long silence ends the binding."""
    channel: str
    """The channel of the configuration through which it was bound, and by which it is written to."""
    language: str = "vi"


@dataclass(frozen=True, slots=True)
class Preference:
    """How the owner of a phone wants to be told of her dossiers."""

    phone: str = field(repr=False)
    """E.164."""
    scheme: str = ""
    """Of the addresses that go first, where she has one of them; empty: the office's order."""
    important_only: bool = False
    """Nothing of mere progress, and no question how satisfied she is."""


class Right(StrEnum):
    """How much of a dossier somebody may see."""

    FULL = "full"
    """All that concerns its owner: the phone on the dossier, or a chat bound to it."""
    DETAILS = "details"
    """Status and dates: somebody who knows a second factor, or whom the owner lets follow."""
    LEVEL = "level"
    """Code and level of completion (TT 01/2018/TT-VPCP Đ16(2)(d))."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Follow:
    """Somebody beside the owner who is told of a dossier's progress."""

    address: Address
    source: str
    code: str
    channel: str
    since: datetime
    invited_by: str = ""
    """Phone of the owner who lets this one follow, E.164; empty for one who knew a second factor."""
    language: str = "vi"


@dataclass(frozen=True, slots=True)
class Invitation:
    """The owner's word that whoever brings it may follow a dossier; good once."""

    digest: str
    """Hash of the word."""
    source: str
    code: str
    phone: str = field(repr=False)
    """The owner's, E.164."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """A code on its way to a phone, which a chat must bring back."""

    address: Address
    """The chat."""
    phone: str = field(repr=False)
    digest: str = field(repr=False)
    """Hash of the code; empty where no code was sent, because the phone is on no dossier."""
    sent_at: datetime
    expires_at: datetime
    tries: int = 0
    """Wrong answers so far."""


class Purpose(StrEnum):
    """What somebody has agreed to (Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15)."""

    UPDATES = "updates"
    """To be told about dossiers in this chat."""
    SURVEY = "survey"
    """To be asked how satisfied one is."""
    FEEDBACK = "feedback"
    """That name, address and phone go to the agency with one's feedback."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One purpose, agreed to by one address."""

    address: Address
    purpose: Purpose
    wording: str
    """Name and version of the text that was agreed to, such as `bind/1`."""
    given_at: datetime
    withdrawn_at: datetime | None = None
