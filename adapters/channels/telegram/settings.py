"""The settings of a Telegram channel."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from bot.settings import Secret
from bot.settings import Settings as Base

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")


def _token(value: SecretStr) -> SecretStr:
    # The token becomes part of every URL, so a stray slash or line end would quietly call something else.
    if not _TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("this is not a token as BotFather gives it: digits, a colon, letters and digits")
    return value


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("an address that starts with http:// or https:// is expected")
    if parts.username or parts.password:
        raise ValueError("a login does not belong into an address: use proxy_login")
    return value


class Settings(Base):
    """How to reach the Bot API, and how fast."""

    token: Annotated[Secret, AfterValidator(_token)] = Field(description="the bot's token from BotFather")
    base_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "https://api.telegram.org/bot",
        min_length=1,
        description="where the Bot API is; the token is appended, or replaces {token}",
    )
    proxy: Annotated[str, AfterValidator(_http_url)] = Field(
        "", description="HTTP proxy that all calls go through, such as http://10.0.0.1:3128; empty for none"
    )
    proxy_login: Secret | None = Field(None, description="login of the proxy, as user:password")
    poll_seconds: int = Field(25, ge=1, le=50, description="seconds that Telegram holds a poll open")
    connect_timeout: float = Field(5.0, gt=0, le=60, description="seconds until a connection must stand")
    read_timeout: float = Field(10.0, gt=0, le=120, description="seconds until an answer must have come")
    window: int = Field(20, ge=1, le=100, description="messages that may be under way at once")
    rate: float = Field(
        25.0, ge=0, description="messages a second; Telegram slows bots down at about 30; 0 for no limit"
    )
