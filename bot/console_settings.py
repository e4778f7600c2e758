"""The settings of the staff console."""

from pydantic import Field, HttpUrl, SecretStr

from bot.settings import Secret, Settings


class OpenIdSettings(Settings):
    """Log-in by the province's own identity provider."""

    issuer: HttpUrl | None = Field(None, description="the provider's issuer; none: log-in by password")
    client_id: str = Field("", description="our name there")
    client_secret: Secret = Field(SecretStr(""), description="env:NAME or file:PATH")
    name: str = Field("Tài khoản của tỉnh", description="what stands on the button")


class ConsoleSettings(Settings):
    """`[console]`: where the staff work."""

    enabled: bool = Field(True, description="serve the console under /can-bo/")
    idle_minutes: float = Field(60.0, gt=0, description="minutes without a click after which a session ends")
    longest_hours: float = Field(12.0, gt=0, description="hours after which a session ends anyway")
    failures: int = Field(10, ge=1, description="failed log-ins after which an account is locked")
    lock_minutes: float = Field(15.0, gt=0, description="minutes for which it is locked")
    door_per_minute: int = Field(60, ge=2, description="attempts to log in that one network may make in a minute")
    invitation_hours: float = Field(48.0, gt=0, description="hours for which an invitation holds")
    require_totp: bool = Field(True, description="nobody works without a second factor")
    issuer: str = Field("Một cửa", min_length=1, description="name of the account in an authenticator app")
    openid: OpenIdSettings = OpenIdSettings()
