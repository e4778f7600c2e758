"""What every part's settings are made of: strict models, and secrets that live outside the file."""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr


class Settings(BaseModel):
    """Base of every settings table: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
