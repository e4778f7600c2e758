"""What an operator can say about a folder of exports."""

import codecs
from datetime import time
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from adapters.records.settings import RecordSettings


class Settings(RecordSettings):
    """A folder into which the one-stop software puts its exports."""

    path: Path = Field(description="The folder. Files are only read; where `archive` is set, they are moved there.")
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
    stale_after: float = Field(
        default=129_600.0,
        gt=0,
        description="Seconds after which what the newest export says is no longer stated as current.",
    )
    reconcile_at: time | None = Field(
        default=None,
        description="When in the night the mirror is compared with all exports that are still there, archive included; "
        "none: never. Each was read to its end already, so this is worth its time only where they are few.",
    )
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
    watch: bool = Field(
        default=True, description="Look as soon as the system tells of a new file, not only after each pause."
    )
    archive: Path | None = Field(
        default=None,
        description="The folder into which a file is moved once all of it is durable, one of its own for each source; "
        "none: files stay where they are.",
    )
    archive_days: int = Field(
        default=0, ge=0, description="Days after which a file is removed from the archive; 0: never."
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

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.archive is not None and self.archive.resolve() == self.path.resolve():
            raise ValueError("archive: must be another folder than path")
        return self
