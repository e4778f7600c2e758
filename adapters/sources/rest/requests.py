"""How an operator describes a request to the one-stop software, and the ways to log in there."""

from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, JsonValue, model_validator

from adapters.records.paths import path
from adapters.sources.rest.templates import names_in
from bot.settings import Secret, Settings

_CREDENTIALS: dict[str, JsonValue] = {"username": "{username}", "password": "{password}"}

Scalar = str | int | float | bool

_IN_URL = frozenset({"page", "offset", "size", "code"})
"""What may stand in the path of an address: that is named in messages and logs."""


def address(value: str) -> str:
    """A whole address, without a login in it; or empty. Raises `ValueError` for anything else."""
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("an address that begins with http:// or https:// is expected")
    if parts.username or parts.password:
        raise ValueError("a login does not belong into an address")
    return value


def _address_or_path(value: str) -> str:
    return value if value.startswith("/") else address(value)


def _sound_path(value: str) -> str:
    if value:
        path(value)
    return value


JmesPath = Annotated[str, AfterValidator(_sound_path)]
"""A JMESPath; empty where a field has a meaning for none."""


def _about_a_token(value: str) -> str:
    if names_in(value) - {"token"}:
        raise ValueError("{token} is the only placeholder here")
    return value


TokenText = Annotated[str, AfterValidator(_about_a_token)]


class Request(Settings):
    """A request with placeholders. What has no value at the moment (`{since}` in the first round) is left out."""

    placeholders: ClassVar[frozenset[str]] = frozenset()

    method: Literal["GET", "POST"] = "GET"
    url: Annotated[str, AfterValidator(_address_or_path)] = Field(
        min_length=1, description="Path behind base_url, beginning with /; or a whole address."
    )
    query: dict[str, Scalar] = Field(default={}, description="Parameters behind the question mark.")
    headers: dict[str, str] = Field(default={}, description="Headers of this request alone; nothing secret.")
    body: dict[str, JsonValue] | list[JsonValue] | None = Field(
        default=None, description="Body of a POST; a text that is only {page} is sent as a number, {page!s} as a text."
    )
    encoding: Literal["json", "form"] = Field(default="json", description="How the body is written.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.method == "GET" and self.body is not None and "body" in self.model_fields_set:
            raise ValueError("a GET request has no body")
        if self.encoding == "form" and isinstance(self.body, list):
            raise ValueError("a form is a table of names, not a list")
        strangers = sorted(self.used - self.placeholders)
        if strangers:
            raise ValueError(f"unknown placeholder {', '.join(strangers)}; known are {', '.join(self.placeholders)}")
        secret = sorted(names_in(self.url) - _IN_URL)
        if secret:
            raise ValueError(f"{', '.join(secret)} cannot stand in the url itself: use query, headers or body")
        return self

    @property
    def used(self) -> frozenset[str]:
        """The placeholders in it."""
        return names_in([self.url, *self.query.values(), *self.headers.values(), self.body])

    @property
    def path(self) -> str:
        """How messages name it: never with what the placeholders stand for, nor with the query."""
        _, scheme, rest = self.url.partition("://")
        return ("/" + rest.partition("/")[2] if scheme else self.url).partition("?")[0]


class ListRequest(Request):
    """[sources.NAME.listing]"""

    placeholders = frozenset({"page", "offset", "size", "next", "since", "until", "session", "token"})


class DetailRequest(Request):
    """[sources.NAME.detail] Asked once for each record of the list."""

    placeholders = frozenset({"code", "session", "token"})

    code: JmesPath = Field(default="", description="JMESPath of {code} in a record of the list; empty: the dossier's.")
    record: JmesPath = Field(default="", description="JMESPath of the record in the answer; empty: all of it.")
    at_once: int = Field(default=8, ge=1, le=64, description="Requests that may be under way together.")


class NoLogin(Settings):
    kind: Literal["none"] = "none"


class BasicLogin(Settings):
    """User name and password with every request (RFC 7617)."""

    kind: Literal["basic"]
    username: str
    password: Secret


class FixedToken(Settings):
    """A token or key that was given to us once and for all."""

    kind: Literal["bearer"]
    token: Secret
    header: str = Field(default="Authorization", description="Header that carries it; empty: only as {token}.")
    value: TokenText = Field(default="Bearer {token}", description="What that header says.")


class AskedLogin(Request):
    """A request that answers with something to show from then on."""

    placeholders = frozenset({"username", "password"})

    method: Literal["GET", "POST"] = "POST"
    body: dict[str, JsonValue] | list[JsonValue] | None = Field(
        default=_CREDENTIALS,
        description="Body of the log-in where it is a POST.",
    )
    username: str
    password: Secret
    basic: bool = Field(default=False, description="True: user name and password also as Basic authentication.")
    token: JmesPath = Field(default="token", min_length=1, description="JMESPath of the token in the answer.")
    header: str = Field(default="Authorization", description="Header that carries it; empty: only as {token}.")
    value: TokenText = Field(default="Bearer {token}", description="What that header says.")
    keep: float = Field(default=82_800.0, gt=0, description="Seconds for which a token is used before the next log-in.")


class TokenLogin(AskedLogin):
    kind: Literal["token"]


class SessionLogin(AskedLogin):
    """As the adaptors of Cổng DVCQG: the session travels as {session} in the body of each request."""

    kind: Literal["session"]
    token: JmesPath = Field(default="session", min_length=1, description="JMESPath of the session in the answer.")
    header: str = Field(default="", description="Header that carries it too; empty: none.")
    value: TokenText = Field(default="{token}", description="What that header says.")
    keep: float = Field(default=1_800.0, gt=0, description="Seconds for which a session is used.")


Login = Annotated[NoLogin | BasicLogin | FixedToken | TokenLogin | SessionLogin, Field(discriminator="kind")]
