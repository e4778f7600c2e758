"""What an operator can say about a folder of exports."""

import codecs
import re
from datetime import time
from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from adapters.sources.folder.columns import FIELDS
from bot.model.dossier import Status
from bot.settings import Settings as Base


class Settings(Base):
    """A folder into which the one-stop software puts its exports."""

    path: Path = Field(description="The folder. Files are only read, never moved or changed.")
    patterns: tuple[str, ...] = Field(
        default=("*.csv", "*.txt", "*.xlsx", "*.xls", "*.ods"),
        description="Which files are exports; shell patterns, capitals do not matter.",
    )
    encoding: str = Field(
        default="auto",
        description="auto: UTF-8, or UTF-16 where the file begins with a byte order mark. "
        "Else the name of a legacy encoding, such as windows-1258.",
    )
    delimiter: Literal["auto", ",", ";", "\t", "|"] = Field(
        default="auto", description="What stands between two cells of a CSV file; auto: as the header shows."
    )
    sheet: str = Field(default="", description="The sheet of a workbook; empty: the first one that is visible.")
    header_row: int = Field(
        default=1, ge=1, le=100, description="The row with the names of the columns; what stands above is left out."
    )
    fields: dict[str, str] = Field(
        default={}, description="Our field -> the column's name in the file, where it is not a national name."
    )
    statuses: dict[str, Status] = Field(
        default={}, description="The source's own word or number -> the national code 1 to 10 (0: not known)."
    )
    agencies: dict[str, str] = Field(
        default={}, description="Agency id -> the name that citizens read, where the export has only ids."
    )
    code_pattern: str = Field(
        default="",
        description="Regular expression for local dossier codes that do not have the legal shape; empty: none.",
    )
    utc_offset: float = Field(
        default=7.0, ge=-12, le=14, description="Hours by which times without a zone are ahead of UTC."
    )
    day_ends_at: time = Field(
        default=time(17, 0), description="An appointment that names only a day means this time of it."
    )
    pause: float = Field(default=60.0, ge=0, description="Seconds between two looks into the folder.")
    settle: float = Field(
        default=2.0,
        ge=0,
        description="Seconds for which a file must not have grown before it is read; 0 where files appear by renaming.",
    )
    grace: float = Field(
        default=86_400.0,
        ge=0,
        description="Seconds by which a file may be older than the newest one that was read and is still taken; "
        "older newcomers are quarantined, so that old data never covers newer.",
    )
    go_live: AwareDatetime | None = Field(
        default=None, description="Dossiers received earlier are mirrored in silence; none: the first reading."
    )
    batch_rows: int = Field(default=1_000, ge=1, le=5_000, description="Rows in one batch.")
    longest_line: int = Field(
        default=1 << 20, ge=1_024, description="Characters in a row beyond which it is quarantined unread."
    )
    workbook_unpacked_mib: int = Field(
        default=512, ge=1, description="MiB beyond which an unpacked workbook is refused."
    )
    workbook_memory_mib: int = Field(
        default=2_048, ge=256, description="MiB of address space for the process that opens a workbook."
    )

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        if value != "auto":
            try:
                "".encode(value)
                codecs.getincrementaldecoder(value)
            except LookupError:
                raise ValueError(f"no text encoding is called {value}") from None
        return value

    @field_validator("code_pattern")
    @classmethod
    def _sound_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return value

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        strangers = sorted(self.fields.keys() - FIELDS.keys())
        if strangers:
            raise ValueError(f"fields: unknown {', '.join(strangers)}; known are {', '.join(FIELDS)}")
        return self
