"""Takes one message to Telegram in our pace, and says what became of it."""

from collections.abc import Callable

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from adapters.channels.telegram.client import QuietBot
from adapters.channels.telegram.failures import (
    DoorClosedError,
    FailedError,
    InterceptedError,
    NotSentError,
    ThrottledError,
    UnansweredError,
)
from adapters.channels.telegram.holds import AGAIN, Holds
from adapters.channels.telegram.letter import Letter
from adapters.channels.telegram.moves import Moves
from adapters.channels.telegram.parcel import Parcel
from adapters.channels.telegram.turnstile import Turnstile
from bot.model.message import Accepted, ChannelDown, Outcome, Rejected, Retry, Uncertain

OUTCOMES: tuple[tuple[type[TelegramError], Callable[[str], Outcome]], ...] = (
    (Forbidden, lambda reason: Rejected(reason, blocked=True)),  # blocked, deactivated, never started
    (BadRequest, Rejected),
    (ChatMigrated, Rejected),
    (InvalidToken, ChannelDown),
    (DoorClosedError, ChannelDown),
    (InterceptedError, ChannelDown),
    (NotSentError, Retry),
    (FailedError, Retry),
    (UnansweredError, Uncertain),
    (TelegramError, Retry),  # an answer in Telegram's form with a status we do not know: it was not done
)
"""What each error means for the message; the first that fits."""

LONG = 60.0
"""Seconds of waiting from which on another channel is the better way, if the message has one."""
_FORMS = 4
"""Tries at most: as it is, without HTML, without buttons, and at the chat's new address."""


def outcome_of(error: TelegramError) -> Outcome:
    """What an error of the Bot API other than 429 means for the message that was being sent."""
    reason = error.message[:200]
    return next(outcome(reason) for kind, outcome in OUTCOMES if isinstance(error, kind))


class Post:
    """One way out for all messages of the bot. What was refused for its form, or because its chat has moved, was not
    sent: it goes out again at once in another form, or to the new address."""

    def __init__(self, bot: QuietBot, *, free: Turnstile, paid: Turnstile, holds: Holds, moves: Moves) -> None:
        self._bot = bot
        self._free = free
        self._paid = paid
        self._holds = holds
        self._moves = moves

    async def send(self, chat: int, letter: Letter | Parcel) -> Outcome:
        outcome: Outcome = Rejected("Telegram refuses it in every form")
        for _ in range(_FORMS):
            answer = await self._tried(chat, letter)
            if not isinstance(answer, TelegramError):
                return answer
            if isinstance(answer, ThrottledError):
                return self._throttled(chat, letter, answer.after or AGAIN)
            outcome = outcome_of(answer)
            if isinstance(answer, ChatMigrated):
                self._moves.note(chat, answer.new_chat_id)
                chat = answer.new_chat_id
            elif isinstance(answer, BadRequest) and (simpler := letter.simpler(answer.message)):
                letter = simpler
            else:
                return outcome
        return outcome

    async def _tried(self, chat: int, letter: Letter | Parcel) -> Accepted | Retry | TelegramError:
        if wait := self._holds.wait(chat, is_reply=letter.is_reply):
            return _later("Telegram asked us to wait", wait)
        turnstile = self._paid if letter.is_paid else self._free
        departed = await turnstile.enter(is_reply=letter.is_reply)
        # A push may have waited here, and Telegram may have complained of others meanwhile.
        if not letter.is_reply and (wait := self._holds.wait(chat, is_reply=False)):
            turnstile.turn_back()
            return _later("Telegram asked us to wait", wait)
        try:
            return Accepted((str(await self._bot.send(letter.to(chat), letter.method)),))
        except TelegramError as error:
            return error
        finally:
            turnstile.leave(departed)

    def _throttled(self, chat: int, letter: Letter | Parcel, after: float) -> Retry:
        if self._holds.throttled(chat, after):
            (self._paid if letter.is_paid else self._free).slow_down()
        return _later("Telegram asks us to slow down", self._holds.wait(chat, is_reply=letter.is_reply) or AGAIN)


def _later(reason: str, wait: float) -> Retry:
    return Retry(reason, wait, counts=False, elsewhere=wait >= LONG)
