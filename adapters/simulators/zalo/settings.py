"""The settings of the Zalo simulator."""

from pathlib import Path

from pydantic import Field

from bot.settings import Settings as Base


class Settings(Base):
    """Where it listens, whom it knows, and how it behaves. Times are in seconds."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8082, ge=1, le=65535, description="port to listen on")
    app_id: str = Field("1180424000000000001", pattern=r"^\d+$", description="id of the only app it knows")
    app_secret: str = Field("zalo-app-t3st-secret", description="the app's secret key, for OAuth")
    oa_id: str = Field("2780424000000000002", pattern=r"^\d+$", description="id of the Official Account")
    oa_name: str = Field("Một cửa (mô phỏng)", description="name of the Official Account")
    oa_secret: str = Field("zalo-oa-t3st-secret", description="the OA's secret key, with which events are signed")
    access_token: str = Field("zalo-t3st-access-token", description="an access token that is good at the start")
    refresh_token: str = Field("zalo-t3st-refresh-token", description="a refresh token that is good once")
    token_seconds: int = Field(90_000, ge=1, description="life of an access token")
    webhook_url: str = Field("", description="where events go; empty: nowhere")
    webhook_patience: float = Field(2.0, gt=0, description="within which an event must be answered with 200")
    repeat_scale: float = Field(
        1.0, gt=0, description="events are told again after 30 s, 5, 15, 30 min and 1 h, each times this"
    )
    delay: float = Field(0.2, ge=0, description="from a message to its receipt")
    slow_delay: float = Field(8.0, ge=0, description="the same for those that end in 0004")
    quota: int = Field(500, ge=0, description="template messages a day")
    uploads: int = Field(5_000, ge=0, description="files that it takes")
    rate: int = Field(4000, ge=0, description="API calls a minute; 0 for no limit")
    templates: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="templates by id beside the ordinary ones: the kind of each parameter by its name "
        "(name, code, status, date, amount, address, url)",
    )
    log: Path | None = Field(None, description="file that gets a JSON line for every call and event, with texts")
