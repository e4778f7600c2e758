"""The settings of the calls to a watch outside of the house."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bot.settings import Secret, Settings


def _is_web_address(value: SecretStr) -> SecretStr:
    """Its error never quotes the address, which is a key."""
    try:
        parts = urlsplit(value.get_secret_value())
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise ValueError("phải là địa chỉ http:// hoặc https:// / expected an address that begins with https://")
    return value


Address = Annotated[Secret, AfterValidator(_is_web_address)]


class HeartbeatSettings(Settings):
    """`[heartbeat]`: while the service is well it calls an address of a watch outside of the house, which raises the
    alarm when the calls stay away."""

    url: Address | None = Field(None, description="called while the service is well; none: nobody is called")
    alarm_url: Address | None = Field(
        None, description="called instead while an alarm is open; none: then nothing is called"
    )
    method: Literal["GET", "POST"] = Field("GET", description="how it is called")
    every: float = Field(60.0, ge=5, le=3_600, description="seconds between two calls")
    timeout: float = Field(10.0, gt=0, le=60, description="seconds that an answer may take")
    proxy: str = Field("", description="HTTP proxy to go through, as in http://10.0.0.1:3128; empty: none")
    ca_file: Path | None = Field(None, description="certificates to trust beside the system's")

    @model_validator(mode="after")
    def _knows_where_to_call(self) -> Self:
        if self.alarm_url and not self.url:
            raise ValueError("alarm_url cần có url / needs url")
        return self
