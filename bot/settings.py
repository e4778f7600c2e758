"""What every part's settings are made of: strict models, secrets that live outside the file, what all sources share."""

import os
from datetime import time
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    field_validator,
)

from bot.model.carrier import CARRIERS
from bot.model.course import SupplementClock
from bot.model.message import Situation
from bot.model.registered import Pattern, RegisteredTexts


class Settings(BaseModel):
    """Base of every settings table: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSettings(Settings):
    """What the mirror must know of any source, whatever it is read with."""

    go_live: AwareDatetime | None = Field(
        default=None, description="Dossiers received earlier are mirrored in silence; none: the first reading."
    )
    pause: float = Field(default=60.0, ge=0, description="Seconds between two times of asking.")
    stale_after: float = Field(
        default=7_200.0, gt=0, description="Seconds after which what we have is no longer stated as current."
    )
    brake_messages: int = Field(
        default=20_000,
        ge=0,
        description="Messages within `brake_window` beyond which they wait for a person; 0: no such limit.",
    )
    brake_percent: float = Field(
        default=30.0,
        ge=0,
        le=100,
        description="The same in percent of the source's mirrored dossiers, at least 500 messages; 0: no such limit.",
    )
    brake_window: float = Field(default=3_600.0, gt=0, description="Seconds over which the brake counts.")
    supplement_clock: SupplementClock = Field(
        default=SupplementClock.SOURCE, description="What waiting for a supplement does to the deadline."
    )
    reconcile_at: time | None = Field(
        default=time(2, 30), description="When in the night the mirror is compared with the source; none: never."
    )


class RegisteredTemplate(Settings):
    """A text as the provider has registered it; ours must fit it before it leaves."""

    id: str = Field(default="", description="the provider's id of the template, where it has one")
    pattern: str = Field(min_length=1, description='registered text with {1}, {2} … where values stand: "Ho so {1} …"')

    @field_validator("pattern")
    @classmethod
    def _is_a_pattern(cls, value: str) -> str:
        Pattern(value)
        return value


class SmsSettings(Settings):
    """What every SMS gateway's table may say, whatever it is reached with."""

    prices: dict[str, int] = Field(
        default_factory=dict,
        description="đồng a part by carrier (viettel, vinaphone, mobifone, vietnamobile, gmobile, itel, wintel), "
        'and "default" for the rest',
    )
    foreign: bool = Field(default=False, description="whether numbers outside Vietnam are sent to")
    blocked_prefixes: tuple[str, ...] = Field(
        default=("+870", "+878", "+881", "+882", "+883", "+888", "+979"),
        description="international prefixes never sent to, for their price: satellites, premium rate",
    )
    templates: dict[Situation, RegisteredTemplate] = Field(
        default_factory=dict, description="registered template of each kind of message"
    )
    templates_required: bool = Field(
        default=False, description="whether a kind of message without a registered template is refused"
    )
    free_text: tuple[Situation, ...] = Field(
        default=(Situation.REPLY, Situation.TEST, Situation.ANSWER),
        description="kinds of message that need no registered template",
    )
    keywords: tuple[str, ...] | dict[str, tuple[str, ...]] = Field(
        default=(),
        description="words before the citizen's text that only steer it to us: they are taken away; "
        'by short code where there are several: { "8041" = ["KH"], "8141" = ["MC"] }',
    )
    reserved: float = Field(
        default=0.1, ge=0, lt=1, description="share of rate and window that only replies to citizens may use"
    )
    sandbox: bool = Field(
        default=False, description="nothing leaves the house: the number's last digits choose what seems to happen"
    )

    def registered_at(self, channel: str) -> RegisteredTexts:
        """What the channel of this name may send."""
        return RegisteredTexts(channel, {name: (each.id, each.pattern) for name, each in self.templates.items()})

    @field_validator("prices")
    @classmethod
    def _known_carriers(cls, value: dict[str, int]) -> dict[str, int]:
        if unknown := set(value) - {*CARRIERS, "default"}:
            known = ", ".join((*CARRIERS, "default"))
            raise ValueError(f"no such carrier: {', '.join(sorted(unknown))} (there are {known})")
        if any(price < 0 for price in value.values()):
            raise ValueError("a price is not negative")
        return value


def _resolve(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    kind, _, rest = value.partition(":")
    if kind == "env":
        if rest not in os.environ:
            raise ValueError(f"the environment variable {rest} is not set")
        return _filled(os.environ[rest], f"biến / variable {rest}")
    if kind == "file":
        try:
            content = Path(rest).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(f"the file {rest} cannot be read: {error.strerror}") from None
        return _filled(content, f"tệp / file {rest}")
    raise ValueError('a secret is written as "env:NAME" or "file:PATH", never in the configuration itself')


def _filled(value: str, where: str) -> str:
    if not value:
        raise ValueError(f"{where}: còn trống, xin ghi bí mật vào đó / is empty: the secret belongs there")
    return value


Secret = Annotated[SecretStr, BeforeValidator(_resolve)]
"""A value named by `env:NAME` or `file:PATH`; prints as stars."""


class SecretPlace:
    """Where a secret stands, for one that may change while we run: it is read when it is asked for."""

    def __init__(self, where: str) -> None:
        """`env:NAME` or `file:PATH`. Raises `ValueError` where nothing can be read there."""
        self._where = where
        self.read()

    @property
    def path(self) -> Path | None:
        """Of the file; None for a variable of the environment."""
        kind, _, rest = self._where.partition(":")
        return Path(rest) if kind == "file" else None

    def read(self) -> str:
        """Raises `ValueError`."""
        return str(_resolve(self._where))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretPlace) and self._where == other._where

    def __hash__(self) -> int:
        return hash(self._where)

    def __repr__(self) -> str:
        return f"SecretPlace({self._where!r})"


def _place(value: Any) -> SecretPlace:
    if isinstance(value, SecretPlace):
        return value
    if not isinstance(value, str):
        raise ValueError('a secret is written as "env:NAME" or "file:PATH"')
    return SecretPlace(value)


SecretAt = Annotated[SecretPlace, PlainValidator(_place)]
"""Like `Secret`, for what is read again while the service runs."""
