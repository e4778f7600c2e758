"""Replies, and what else a turn sends, as messages of the outbox."""

from bot.conversation.turn import Turn
from bot.model.message import Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.planning import LIFETIME, LONG_LIFETIME
from bot.texts import Rendered


def reply_item(turn: Turn, number: int) -> OutboxItem:
    """The turn's reply of that number, back to where the message came from."""
    message, said = turn.message, turn.replies[number]
    origin = f"inbound:{message.channel}:{message.message_id}"
    return OutboxItem(
        id=turn.new_id(),
        dedupe_key=f"{origin}|{number}",
        origin=origin,
        channel=message.channel,
        address=message.sender,
        lane=Lane.REPLY,
        situation=said.situation,
        sender=message.to,
        text=said.rendered.text,
        parts=said.rendered.parts,
        options=said.options,
        created_at=turn.now,
        next_at=turn.now,
        expires_at=turn.now + LIFETIME[Situation.REPLY],
    )


def sms_item(turn: Turn, phone: str, situation: Situation, rendered: Rendered, *, key: str) -> OutboxItem | None:
    """A message of ours to a phone because of this turn; None where no channel reaches phones. `key` tells it from
    others of the same turn."""
    if turn.manner.sms is None:
        return None
    route, queue = turn.manner.sms("", phone)
    origin = f"inbound:{turn.message.channel}:{turn.message.message_id}"
    return OutboxItem(
        id=turn.new_id(),
        dedupe_key=f"{origin}|{key}",
        origin=origin,
        channel=queue,
        route=route,
        address=Address("sms", phone),
        lane=Lane.REPLY,
        situation=situation,
        text=rendered.text,
        parts=rendered.parts,
        created_at=turn.now,
        next_at=turn.now,
        expires_at=turn.now + LIFETIME.get(situation, LONG_LIFETIME),
    )
