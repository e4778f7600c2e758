"""What channels hear, made durable: listeners kept alive, receipts recorded, messages handed to the conversation."""

import asyncio
import logging
from collections.abc import Sequence

from bot.beats import Beat
from bot.conversation import Conversation
from bot.leading import Post, Work
from bot.model.clock import Clock
from bot.model.errors import StorageError, trail
from bot.model.message import Heard, InboundMessage, OutboxItem, Receipt
from bot.phattin import Phattin
from bot.ports import Channel, Listener, Storage
from bot.receipts import record

log = logging.getLogger(__name__)

LISTENS = 60.0
"""Seconds between two signs of life of a listener."""

LISTEN_AGAIN = 5.0
"""Seconds before a listener that failed by our own mistake begins anew."""

_BY_PHONE = frozenset({"sms", "zalophone"})
"""Addresses at which a provider's refusal is not the citizen's own act."""

_Events = Sequence[Receipt | InboundMessage]


class Hearing:
    """Of one process."""

    def __init__(self, storage: Storage, conversation: Conversation, phattin: Phattin, *, clock: Clock) -> None:
        self._storage = storage
        self._conversation = conversation
        self._phattin = phattin
        self._clock = clock
        self._left: asyncio.Queue[InboundMessage] = asyncio.Queue()

    async def deliver(self, events: _Events) -> None:
        """Receipts together, messages one transaction each. Returns when all is durable; raises `StorageError`."""
        receipts = [event for event in events if isinstance(event, Receipt)]
        messages = [event for event in events if isinstance(event, InboundMessage)]
        if receipts:
            await record(self._storage, receipts)
        messages = [each for each in messages if not await self._phattin.takes(each)]
        if messages:
            await self._conversation.handle(messages)

    async def listen(self, name: str, listener: Listener, beat: Beat) -> None:
        """Until cancelled. A mistake in one adapter must not silence the others: it is logged, and the listener begins
        anew. One that falls again and again within a minute gives no sign of life."""
        while True:
            living = asyncio.ensure_future(_again_and_again(beat))
            try:
                await listener.listen(self.deliver)
            except Exception as error:
                log.error("channel %s: the listener failed: %s", name, trail(error))
            finally:
                living.cancel()
            await asyncio.sleep(LISTEN_AGAIN)

    def listening(self, channel: Channel) -> Work:
        """The same for who listens to a channel that one process may listen to."""

        async def work(post: Post) -> None:
            if channel.listener:
                beat = post.signs.of(f"listener:{channel.name}", every=LISTENS)
                await self.listen(channel.name, channel.listener, beat)

        return work

    def note_as_left(self, item: OutboxItem) -> None:
        """A chat that takes nothing any more is as if its reader had left: what follows goes another way at once."""
        if item.address.scheme in _BY_PHONE:
            return
        name, at = f"blocked:{item.id}", self._clock()
        gateway = item.gateway or item.channel
        self._left.put_nowait(
            InboundMessage(channel=gateway, message_id=name, sender=item.address, text="", at=at, kind=Heard.LEFT)
        )

    async def hear_who_left(self) -> None:
        """For ever: what `note_as_left` was told of."""
        while True:
            message = await self._left.get()
            try:
                await self._conversation.handle([message])
            except StorageError as error:
                # The next message to that chat is refused again, and comes here again.
                log.warning("channel %s: a chat that was shut is not noted: %s", message.channel, error)


async def _again_and_again(beat: Beat) -> None:
    while True:
        await asyncio.sleep(LISTENS)
        beat()
