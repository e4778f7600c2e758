"""Sends a message to a chat and says what became of it."""

import re
import time
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
from adapters.channels.telegram.pieces import pieces
from bot.model.message import Accepted, ChannelDown, OutboxItem, Outcome, Rejected, Retry, Uncertain

_CHAT = re.compile(r"-?\d{1,19}")

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


def outcome_of(error: TelegramError) -> Outcome:
    """What an error of the Bot API means for the message that was being sent."""
    if isinstance(error, ThrottledError):
        return Retry("Telegram asks us to slow down", error.after, counts=False)
    reason = error.message[:200]
    return next(outcome(reason) for kind, outcome in OUTCOMES if isinstance(error, kind))


class TelegramSender:
    """Plain text, so that nothing in a citizen's data can become markup; no link previews."""

    def __init__(self, bot: QuietBot, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bot = bot
        self._monotonic = monotonic
        self._not_before: dict[int, float] = {}

    async def send(self, item: OutboxItem) -> Outcome:
        """Several messages in order if the text is too long for one; all of them accepted, or it is not."""
        if item.address.scheme != "telegram" or not _CHAT.fullmatch(item.address.value):
            return Rejected("the address is not a Telegram chat")
        chat = int(item.address.value)
        texts = pieces(item.text)
        references: list[str] = []
        for number, text in enumerate(texts, 1):
            outcome = await self._send_piece(chat, text)
            if isinstance(outcome, Accepted):
                references += outcome.references
            elif references:
                return Uncertain(f"piece {number} of {len(texts)}: {outcome.reason}", tuple(references))
            else:
                return outcome
        return Accepted(tuple(references)) if references else Rejected("the text is empty")

    async def _send_piece(self, chat: int, text: str) -> Outcome:
        wait = self._not_before.get(chat, 0.0) - self._monotonic()
        if wait > 0:
            return Retry("Telegram asked us to leave this chat alone for a while", wait, counts=False)
        try:
            reference = await self._bot.send_text(chat, text)
        except TelegramError as error:
            outcome = outcome_of(error)
            if isinstance(outcome, Retry) and outcome.after:
                self._hold(chat, outcome.after)
            return outcome
        return Accepted((str(reference),))

    def _hold(self, chat: int, seconds: float) -> None:
        # One chat's 429 says nothing about the others: they go on, and are told if it is meant for all.
        now = self._monotonic()
        self._not_before = {other: until for other, until in self._not_before.items() if until > now}
        self._not_before[chat] = now + seconds
