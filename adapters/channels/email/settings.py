"""The settings of an e-mail channel."""

import re
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from bot.settings import Secret
from bot.settings import Settings as Base

_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9.-]+")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_LONGEST_LOCAL, _LONGEST = 64, 254
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


def is_mailbox(value: str) -> bool:
    """Whether it is `local@domain` as any mail server takes it (RFC 5321 section 4.1.2, in ASCII, unquoted)."""
    local, _, domain = value.partition("@")
    fits = len(value) <= _LONGEST and len(local) <= _LONGEST_LOCAL
    return fits and _MAILBOX.fullmatch(value) is not None and _DOMAIN.fullmatch(domain) is not None


def _sender(value: str) -> str:
    if value.strip() != value or not value.isprintable() or not is_mailbox(parseaddr(value)[1]):
        raise ValueError('an address is expected, or "Name <name@host>"')
    return value


def _mailbox(value: str) -> str:
    if value and not is_mailbox(value):
        raise ValueError("an address such as motcua@khanhhoa.gov.vn is expected")
    return value


def _domain(value: str) -> str:
    if value and not _DOMAIN.fullmatch(value):
        raise ValueError("a domain such as khanhhoa.gov.vn is expected")
    return value


class Settings(Base):
    """One mail server that takes our messages."""

    host: str = Field(min_length=1, pattern=r"^[A-Za-z0-9.:-]+$", description="the mail server (SMTP)")
    port: int = Field(587, ge=1, le=65535, description="587 with starttls, 465 with tls")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="how the connection is protected; none: only to a server on this machine"
    )
    username: str = Field("", description="login; empty: the server asks for none")
    password: Secret | None = Field(None, description="its password")
    sender: Annotated[str, AfterValidator(_sender)] = Field(
        description='who writes: "Một cửa Khánh Hòa <motcua@khanhhoa.gov.vn>"'
    )
    reply_to: Annotated[str, AfterValidator(_mailbox)] = Field("", description="where answers go; empty: to the sender")
    subject: str = Field("", max_length=60, description="what stands before the first line in the subject")
    domain: Annotated[str, AfterValidator(_domain)] = Field(
        "", description="our name to the server and in message ids; empty: that of the sender's address"
    )
    ca_file: Path | None = Field(None, description="certificates to trust beside the system's")
    connect_timeout: float = Field(
        10.0, gt=0, le=60, description="seconds until we are logged in and the recipient is taken"
    )
    response_timeout: float = Field(
        15.0, gt=0, le=120, description="seconds to wait for an answer; after the text was sent, then uncertain"
    )
    idle: float = Field(60.0, ge=0, description="seconds after which an unused connection is not used again")
    rate: float = Field(5.0, ge=0, description="messages a second; 0 for no limit")

    @property
    def from_address(self) -> str:
        """The address alone."""
        return parseaddr(self.sender)[1]

    @property
    def own_name(self) -> str:
        """Our domain."""
        return self.domain or self.from_address.partition("@")[2]

    @model_validator(mode="after")
    def _is_protected(self) -> Self:
        if self.security == "none" and self.host not in _THIS_MACHINE:
            raise ValueError("security = none chỉ dùng trong cùng máy / is only for a server on this machine")
        if bool(self.username) is not (self.password is not None):
            raise ValueError("username và password đi cùng nhau / go together")
        return self
