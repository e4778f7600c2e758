"""[log]: how much is written down of what happens, where, and in which form."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field

from bot.settings import Settings


class LogFormat(StrEnum):
    """How a line of the log looks."""

    TEXT = "text"
    JSON = "json"


class LogSettings(Settings):
    """[log]"""

    level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    format: LogFormat = Field(LogFormat.TEXT, description="text, or json: one object a line for a log collector")
    file: str = Field(
        "", description="written to instead of standard error; opened anew after logrotate moved it away; empty: none"
    )

    @property
    def path(self) -> Path | None:
        return Path(self.file) if self.file else None
