"""How many template messages are left today, as Zalo told last."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.channels.zalo.hours import until_midnight
from bot.model.clock import VIETNAM, Clock


class Quota:
    """Told by each answer to a template message, and asked for every hour. A new day begins at midnight in Vietnam."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told_at: datetime | None = None
        self.remaining: int | None = None
        """None while nothing was told."""
        self.daily: int | None = None

    def read(self, told: object) -> None:
        """Takes over `{"dailyQuota": "500", "remainingQuota": "499"}`; anything else changes nothing."""
        if not isinstance(told, Mapping):
            return
        remaining = _number(told.get("remainingQuota"))
        if remaining is not None:
            self.remaining, self._told_at = remaining, self._clock()
            self.daily = _number(told.get("dailyQuota")) or self.daily

    def is_used_up(self) -> None:
        """Zalo refused a message because of it."""
        self.remaining, self._told_at = 0, self._clock()

    def wait(self) -> float | None:
        """Seconds until there is a new one, where today's is used up; else None."""
        now = self._clock()
        if self._told_at is None or self.remaining != 0 or _day(now) != _day(self._told_at):
            return None
        return until_midnight(now)


def _day(moment: datetime) -> Any:
    return moment.astimezone(VIETNAM).date()


def _number(value: object) -> int | None:
    text = str(value).strip() if isinstance(value, str | int) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
