"""The settings of the simulated HTTP providers."""

from pathlib import Path

from pydantic import Field

from bot.settings import Settings as Strict


class Settings(Strict):
    """Where they listen and how they behave; times in seconds."""

    host: str = Field(default="127.0.0.1", description="address to listen on, for the providers and the control API")
    port: int = Field(default=2777, ge=1, le=65535, description="port of all the providers' APIs")
    control_port: int = Field(default=2778, ge=1, le=65535, description="port of the control API")
    log: Path | None = Field(default=None, description="file that gets a JSON line for every message, with texts")
    delay: float = Field(default=0.2, ge=0, description="from a message to its receipt")
    slow_delay: float = Field(default=8.0, ge=0, description="the same for numbers that end in 0004")
    repeat_after: float = Field(default=1.0, gt=0, description="until a callback that failed is made again")
    callback: str = Field(default="", description="where receipts go when the API does not say for each message")
    mo_callback: str = Field(default="", description="where citizens' messages go")
    accounts: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="accounts by provider, in place of the ordinary test accounts"
    )
    rate: float = Field(default=0, ge=0, description='messages a second each provider takes, then "too fast"; 0: all')
