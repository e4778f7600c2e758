"""The shape of the table about broadcasts."""

from pydantic import Field

from bot.settings import Settings


class BroadcastSettings(Settings):
    """[broadcasts] Messages to many."""

    approve_people: int = Field(100, ge=0, description="recipients above which another person must approve; 0: always")
    approve_cost: int = Field(100_000, ge=0, description="đồng above which another person must approve")
    canary: int = Field(20, ge=0, description="how many leave first, before somebody says that the rest may; 0: all")
    canary_minutes: float = Field(
        0.0, ge=0, description="minutes after which the rest goes by itself; 0: it waits for a person"
    )
    canary_failed_percent: float = Field(
        5.0, ge=0, le=100, description="share of failures among the first at which it waits for a person all the same"
    )
    waiting: int = Field(
        2_000, ge=500, le=20_000, description="messages of one broadcast that may wait to be sent at once"
    )
    chat: tuple[str, ...] = Field(
        (), description="chats in which staff may order broadcasts (/phattin): telegram, zalo; empty: none"
    )
