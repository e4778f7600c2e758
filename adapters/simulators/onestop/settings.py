"""What the fake province can be told."""

from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field

from bot.settings import Settings as Base

_SPECIAL = {f"{tail:04}": 0.002 for tail in range(1, 10)}


class Settings(Base):
    """A province with the proportions of Khánh Hoà's report of Q1/2018, on a fast clock."""

    out: Path = Field(description="The folder into which the exports are written; made if it is missing.")
    dossiers_per_day: float = Field(
        default=1_600, gt=0, description="Dossiers received in a working day; the report says 93,281 in a quarter."
    )
    speed: float = Field(
        default=1.0, gt=0, description="Seconds of office time that pass in a second. Nights and weekends are skipped."
    )
    interval: float = Field(default=1.0, gt=0, description="Seconds between two exports.")
    seed: int = Field(default=2018, description="The same seed, start and steps give the same province.")
    start: AwareDatetime | None = Field(default=None, description="When the province opens; none: now.")
    days: float | None = Field(
        default=None, gt=0, description="Working days after which nothing new is received; none: never."
    )
    format: Literal["csv", "xlsx"] = Field(default="csv", description="Of the export files.")
    backlog: int = Field(
        default=0, ge=0, description="Dossiers received in the 20 working days before the start; in the first export."
    )
    late: float = Field(
        default=267 / 83_300, ge=0, le=1, description="Share of results after the appointment; the report's is 0.32 %."
    )
    supplements: float = Field(default=0.04, ge=0, le=1, description="Share of dossiers that lack something.")
    special_phones: dict[str, float] = Field(
        default=_SPECIAL,
        description="Last four digits -> share of citizens with such a number: the test numbers of the SMS simulator.",
    )
    landlines: float = Field(default=0.03, ge=0, le=1, description="Share of citizens who gave a landline.")
    foreign: float = Field(default=0.005, ge=0, le=1, description="Share with a foreign number.")
    old_numbers: float = Field(default=0.02, ge=0, le=1, description="Share with a mobile number of before 2018.")
    no_phone: float = Field(default=0.02, ge=0, le=1, description="Share without any number.")
    bad_rows: float = Field(
        default=0.002,
        ge=0,
        le=1,
        description="Broken copies of rows, added to the exports, as a share of the good rows.",
    )
