"""What was heard and not yet handed on, with the answers that the SMSC waits for."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.model.message import InboundMessage, Receipt

Asked = Callable[[int], None]
"""Answers one deliver_sm or data_sm with a command status."""

BATCH = 500
"""Most events in one delivery: about what one transaction of the storage takes gladly."""
ROOM = 20_000
"""Events that may wait; the SMSC is asked to come again with what exceeds it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event, and whom to tell once it is durable."""

    event: Receipt | InboundMessage
    asked: tuple[Asked, ...] = ()

    def answer(self, status: int) -> None:
        for asked in self.asked:
            asked(status)


class Inbox:
    """Collects while the batch before is being delivered."""

    def __init__(self, *, whole_messages: bool = False) -> None:
        """`whole_messages` where a long text goes as one submit and so has one receipt."""
        self._whole = whole_messages
        self._waiting: list[Heard] = []
        self._filled = asyncio.Event()

    @property
    def full(self) -> bool:
        return len(self._waiting) >= ROOM

    def put(self, heard: Heard) -> None:
        if self._whole and isinstance(heard.event, Receipt):
            heard = replace(heard, event=replace(heard.event, whole=True))
        self._waiting.append(heard)
        self._filled.set()

    async def take(self) -> list[Heard]:
        """All that waits, at most `BATCH`, in the order it came; waits for the first."""
        await self._filled.wait()
        batch = self._waiting[:BATCH]
        del self._waiting[:BATCH]
        if not self._waiting:
            self._filled.clear()
        return batch
