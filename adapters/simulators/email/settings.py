"""The settings of the simulated mail server."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from bot.settings import Settings as Strict


class Settings(Strict):
    """Where it listens, and whom it serves."""

    host: str = Field(default="127.0.0.1", description="address to listen on, for SMTP and for the page")
    port: int = Field(default=2525, ge=1, le=65535, description="SMTP port")
    control_port: int = Field(default=8083, ge=1, le=65535, description="HTTP port of the page and the control API")
    security: Literal["none", "starttls", "tls"] = Field(
        default="none", description="none; starttls: demanded before a login; tls: from the first byte"
    )
    tls_cert: Path | None = Field(default=None, description="certificate in PEM, for starttls and tls")
    tls_key: Path | None = Field(default=None, description="its key, where the certificate's file does not hold it")
    accounts: dict[str, str] = Field(
        default_factory=dict, description="passwords by user name; empty: nobody has to log in"
    )
    largest: int = Field(default=10_485_760, ge=1024, description="bytes of a message that it takes")
    log: Path | None = Field(default=None, description="file that gets a JSON line for every message, with texts")
