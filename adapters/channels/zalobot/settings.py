"""The settings of a channel of the Zalo Bot Platform."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bot.settings import Secret
from bot.settings import Settings as Base

_TOKEN = re.compile(r"(?<!\d)\d+:[A-Za-z0-9_-]+")
_HEADER = re.compile(r"[\x21-\x7e]{8,256}")


def _token(value: SecretStr) -> SecretStr:
    # The token becomes part of every URL, so a stray slash or line end would quietly call something else.
    if not _TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError(
            "không phải mã bot do Zalo Bot Manager gửi / not a token of Zalo Bot Manager: digits, a colon, letters"
        )
    return value


def _webhook_secret(value: SecretStr) -> SecretStr:
    if not _HEADER.fullmatch(value.get_secret_value()):
        raise ValueError("cần 8 đến 256 ký tự không dấu, không cách / 8 to 256 plain characters without spaces")
    return value


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("cần địa chỉ http:// hoặc https:// / an address with http:// or https:// is expected")
    if parts.username or parts.password:
        raise ValueError("địa chỉ không được chứa mật khẩu / a login does not belong into an address")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]


class Settings(Base):
    """How to reach the Bot Platform, and how it reaches us."""

    token: Annotated[Secret, AfterValidator(_token)] = Field(description="the bot's token from Zalo Bot Manager")
    base_url: HttpUrl = Field(
        "https://bot-api.zaloplatforms.com", min_length=1, description="where the Bot API is, without /bot…"
    )
    mode: Literal["webhook", "polling"] = Field(
        "webhook",
        description="how messages come: Zalo calls us (for service), or we ask Zalo (for trials: what was fetched and "
        "not yet stored is lost in a crash)",
    )
    webhook_secret: Annotated[Secret, AfterValidator(_webhook_secret)] | None = Field(
        None, description="what Zalo must send in X-Bot-Api-Secret-Token, 8 to 256 characters; for mode webhook"
    )
    webhook_url: HttpUrl = Field(
        "",
        description="the public address of /webhooks/{channel}: Zalo is told it at the start; empty: told by hand with "
        "setWebhook",
    )
    proxy: HttpUrl = Field("", description="HTTP proxy that all calls go through; empty for none")
    poll_seconds: int = Field(25, ge=1, le=50, description="seconds that Zalo holds a poll open")
    connect_timeout: float = Field(5.0, gt=0, le=60, description="seconds until a connection must stand")
    read_timeout: float = Field(10.0, gt=0, le=120, description="seconds until an answer must have come")
    window: int = Field(10, ge=1, le=100, description="messages that may be under way at once")
    rate: float = Field(10.0, ge=0, description="messages a second; Zalo states no limit of its own; 0 for no limit")

    @model_validator(mode="after")
    def _webhook_needs_a_secret(self) -> Self:
        if self.mode == "webhook" and self.webhook_secret is None:
            raise ValueError("mode webhook cần webhook_secret / mode webhook needs a webhook_secret")
        return self
