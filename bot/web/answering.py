"""Waits until what answers one message has been sent, for pages without JavaScript."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model.message import DeliveryState, InboundMessage, OutboxItem
from bot.ports import Transaction
from bot.web.context import WebContext
from bot.web.history import Arrivals, next_within, recent_in
from bot.web.sessions import KEPT

_LOOK_EVERY = 0.5
"""Seconds after which the outbox is looked at again: another process may have sent what our feed does not bring."""

_SENT = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)


@dataclass(frozen=True, slots=True)
class Answered:
    """One message with its answer."""

    earlier: Sequence[OutboxItem]
    """What the sender was sent before, oldest first; of the answer nothing."""
    answers: list[OutboxItem]
    """In order."""
    is_whole: bool
    """All of the answer was sent within the wait."""


async def answered(context: WebContext, message: InboundMessage, arrivals: Arrivals) -> Answered:
    """The answer to a message that is durable, and what came before it, read together.

    What was planned was planned with the message, so none is to come where there is none. A repeated form finds its
    answer at once.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + context.settings.answer_wait
    arrived = set[str]()
    earlier: list[OutboxItem] | None = None

    async def look(tx: Transaction) -> list[OutboxItem]:
        nonlocal earlier
        if earlier is None:
            earlier = await recent_in(tx, message.sender, since=context.clock() - KEPT)
        return await _planned(tx, message)

    while True:
        planned = await context.storage.read(look)
        missing = {item.id for item in planned if item.state not in _SENT} - arrived
        look_at = min(until, clock() + _LOOK_EVERY)
        while missing and clock() < look_at:
            if item := await next_within(arrivals, look_at - clock()):
                arrived.add(item.id)
                missing.discard(item.id)
        if not missing or clock() >= until:
            of_it = {item.id for item in planned}
            before = [item for item in earlier or () if item.id not in of_it]
            return Answered(before, [item for item in planned if item.id not in missing], not missing)


async def _planned(tx: Transaction, message: InboundMessage) -> list[OutboxItem]:
    """Without what goes to somebody else because of it, such as a one-time code to a phone."""
    origin = f"inbound:{message.channel}:{message.message_id}"
    return [item for item in await tx.outbox.of_origins([origin]) if item.address == message.sender]
