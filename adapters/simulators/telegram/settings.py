"""The settings of the Telegram simulator."""

from pathlib import Path

from pydantic import Field

from bot.settings import Settings as Base


class Settings(Base):
    """Where it listens, and how strict it is."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8081, ge=1, le=65535, description="port to listen on")
    control_port: int = Field(
        0, ge=0, le=65535, description="port at which its controls stay open in an outage; 0: they share `port`"
    )
    token: str = Field(
        "110201543:simulated-bot", pattern=r"^\d+:[A-Za-z0-9_-]+$", description="the only bot token it knows"
    )
    rate: float = Field(0, ge=0, description="messages a second that it takes over all chats; 0 for no limit")
    chat_rate: float = Field(0, ge=0, description="messages a second that it takes for one chat; 0 for no limit")
    paid_rate: float = Field(0, ge=0, description="the first limit for messages of paid broadcasts; 0 for none")
    webhook_retry: float = Field(
        1.0, gt=0, description="seconds until a webhook that failed is called again, doubled up to a minute"
    )
    log: Path | None = Field(None, description="file that gets a JSON line for every call, with texts")
