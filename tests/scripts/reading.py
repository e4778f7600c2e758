"""A conversation script as its file says it: who writes, which dossiers there are, what is done and what is read."""

import tomllib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.model.code import canonical
from bot.settings import Settings as Strict

Who = Literal["owner", "bound", "stranger", "other"]
"""`owner` has the phone on the dossiers, which in a chat nobody knows; `bound` is the same person in a chat that was
bound before. By SMS both are the same. `stranger` and `other` have phones that are on no dossier."""

Channel = Literal["sms", "esms", "webchat", "telegram", "zalo", "zalobot"]
CHANNELS: tuple[Channel, ...] = ("sms", "esms", "webchat", "telegram", "zalo", "zalobot")

_SPANS = {"minute": "minutes", "hour": "hours", "day": "days"}


def span(written: Any) -> Any:
    """`16 minutes`, `-3 days`, `1 hour`."""
    if not isinstance(written, str):
        return written
    number, unit = written.split()
    return timedelta(**{_SPANS[unit.removesuffix("s")]: float(number)})


Span = Annotated[timedelta, BeforeValidator(span)]


class Reply(Strict):
    """One message that is read. Fragments are looked for in the text with its line ends as spaces."""

    has: tuple[str, ...] = ()
    sms: tuple[str, ...] | None = None
    """In place of `has` by SMS, without accents; left out: `has` without accents."""
    lacks: tuple[str, ...] = ()
    buttons: tuple[str, ...] | None = None
    """All labels, in order: buttons, or numbered lines where a chat has none. In SMS only their numbers count."""
    asks_phone: bool = False
    """Where the provider vouches for numbers, a button shares one's own."""
    take: dict[str, str] = Field(default_factory=dict)
    """What is remembered, by name: the first group of each pattern."""
    most_parts: int = 2
    """Of an SMS."""


class Step(Strict):
    """One act, and the replies that follow it; no replies: nothing may come."""

    say: str | None = None
    press: str | None = None
    """A label of the last reply; its number where there are no buttons."""
    share: bool = False
    """Shares the own phone by the provider's button."""
    fill: bool = False
    """Types the own phone into the provider's form."""
    start: str | None = None
    """Opens the channel by the link for this dossier; empty: by its start button."""
    follow: bool = False
    """Begins to follow the account."""
    leave: bool = False
    """Blocks the bot, or stops following the account."""
    again: bool = False
    """The provider brings the last message once more."""
    clerk_says: str | None = None
    clerk_sees: tuple[str, ...] = ()
    """What the clerk reads of the conversation."""
    clerk_ends: bool = False
    clerk_answers: str | None = None
    """To the feedback with the number that was taken as `number`."""
    office: dict[str, Any] | None = None
    """The one-stop software changes these of the first dossier."""
    wait: Span | None = None
    reads: bool = False
    """Nothing is done; the replies come all the same."""
    phone: Who | None = None
    """The same, by SMS on that person's phone."""
    by: Who | None = None
    """Who acts and reads; else the script's person."""
    replies: tuple[Reply, ...] = ()

    @model_validator(mode="after")
    def _one_act(self) -> Self:
        acts = self.model_fields_set - {"by", "replies"}
        if len(acts) != 1:
            raise ValueError(f"a step is one act, not {sorted(acts)}")
        return self


class Work(Strict):
    """A stretch of the work on a dossier."""

    agency: str = ""
    task: str = ""
    started: Span
    due: Span | None = None
    ended: Span | None = None


class Record(Strict):
    """A dossier of the one-stop software; times are counted from the moment at which the script begins."""

    code: str
    status: int = 4
    status_text: str = ""
    agency: str = "H32.15"
    agency_name: str = "UBND phường Vĩnh Hải"
    procedure: str = "1.001193"
    procedure_name: str = "Đăng ký khai sinh"
    applicant: str = "Trần Thị Ngọc Ẩn"
    phone: Who | Literal["none"] = "owner"
    received: Span = timedelta(days=-3)
    appointment: Span | None = timedelta(days=5)
    supplement: str = ""
    reason: str = ""
    place: str = ""
    lookup_code: str = ""
    id_tail: str = ""
    step: tuple[Work, ...] = ()
    fresh: bool = True
    """False: its source was last read a day ago."""

    @model_validator(mode="after")
    def _is_a_code(self) -> Self:
        if canonical(self.code) != self.code:
            raise ValueError(f"{self.code} is no canonical code")
        return self


class Script(Strict):
    """One file."""

    name: str
    title: str
    person: Who = Field(alias="as")
    channels: tuple[Channel, ...] = CHANNELS
    why: str = ""
    """Why it is not for every channel."""
    service: Literal["usual", "strict"] = "usual"
    fault: str = ""
    """What is wrong with the conversation, so that the script cannot be played to its end."""
    fault_on: tuple[Channel, ...] = CHANNELS
    dossier: tuple[Record, ...] = ()
    step: tuple[Step, ...]

    @model_validator(mode="after")
    def _subset_has_a_reason(self) -> Self:
        if self.channels != CHANNELS and not self.why:
            raise ValueError("say why it is not for every channel")
        return self


def scripts(folder: Path) -> list[Script]:
    """All files, by name. Raises ValueError where two scripts have a dossier in common."""
    read = [_read(path) for path in sorted(folder.glob("*.toml"))]
    codes = [record.code for script in read for record in script.dossier]
    if twice := {code for code in codes if codes.count(code) > 1}:
        raise ValueError(f"two scripts share a dossier: {', '.join(sorted(twice))}")
    return read


def _read(path: Path) -> Script:
    try:
        return Script.model_validate({"name": path.stem, **tomllib.loads(path.read_text(encoding="utf-8"))})
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def acting(script: Script) -> Iterable[Who]:
    """Everybody who does something in it, each once."""
    return dict.fromkeys([script.person, *(step.by for step in script.step if step.by)])
