"""Replies that go in the answer to the provider's own call, as Vietnamese short codes do it (eSMS, Kannel).

The bot's reply takes the way of every message: planned, claimed from the outbox, handed to our sender. The sender looks
here first: where the call that brought the citizen's message still waits, its text goes there.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from bot.model.message import InboundMessage, Lane, OutboxItem

_PATIENCE = 3.0
"""Seconds that the provider's call waits for a reply."""
_MEETING = 1.0
"""Seconds that a reply, which is sometimes quicker, waits for the call to begin waiting."""
_REMEMBERED = 1_000


@dataclass(slots=True)
class _Slot:
    message: InboundMessage
    awaited: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody waits for the text and will write it out."""
    given: asyncio.Event = field(default_factory=asyncio.Event)
    reply: str = field(default="", repr=False)


class Replies:
    """The calls that wait, by the origin that the reply to them will have."""

    def __init__(self, *, patience: float = _PATIENCE, meeting: float = _MEETING) -> None:
        self._patience = patience
        self._meeting = meeting
        self._waiting: OrderedDict[str, _Slot] = OrderedDict()
        self._given: OrderedDict[str, str] = OrderedDict()

    def expect(self, message: InboundMessage) -> None:
        """A call is going to wait for the reply to `message`."""
        while len(self._waiting) >= _REMEMBERED:
            self._waiting.popitem(last=False)
        self._waiting.setdefault(_origin(message), _Slot(message))

    async def reply_to(self, message: InboundMessage) -> str:
        """The reply, or nothing if none came in time. To a call that the provider repeats, the same once more: it did
        not see the first answer."""
        key = _origin(message)
        if key in self._given:
            return self._given[key]
        slot = self._waiting.get(key)
        if slot is None:
            return ""
        slot.awaited.set()
        try:
            async with asyncio.timeout(self._patience):
                await slot.given.wait()
        except TimeoutError:
            return ""
        finally:
            self._waiting.pop(key, None)
        return slot.reply

    async def offer(self, item: OutboxItem) -> bool:
        """Whether the text of `item` went into an answer; if not it must go the ordinary way."""
        slot = self._waiting.get(item.origin)
        if item.lane is not Lane.REPLY or slot is None or slot.message.sender != item.address:
            return False
        try:
            async with asyncio.timeout(self._meeting):
                await slot.awaited.wait()
        except TimeoutError:
            return False
        # It may have lost patience meanwhile, or have got another reply.
        if self._waiting.get(item.origin) is not slot or slot.given.is_set():
            return False
        slot.reply = item.text
        self._remember(item.origin, item.text)
        slot.given.set()
        return True

    def _remember(self, key: str, reply: str) -> None:
        self._given[key] = reply
        if len(self._given) > _REMEMBERED:
            self._given.popitem(last=False)


def _origin(message: InboundMessage) -> str:
    """As `OutboxItem.origin` names it."""
    return f"inbound:{message.channel}:{message.message_id}"
