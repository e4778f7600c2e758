"""What the table of an HTTP gateway may say, whatever its provider."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import Field

from bot.settings import Secret, SmsSettings

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class HttpSettings(SmsSettings):
    """Base of every provider's settings; each adds its keys, and a default for `url`."""

    provider: str = Field(description="which provider's API this is")
    url: str = Field(pattern=r"^https?://[^\s]+$", description="where the API is")
    sender: str = Field(default="", max_length=20, description="brandname or number that citizens see as the sender")
    window: int = Field(default=20, ge=1, le=1_000, description="requests that may be under way at once")
    rate: float = Field(default=0, ge=0, description="parts a second agreed with the provider; 0 for no limit")
    connect_timeout: Seconds = Field(default=5, description="seconds to connect")
    response_timeout: Seconds = Field(default=15, description="seconds to wait for an answer, then uncertain")
    ca_file: Path | None = Field(default=None, description="certificates to trust beside the system's")
    verify_tls: bool = Field(default=True, description="false only for a test host with a home-made certificate")
    proxy: str = Field(default="", description="HTTP proxy to go through, as in http://10.0.0.1:3128")
    callback_secret: Secret | None = Field(
        default=None,
        description="the provider calls /webhooks/CHANNEL/SECRET/dlr and …/mo; at least 16 letters, digits, - or _",
    )
    callback_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="networks from which callbacks are accepted; empty: any"
    )
    reply_in_answer: bool = Field(
        default=False, description="replies go in the answer to the provider's own call, where it can take them there"
    )
    poll: float = Field(
        default=0, ge=0, description="seconds between questions for receipts; 0: none are asked (callbacks come)"
    )
    statuses: dict[str, str] = Field(
        default_factory=dict,
        description='what codes of the provider mean beside those we know: {"147" = "permanent"}; words as in Verdict',
    )
