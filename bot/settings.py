"""What every part's settings are made of: strict models, secrets that live outside the file, what all sources share."""

import os
from datetime import time
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from bot.model.course import SupplementClock


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


def _resolve(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    kind, _, rest = value.partition(":")
    if kind == "env":
        if rest not in os.environ:
            raise ValueError(f"the environment variable {rest} is not set")
        return os.environ[rest]
    if kind == "file":
        try:
            return Path(rest).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(f"the file {rest} cannot be read: {error.strerror}") from None
    raise ValueError('a secret is written as "env:NAME" or "file:PATH", never in the configuration itself')


Secret = Annotated[SecretStr, BeforeValidator(_resolve)]
"""A value named by `env:NAME` or `file:PATH`; prints as stars."""
