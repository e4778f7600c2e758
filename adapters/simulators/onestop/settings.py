"""What the fake province can be told."""

from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, Field, HttpUrl, model_validator

from adapters.simulators.onestop.misbehaviour import Misbehaviour
from bot.settings import Secret

_SPECIAL = {f"{tail:04}": 0.002 for tail in range(1, 10)}


class Settings(Misbehaviour):
    """A province with the proportions of Khánh Hoà's report of Q1/2018, on a fast clock, and the faces that it shows.

    A face without its setting is off. How the province misbehaves are settings too (see `Misbehaviour`).
    """

    out: Path | None = Field(
        default=None, description="The folder into which exports are written, made if missing; none: no files."
    )
    rest_port: int | None = Field(
        default=None, ge=0, le=65_535, description="Port of the API that is asked for dossiers; 0 or none: off."
    )
    push_url: HttpUrl | None = Field(
        default=None,
        description="Where changes are pushed to: the service's address up to /onestop/v1; none: nowhere.",
    )
    sql_url: str | None = Field(
        default=None,
        repr=False,
        description="Database with the table ho_so and the view v_ho_so, as SQLAlchemy writes it; none: no database.",
    )
    control_port: int | None = Field(
        default=None, ge=0, le=65_535, description="Port where it is asked what it knows and told to misbehave; 0: off."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on, for both ports.")
    accounts: dict[str, str] = Field(
        default={}, repr=False, description="Passwords of the API by user name; empty: anybody with any password."
    )
    token_seconds: float = Field(
        default=82_800, gt=0, description="Seconds for which a token or session of the API is good."
    )
    keep: int = Field(
        default=100_000, ge=0, description="Ended dossiers that stay in the API and the database; older ones vanish."
    )
    push_form: Literal["national", "own"] = Field(
        default="own",
        description="national: DongBoHoSoMC, then CapNhatTienDoHoSoMC, in a session; own: /dossiers with X-Api-Key.",
    )
    push_key: Secret | None = Field(default=None, description="X-Api-Key of the form `own`.")
    push_username: str = Field(default="", description="User of the form `national`.")
    push_password: Secret | None = Field(default=None, description="Password of the form `national`.")
    push_look_up: bool = Field(
        default=False, description="The form `national` asks TraCuuHoSo first, instead of remembering what it has sent."
    )
    push_window: int = Field(default=32, ge=1, description="Calls that may be under way at once.")
    push_timeout: float = Field(default=30.0, gt=0, description="Seconds until an unanswered call is made again.")
    push_waiting: int = Field(
        default=100_000,
        ge=1,
        description="Events that may wait to be pushed; beyond, nothing new happens until some are.",
    )
    dossiers_per_day: float = Field(
        default=1_600, gt=0, description="Dossiers received in a working day; the report says 93,281 in a quarter."
    )
    speed: float = Field(
        default=1.0,
        gt=0,
        description="Seconds of office time that pass in a second. Nights, weekends and holidays are skipped.",
    )
    stepped: bool = Field(
        default=False, description="No clock: time passes only when the control port is told (POST /advance)."
    )
    interval: float = Field(default=1.0, gt=0, description="Seconds between two exports, and two looks at what is new.")
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
    untold: float = Field(
        default=0.2, ge=0, le=1, description="Share of the delays for which its software has no new appointment."
    )
    supplements: float = Field(default=0.04, ge=0, le=1, description="Share of dossiers that lack something.")
    second_supplements: float = Field(
        default=0.05, ge=0, le=1, description="Share of those that are asked for something once more."
    )
    sooner: float = Field(
        default=0.005, ge=0, le=1, description="Share of dossiers whose appointment is moved to an earlier day."
    )
    pauses: float = Field(
        default=0.01, ge=0, le=1, description="Share of dossiers of more than a day whose clock stands for a while."
    )
    posted: float = Field(default=0.05, ge=0, le=1, description="Share of dossiers that come by post.")
    posted_results: float = Field(
        default=34_221 / 93_281 - 0.05,
        ge=0,
        le=1,
        description="Share of results that go out by post; the report's 34,221 are those that came or went so.",
    )
    electronic_results: float = Field(
        default=0.3, ge=0, le=1, description="Share of the results of online dossiers that are electronic documents."
    )
    interlinked: float = Field(
        default=0.1, ge=0, le=1, description="Share of dossiers of more than a day that several agencies work on."
    )
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

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if self.push_url is None:
            return self
        if self.push_form == "own" and self.push_key is None:
            raise ValueError("push_key: the form own needs a key")
        if self.push_form == "national" and (not self.push_username or self.push_password is None):
            raise ValueError("push_username, push_password: the form national logs in")
        return self
