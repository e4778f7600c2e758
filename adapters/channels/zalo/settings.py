"""What the table of a Zalo channel may say: the app, the official account, the registered templates."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from bot.model.message import Situation
from bot.model.parameters import CITIZEN_VALUES, Kind
from bot.settings import Secret
from bot.settings import Settings as Base


class Parameter(Base):
    """A parameter of a registered template."""

    value: str = Field(description=f"what it is filled with: {', '.join(CITIZEN_VALUES)}")
    type: Kind = Field(description="as it was registered: " + ", ".join(Kind))

    @field_validator("value")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in CITIZEN_VALUES:
            known = ", ".join(CITIZEN_VALUES)
            raise ValueError(f"không có giá trị “{value}” / there is no such value; there are {known}")
        return value


class Template(Base):
    """A template as Zalo approved it, for one kind of message."""

    id: str = Field(pattern=r"^[A-Za-z0-9]{1,64}$", description="Zalo's id of the template")
    params: dict[str, Parameter] = Field(default_factory=dict, description="its parameters by Zalo's names")
    price_phone: int | None = Field(default=None, ge=0, description="đồng a message to a phone number")
    price_uid: int | None = Field(default=None, ge=0, description="đồng a message to a user of the account")


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("an address that starts with http:// or https:// is expected")
    return value.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_web_address)]


class Settings(Base):
    """One official account, and the app that speaks for it."""

    app_id: str = Field(pattern=r"^[0-9]{1,24}$", description="id of the app at developers.zalo.me")
    app_secret: Secret = Field(description="its secret key")
    oa_secret: Secret | None = Field(
        default=None, description="OA secret key that signs the webhook's events; empty: the app's secret key"
    )
    oa_id: str = Field(
        default="", pattern=r"^[0-9]{0,24}$", description="id of the account: events of others are left alone"
    )
    redirect_uri: WebAddress = Field(
        default="", description="the Official Account Callback Url, exactly as it stands in the app's settings"
    )
    oauth_url: WebAddress = Field(default="https://oauth.zaloapp.com", description="where consent and tokens are")
    api_url: WebAddress = Field(default="https://openapi.zalo.me", description="where messages to users go")
    business_url: WebAddress = Field(
        default="https://business.openapi.zalo.me", description="where template messages to phone numbers go"
    )
    templates: dict[Situation, Template] = Field(
        default_factory=dict, description="the registered template of each kind of message"
    )
    price_late: int | None = Field(
        default=None, ge=0, description="đồng an answer later than 48 hours after the citizen wrote; none: unknown"
    )
    receipts: bool = Field(default=True, description="whether the webhook's event user_received_message is switched on")
    development: bool = Field(
        default=False, description="templates by phone go to administrators of the app or account only, for trials"
    )
    rate: float = Field(default=50, ge=0, description="messages a second; Zalo takes 4,000 requests a minute an app")
    window: int = Field(default=20, ge=1, le=200, description="requests that may be under way at once")
    connect_timeout: float = Field(default=5, gt=0, le=60, description="seconds until a connection must stand")
    response_timeout: float = Field(
        default=12, gt=0, le=60, description="seconds to wait for an answer, then uncertain"
    )
    ca_file: Path | None = Field(default=None, description="certificates to trust beside the system's")
    proxy: WebAddress = Field(default="", description="HTTP proxy to go through, as in http://10.0.0.1:3128")
    refresh_before: float = Field(
        default=21_600, gt=0, description="seconds before the access token's end (25 hours) when it is renewed"
    )
    spool: Path = Field(
        default=Path("zalo-spool"),
        description="folder of our own where a renewed pair of tokens waits until it is in the database",
    )
