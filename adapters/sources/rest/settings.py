"""What an operator can say about an HTTP API of the one-stop software."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from adapters.records.settings import ObjectSettings
from adapters.sources.rest.moments import check_format
from adapters.sources.rest.requests import (
    BasicLogin,
    DetailRequest,
    JmesPath,
    ListRequest,
    Login,
    NoLogin,
    address,
)
from bot.settings import Secret
from bot.settings import Settings as Table


def _date_format(value: str) -> str:
    check_format(value)
    return value


class Paging(Table):
    """[sources.NAME.paging] How a long list is cut into pages."""

    by: Literal["none", "page", "offset", "next"] = Field(
        default="none", description="{page} counted from `first`, {offset} of records, {next} or a next address; none."
    )
    first: int = Field(default=1, ge=0, description="Number of the first page.")
    size: int = Field(default=500, ge=1, le=5_000, description="Records asked for in a page, as {size}.")
    total: JmesPath = Field(default="", description="JMESPath of the number of all records; empty: not told.")
    next: JmesPath = Field(default="", description="JMESPath of the cursor or address of the next page.")
    end: Literal["empty", "short"] = Field(
        default="empty",
        description="What ends a round where no total is told: an empty page, or already one shorter than `size` "
        "(spares a request; only where the software never gives fewer than asked for).",
    )
    most: int = Field(default=20_000, ge=1, description="Pages of one round beyond which something must be wrong.")

    @model_validator(mode="after")
    def _next_has_a_path(self) -> Self:
        if (self.by == "next") != bool(self.next):
            raise ValueError('`next` names the path of the next page for by = "next", and for that alone')
        return self


class Changes(Table):
    """[sources.NAME.changes] What of the list is asked for in a round."""

    mode: Literal["since", "window", "all"] = Field(
        default="all", description="What changed {since} the newest record seen; the last `days`; everything."
    )
    start: AwareDatetime | None = Field(
        default=None, description="{since} of the first round; none: the parameter is left out, everything is read."
    )
    overlap: float = Field(
        default=300.0, ge=0, description="Seconds by which {since} lies before the newest record seen."
    )
    days: float = Field(default=30.0, gt=0, description='Length of the window of mode "window".')
    format: Annotated[str, AfterValidator(_date_format)] = Field(
        default="%Y-%m-%dT%H:%M:%S",
        description="How {since} and {until} are written: strftime, or epoch (seconds), epoch_ms.",
    )
    field: JmesPath = Field(
        default="",
        description="JMESPath in a record of the moment with which the software compares {since}; empty: updated_at.",
    )


class Settings(ObjectSettings):
    """An HTTP API that is asked again and again. `fields` are JMESPaths."""

    base_url: Annotated[str, AfterValidator(address)] = Field(
        min_length=1, description="Where the API is, such as https://motcua.example.vn/api."
    )
    headers: dict[str, str] = Field(default={}, description="Headers of every request, such as dstcode.")
    secret_headers: dict[str, Secret] = Field(default={}, description="The same for keys, such as that of a gateway.")
    login: Login = Field(default=NoLogin(), description="How to log in.")
    listing: ListRequest = Field(description="The request that lists dossiers.")
    records: JmesPath = Field(
        default="", description="JMESPath of the list in the answer; empty: the answer is the list."
    )
    paging: Paging = Field(default=Paging(), description="How a long list is cut into pages.")
    changes: Changes = Field(default=Changes(), description="What of the list is asked for in a round.")
    detail: DetailRequest | None = Field(
        default=None, description="A request for each record, whose answer is laid over the record; none: not needed."
    )
    error_code: JmesPath = Field(
        default="error_code", description="JMESPath of the code of success in an answer; empty: HTTP's is enough."
    )
    success: tuple[str, ...] = Field(default=("0", "00"), description="The codes that mean success.")
    retries: int = Field(default=3, ge=0, le=10, description="Attempts after the first where a request failed.")
    retry_pause: float = Field(
        default=1.0, gt=0, description="Seconds before the second attempt; doubled each time, jittered."
    )
    longest_pause: float = Field(
        default=60.0, gt=0, description="Most seconds before an attempt, whatever Retry-After says."
    )
    timeout: float = Field(default=60.0, gt=0, le=600, description="Seconds for one attempt, from asking to last byte.")
    largest_mib: int = Field(default=32, ge=1, le=512, description="MiB beyond which an answer is refused.")
    verify_tls: bool = Field(default=True, description="False: the server's certificate is not checked; for trials.")
    ca_file: Path | None = Field(default=None, description="PEM file of the office's own certificate authority.")
    proxy: Annotated[str, AfterValidator(address)] = Field(default="", description="HTTP proxy; empty: none.")
    proxy_login: Secret | None = Field(default=None, description="Login of the proxy, as user:password.")

    @model_validator(mode="after")
    def _requests_fit(self) -> Self:
        used = self.listing.used
        if self.paging.by in ("page", "offset") and self.paging.by not in used:
            raise ValueError(f'paging by "{self.paging.by}" needs {{{self.paging.by}}} in the listing')
        if self.changes.mode != "all" and "since" not in used:
            raise ValueError(f'mode "{self.changes.mode}" needs {{since}} in the listing')
        if self.detail is not None and "code" not in self.detail.used:
            raise ValueError("the detail request needs {code}")
        needs_token = (used | (self.detail.used if self.detail else frozenset())) & {"session", "token"}
        if needs_token and isinstance(self.login, NoLogin | BasicLogin):
            raise ValueError(f'a login of kind "{self.login.kind}" gives no {{{min(needs_token)}}}')
        return self
