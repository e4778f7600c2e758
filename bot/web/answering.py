"""Waits until what answers one message has been sent, for pages without JavaScript."""

import asyncio

from bot.model.message import DeliveryState, InboundMessage, OutboxItem
from bot.web.context import WebContext
from bot.web.history import Arrivals, next_within

_LOOK_EVERY = 0.5
"""Seconds after which the outbox is looked at again: another process may have sent what our feed does not bring."""

_SENT = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)


async def answers_to(context: WebContext, message: InboundMessage, arrivals: Arrivals) -> tuple[list[OutboxItem], bool]:
    """The answer to a message that is durable, in order, and whether all of it was sent within the wait.

    What was planned was planned with the message, so none is to come where there is none. A repeated form finds its
    answer at once.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + context.settings.answer_wait
    arrived = set[str]()
    while True:
        planned = await _planned(context, message)
        missing = {item.id for item in planned if item.state not in _SENT} - arrived
        look_at = min(until, clock() + _LOOK_EVERY)
        while missing and clock() < look_at:
            if item := await next_within(arrivals, look_at - clock()):
                arrived.add(item.id)
                missing.discard(item.id)
        if not missing or clock() >= until:
            return [item for item in planned if item.id not in missing], not missing


async def _planned(context: WebContext, message: InboundMessage) -> list[OutboxItem]:
    """Without what goes to somebody else because of it, such as a one-time code to a phone."""
    origin = f"inbound:{message.channel}:{message.message_id}"
    items = await context.storage.read(lambda tx: tx.outbox.of_origins([origin]))
    return [item for item in items if item.address == message.sender]
