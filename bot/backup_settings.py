"""The settings of backups."""

from datetime import time
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from bot.settings import Secret, Settings


class BackupSettings(Settings):
    """[backup] Where backups go, what seals them, and when they are made by themselves."""

    folder: Path | None = Field(None, description="where backups are written; better on another disk; none: nowhere")
    key: Secret | None = Field(
        None, description='what seals them, made by `motcua backup key`: "file:PATH" or "env:NAME"'
    )
    nightly: bool = Field(True, description="one is made each night, where there are a folder and a key")
    at: time = Field(time(2, 30), description="when, in Vietnam's time")
    keep: int = Field(14, ge=1, description="how many of them are kept; older ones go after a new one has proved good")
    programs: Path | None = Field(
        None, description="folder of pg_dump and pg_restore (PostgreSQL); none: where the system finds them"
    )

    @property
    def is_nightly(self) -> bool:
        return self.nightly and self.folder is not None and self.key is not None

    @model_validator(mode="after")
    def _is_sealed(self) -> Self:
        if self.folder is not None and self.key is None:
            raise ValueError("`folder` needs `key`: a backup holds names and numbers, and is never written unsealed")
        return self
