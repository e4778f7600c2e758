"""The settings of the simulated Zalo Bot Platform."""

from pathlib import Path

from pydantic import Field

from bot.settings import Settings as Base


class Settings(Base):
    """Where it listens and how it behaves. Times are in seconds."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8083, ge=1, le=65535, description="port to listen on")
    token: str = Field(
        "2845046105240424:simulated-bot", pattern=r"^\d+:[A-Za-z0-9_-]+$", description="the only bot token it knows"
    )
    name: str = Field("Bot Một cửa (mô phỏng)", description="the bot's name")
    rate: float = Field(0, ge=0, description="messages a second that it takes; 0 for no limit")
    wrapped: bool = Field(False, description="whether webhook calls hold the update inside of ok and result")
    webhook_patience: float = Field(5.0, gt=0, description="within which a webhook call must be answered with 200")
    repeat_after: float = Field(5.0, gt=0, description="until a webhook call that was not taken is made again")
    log: Path | None = Field(None, description="file that gets a JSON line for every call, with texts")
