"""What an operator can say about a one-stop software that calls us."""

from datetime import time
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from adapters.records.settings import ObjectSettings
from bot.settings import Secret

SHORTEST_SECRET = 16
"""Characters of a key or password. Callers are programs: nobody has to remember it."""

Success = Literal["00", "0", 0]


class Settings(ObjectSettings):
    """Who may call, how much at once, and what its callers take for a yes."""

    keys: tuple[Secret, ...] = Field(
        default=(), description="Keys that callers send as `X-Api-Key`; several while one replaces another."
    )
    signing_keys: tuple[Secret, ...] = Field(
        default=(), description="Keys with which callers sign `X-Timestamp.body` (HMAC-SHA256) in `X-Signature`."
    )
    users: dict[str, Secret] = Field(
        default={}, description="User name -> password, for callers that log in at `auth` and then name a session."
    )
    signature_window: float = Field(
        default=300.0, gt=0, le=3_600, description="Seconds by which a caller's clock may differ from ours."
    )
    session_seconds: float = Field(default=86_400.0, ge=60, description="Seconds for which a session is good.")
    most_records: int = Field(default=1_000, ge=1, le=5_000, description="Records in one call.")
    largest_mib: int = Field(default=8, ge=1, le=64, description="MiB of one call beyond which it is not read.")
    success_code: Success = Field(
        default="00",
        description="`error_code` of a yes in the national dialect, as the caller compares it.",
    )
    login_success_code: Success = Field(default=0, description="The same for the answer to a log-in.")
    http_errors: bool = Field(
        default=False,
        description="True: errors in the national dialect come with HTTP 400, 401, 404 and 422; false: with 200 and "
        "an `error_code`, because its callers do not read the body of anything else.",
    )
    stale_after: float = Field(
        default=93_600.0,
        gt=0,
        description="Seconds of silence after which what we have is no longer stated as current: a night is quiet. "
        "A software that calls `alive` every 15 minutes can have 3600.",
    )
    reconcile_at: time | None = Field(
        default=None, description="Not used: a software that only calls cannot be asked what it has."
    )

    @field_validator("keys", "signing_keys")
    @classmethod
    def _long_keys(cls, value: tuple[Secret, ...]) -> tuple[Secret, ...]:
        return tuple(_long(each) for each in value)

    @field_validator("users")
    @classmethod
    def _long_passwords(cls, value: dict[str, Secret]) -> dict[str, Secret]:
        return {name: _long(password) for name, password in value.items()}

    @model_validator(mode="after")
    def _somebody_may_call(self) -> Self:
        if not (self.keys or self.signing_keys or self.users):
            raise ValueError("nobody could call: give at least one of keys, signing_keys and users")
        return self


def _long(secret: Secret) -> Secret:
    if len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"a key or password of a caller needs at least {SHORTEST_SECRET} characters")
    return secret
