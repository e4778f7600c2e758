"""The settings of a Telegram channel."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bot.settings import Secret
from bot.settings import Settings as Base

_TOKEN = re.compile(r"(?<!\d)\d+:[A-Za-z0-9_-]+")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
_WEBHOOK_PORTS = (443, 80, 88, 8443)
_TELEGRAM = "api.telegram.org"


def _token(value: SecretStr) -> SecretStr:
    # The token becomes part of every URL, so a stray slash or line end would quietly call something else.
    if not _TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("this is not a token as BotFather gives it: digits, a colon, letters and digits")
    return value


def _secret_token(value: SecretStr) -> SecretStr:
    if not _WEBHOOK_SECRET.fullmatch(value.get_secret_value()):
        raise ValueError("16 to 256 letters, digits, _ and - are expected")
    return value


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("an address that starts with http:// or https:// is expected")
    if parts.username or parts.password:
        raise ValueError("a login does not belong into an address: use proxy_login")
    return value


class Settings(Base):
    """How to reach the Bot API, how fast, and how news come in."""

    token: Annotated[Secret, AfterValidator(_token)] = Field(description="the bot's token from BotFather")
    base_url: Annotated[str, AfterValidator(_http_url)] = Field(
        f"https://{_TELEGRAM}/bot",
        min_length=1,
        description="where the Bot API is; the token is appended, or replaces {token}",
    )
    proxy: Annotated[str, AfterValidator(_http_url)] = Field(
        "", description="HTTP proxy that all calls go through, such as http://10.0.0.1:3128; empty for none"
    )
    proxy_login: Secret | None = Field(None, description="login of the proxy, as user:password")
    mode: Literal["polling", "webhook"] = Field(
        "polling", description="polling: we ask Telegram for news; webhook: Telegram calls us"
    )
    webhook_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "", description="our public address for mode = webhook: https://…/webhooks/NAME, port 443, 80, 88 or 8443"
    )
    webhook_secret: Annotated[Secret, AfterValidator(_secret_token)] | None = Field(
        None, description="what Telegram shows with each call of the webhook: 16 to 256 of A-Z a-z 0-9 _ -"
    )
    webhook_connections: int = Field(40, ge=1, le=100, description="calls that Telegram may make to us at once")
    take_over: bool = Field(
        False, description="polling: delete a webhook that is in the way, whoever set it; else it is only reported"
    )
    poll_seconds: int = Field(25, ge=1, le=50, description="seconds that Telegram holds a poll open")
    connect_timeout: float = Field(5.0, gt=0, le=60, description="seconds until a connection must stand")
    read_timeout: float = Field(10.0, gt=0, le=120, description="seconds until an answer must have come")
    window: int = Field(20, ge=1, le=500, description="messages that may be under way at once")
    rate: float = Field(
        28.0, ge=0, description="messages in any second; Telegram allows a bot about 30; 0 for no limit"
    )
    chat_rate: float = Field(
        1.0, ge=0, description="messages a second to one and the same chat; Telegram allows about 1; 0 for no limit"
    )
    paid_broadcast: bool = Field(
        False, description="what is sent unasked goes beyond the free limit, at a price in Stars; replies stay free"
    )
    paid_rate: float = Field(
        1000.0, gt=0, le=1000, description="messages in any second with paid_broadcast; Telegram allows 1000"
    )

    @model_validator(mode="after")
    def _webhook_is_whole(self) -> Self:
        if self.mode == "polling":
            return self
        if not self.webhook_url or self.webhook_secret is None:
            raise ValueError("mode = webhook cần webhook_url và webhook_secret / needs webhook_url and webhook_secret")
        where = urlsplit(self.webhook_url)
        port = where.port or (443 if where.scheme == "https" else 80)
        if urlsplit(self.base_url).hostname == _TELEGRAM and (where.scheme != "https" or port not in _WEBHOOK_PORTS):
            raise ValueError("webhook_url: Telegram chỉ gọi / calls only https, port 443, 80, 88, 8443")
        return self
