"""Flow 2: what a citizen wrote → replies; one conversation for every chat and SMS, one transaction each."""

import asyncio
import logging
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.config import Strangers
from bot.lookup import Found, Right, find, is_guessing
from bot.model.clock import Clock
from bot.model.code import read_codes
from bot.model.errors import StorageError, trail
from bot.model.ids import NewId
from bot.model.message import InboundMessage, Lane, OutboxItem, Situation
from bot.model.sms import unaccented
from bot.planning import LIFETIME, dossier_values
from bot.ports import ConversationState, Storage, Transaction
from bot.texts import Catalogue, Rendered, show_moment

log = logging.getLogger(__name__)

CODES_AT_ONCE = 3
"""Dossiers answered in one message; more would be a way to guess in bulk."""

CONFIRMATION_WAITS = timedelta(minutes=15)

PATIENT_WITH = (timedelta(minutes=10), 30)
"""So many messages of one sender are answered within so long a time. More of them come from a machine that answers
us as we answer it, and each SMS costs money."""

_YES = frozenset({"1", "dung", "co", "vang", "da", "phai", "ok", "u", "uh", "yes", "y"})
_NO = frozenset({"2", "khong", "sai", "ko", "k", "no", "n"})
_ANSWER_WORDS = 4
"""A longer text is no plain yes or no."""
_LANGUAGES = {"en": "en", "english": "en", "vi": "vi", "tieng viet": "vi", "vietnamese": "vi"}


@dataclass(frozen=True, slots=True)
class Manner:
    """How the bot speaks."""

    strangers: Strangers
    example: str
    """A dossier code to show as an example."""
    plain: Mapping[str, bool]
    """Channel name → whether texts go without accents, within SMS parts."""
    stale_after: Mapping[str, timedelta] = field(default_factory=dict)
    """Source → how old its data may be to be stated as present."""


@dataclass(slots=True)
class _Turn:
    """One message being answered."""

    message: InboundMessage
    state: ConversationState
    catalogue: Catalogue
    plain: bool
    example: str
    outcome: str = "help"
    found: bool = False
    replies: list[Rendered] = field(default_factory=list)

    def say(self, name: str, **values: str) -> None:
        given = {"example": self.example, **values}
        self.replies.append(self.catalogue.render(f"reply.{name}", given, plain=self.plain))


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
            await tx.conversations.finish(message, outcome=silence, found=False)
            return
        state = await tx.conversations.load(message.sender)
        turn = _Turn(
            message=message,
            state=state,
            catalogue=Catalogue.load(state.language),
            plain=self._manner.plain.get(message.channel, False),
            example=self._manner.example,
        )
        await self._understand(tx, turn, now)
        await tx.conversations.finish(message, outcome=turn.outcome, found=turn.found)
        if turn.state != state:
            await tx.conversations.save(message.sender, turn.state, at=now)
        await tx.outbox.enqueue([self._reply(turn, number, now) for number in range(len(turn.replies))])

    async def _understand(self, tx: Transaction, turn: _Turn, now: datetime) -> None:
        codes = read_codes(turn.message.text)
        word = _word(turn.message.text)
        pending = turn.state.pending if (turn.state.expires_at or now) > now else ""
        turn.state = replace(turn.state, pending="", expires_at=None)
        sure = [code.code for code in codes if code.kind == "dossier" and not code.repaired]
        repaired = [code.code for code in codes if code.kind == "dossier" and code.repaired]
        answer = _yes_or_no(word) if pending and not codes else None
        if answer:
            await self._look_up(tx, turn, [pending], now)
        elif answer is False:
            turn.outcome = "denied"
            turn.say("denied")
        elif sure or repaired:
            if sure:
                await self._look_up(tx, turn, sure, now)
            if repaired:
                self._ask_back(turn, repaired[0], now)
        elif codes:
            turn.outcome = "procedure"
            turn.say("procedure", code=codes[0].code)
        elif word in _LANGUAGES:
            turn.outcome = "language"
            turn.state = replace(turn.state, language=_LANGUAGES[word])
            turn.catalogue = Catalogue.load(turn.state.language)
            turn.say("language")
        else:
            turn.say("help")

    def _ask_back(self, turn: _Turn, code: str, now: datetime) -> None:
        """A code that we had to mend is never used unless the citizen says that it is hers."""
        turn.outcome = "confirm" if turn.outcome == "help" else turn.outcome
        turn.state = replace(turn.state, pending=code, expires_at=now + CONFIRMATION_WAITS)
        turn.say("confirm", code=code)

    async def _look_up(self, tx: Transaction, turn: _Turn, codes: Sequence[str], now: datetime) -> None:
        if await is_guessing(tx, turn.message.sender, now=now):
            turn.outcome = "throttled"
            turn.say("throttled")
            return
        turn.outcome = "lookup"
        for code in codes[:CODES_AT_ONCE]:
            found = await find(
                tx,
                code,
                turn.message.sender,
                self._manner.strangers,
                now=now,
                stale_after=self._manner.stale_after,
            )
            turn.found = turn.found or found.right is not Right.NOTHING
            _show(turn, found)
        if len(codes) > CODES_AT_ONCE:
            turn.say("many", limit=str(CODES_AT_ONCE))

    def _reply(self, turn: _Turn, number: int, now: datetime) -> OutboxItem:
        message, rendered = turn.message, turn.replies[number]
        origin = f"inbound:{message.channel}:{message.message_id}"
        return OutboxItem(
            id=self._new_id(),
            dedupe_key=f"{origin}|{number}",
            origin=origin,
            channel=message.channel,
            address=message.sender,
            lane=Lane.REPLY,
            situation=Situation.REPLY,
            sender=message.to,
            text=rendered.text,
            parts=rendered.parts,
            created_at=now,
            next_at=now,
            expires_at=now + LIFETIME[Situation.REPLY],
        )


async def _reason_for_silence(tx: Transaction, message: InboundMessage, now: datetime) -> str:
    """Why this message is kept and not answered; empty where it is."""
    sender = message.sender
    if sender.scheme == "sms" and not sender.value.startswith("+"):
        return "service"  # a short code or a name: nobody reads there
    span, most = PATIENT_WITH
    return "flood" if await tx.conversations.heard(sender, since=now - span) > most else ""


async def _give_up(tx: Transaction, message: InboundMessage) -> None:
    if await tx.conversations.first_time(message):
        await tx.conversations.finish(message, outcome="failed", found=False)


def _show(turn: _Turn, found: Found) -> None:
    if found.dossier is None:
        turn.say("nothing", code=found.code)
        return
    values = dossier_values(found.dossier, turn.catalogue) | {"synced": show_moment(found.fresh_at)}
    form = "full" if found.right is Right.FULL else "level"
    turn.say(f"{form}_stale" if found.stale else form, **values)


def _yes_or_no(answer: str) -> bool | None:
    """`dung roi a` is a yes, `da khong phai` is a no; anything else is neither."""
    words = answer.split()
    if not words or len(words) > _ANSWER_WORDS:
        return None
    if not _NO.isdisjoint(words):
        return False
    return True if words[0] in _YES else None


def _word(text: str) -> str:
    """The message as one plain word or two, to compare with what people answer: `Đúng rồi.` → `dung roi`."""
    plain = unaccented(unicodedata.normalize("NFKC", text[:40])).lower()
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())
