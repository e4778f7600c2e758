"""Takes each message through its transaction: seen before? who asks? what is wanted? which feature answers?"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.conversation.features import DIALOGUES, EVENTS, INTENTS
from bot.conversation.intents import STRONG, Intent
from bot.conversation.leaving import come_back
from bot.conversation.outgoing import reply_item
from bot.conversation.turn import Manner, Turn
from bot.conversation.understanding import understand
from bot.lookup import Asker
from bot.model.clock import Clock
from bot.model.errors import StorageError, trail
from bot.model.ids import NewId
from bot.model.message import Heard, InboundMessage
from bot.ports import ConversationState, Storage, Transaction
from bot.texts import Catalogue

log = logging.getLogger(__name__)

PATIENT_WITH = (timedelta(minutes=10), 30)
"""So many messages of one sender are answered within so long a time. More of them come from a machine that answers
us as we answer it, and each SMS costs money."""

_ANSWERS = frozenset({"yes", "no", "number", "phone", "unknown", "cancel"})
"""What a question that is not free may get as its answer."""


class Conversation:
    """Answers citizens' messages."""

    def __init__(self, storage: Storage, manner: Manner, *, clock: Clock, new_id: NewId) -> None:
        self._storage = storage
        self._manner = manner
        self._clock = clock
        self._new_id = new_id

    async def handle(self, messages: Sequence[InboundMessage]) -> None:
        """Answers each message that was not seen before; returns when messages and replies are durable.

        Raises `StorageError` when they are not. A message that our own mistake makes unanswerable is kept as
        `failed`, so that its provider does not bring it back for ever.
        """
        async with asyncio.TaskGroup() as tasks:
            for message in messages:
                tasks.create_task(self._handle(message))

    async def _handle(self, message: InboundMessage) -> None:
        try:
            await self._storage.write(lambda tx: self._answer(tx, message))
        except StorageError:
            raise
        except Exception as error:
            log.error("message %s on %s is unanswered: %s", message.message_id, message.channel, trail(error))
            await self._storage.write(lambda tx: _give_up(tx, message))

    async def _answer(self, tx: Transaction, message: InboundMessage) -> None:
        if not await tx.conversations.first_time(message):
            return
        now = self._clock()
        if silence := await _reason_for_silence(tx, message, now):
            await tx.conversations.finish(message, outcome=silence)
            return
        state = await self._state(tx, message, now)
        turn = Turn(
            tx=tx,
            message=message,
            now=now,
            manner=self._manner,
            asker=await _asker(tx, message, self._manner, now),
            state=state,
            catalogue=Catalogue.load(state.language or message.language or "vi"),
            new_id=self._new_id,
        )
        await _respond(turn)
        await tx.conversations.finish(message, outcome=turn.outcome)
        if message.kind is not Heard.MOVED:
            await tx.conversations.save(message.sender, turn.state, at=now)
        await tx.outbox.enqueue([*turn.others, *(reply_item(turn, number) for number in range(len(turn.replies)))])

    async def _state(self, tx: Transaction, message: InboundMessage, now: datetime) -> ConversationState:
        state = await tx.conversations.load(message.sender)
        if state.expires_at and state.expires_at <= now:
            return ConversationState(language=state.language)
        return state


async def _respond(turn: Turn) -> None:
    await come_back(turn)
    if turn.message.kind is not Heard.TEXT:
        if handler := EVENTS.get(turn.message.kind):
            await handler(turn, Intent(turn.message.kind, turn.message.text))
        return
    state = turn.state
    intent = understand(turn.message.text, state)
    if await turn.tx.service.talk(turn.asker.address) and intent.name not in ("back", "stop"):
        turn.outcome = "clerk"
        await turn.tx.service.touch_talk(turn.asker.address, at=turn.now)
        return
    turn.state = replace(
        state, dialogue="", slots={}, options=(), expires_at=state.expires_at if state.about or state.proved else None
    )
    dialogue = DIALOGUES.get(state.dialogue)
    if dialogue and (intent.name not in STRONG if dialogue.is_free else intent.name in _ANSWERS and not intent.codes):
        turn.outcome = state.dialogue
        if await dialogue.handle(turn, intent, state.slots):
            return
    turn.outcome = intent.name
    await INTENTS[intent.name](turn, intent)


async def _asker(tx: Transaction, message: InboundMessage, manner: Manner, now: datetime) -> Asker:
    """The phone counts while its chat is not silent for too long: a number may have a new owner."""
    if message.sender.scheme == "sms":
        return Asker(message.sender, message.sender.value, message.network)
    binding = await tx.people.binding(message.sender)
    if binding is None or now - binding.heard_at > timedelta(days=manner.lookup.binding_days):
        return Asker(message.sender, network=message.network)
    return Asker(message.sender, binding.phone, message.network)


async def _reason_for_silence(tx: Transaction, message: InboundMessage, now: datetime) -> str:
    """Why this message is kept and not answered; empty where it is."""
    sender = message.sender
    if sender.scheme == "sms" and not sender.value.startswith("+"):
        return "service"  # a short code or a name: nobody reads there
    span, most = PATIENT_WITH
    return "flood" if await tx.conversations.heard(sender, since=now - span) > most else ""


async def _give_up(tx: Transaction, message: InboundMessage) -> None:
    if await tx.conversations.first_time(message):
        await tx.conversations.finish(message, outcome="failed")
