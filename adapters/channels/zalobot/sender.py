"""Sends a message to a chat and says what became of it."""

import re
import time
from collections.abc import Callable

from adapters.channels.zalobot.client import Client
from adapters.channels.zalobot.outcomes import outcome_of
from adapters.pieces import pieces
from bot.model.message import Accepted, OutboxItem, Outcome, Rejected, Retry, Uncertain

LONGEST = 2000
"""Characters in a message. Counted in UTF-16 units, in which Zalo places its text styles: an emoji is two."""
_CHAT = re.compile(r"[0-9A-Za-z._-]{4,64}")


class ZaloBotSender:
    """Plain text, so that nothing in a citizen's data can become markup."""

    def __init__(self, client: Client, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._monotonic = monotonic
        self._not_before: dict[str, float] = {}

    async def send(self, item: OutboxItem) -> Outcome:
        """Several messages in order if the text is too long for one; all of them accepted, or it is not."""
        if item.address.scheme != "zalobot" or not _CHAT.fullmatch(item.address.value):
            return Rejected("the address is not a chat of the Bot Platform")
        texts = pieces(item.text, LONGEST)
        references: list[str] = []
        for number, text in enumerate(texts, 1):
            outcome = await self._send_piece(item.address.value, text)
            if isinstance(outcome, Accepted):
                references += outcome.references
            elif references:
                return Uncertain(f"piece {number} of {len(texts)}: {outcome.reason}", tuple(references))
            else:
                return outcome
        return Accepted(tuple(references)) if references else Rejected("the text is empty")

    async def _send_piece(self, chat: str, text: str) -> Outcome:
        wait = self._not_before.get(chat, 0.0) - self._monotonic()
        if wait > 0:
            return Retry("Zalo asked us to leave this chat alone for a while", wait, counts=False)
        outcome = outcome_of(await self._client.call("sendMessage", {"chat_id": chat, "text": text}))
        if isinstance(outcome, Retry) and outcome.after:
            self._hold(chat, outcome.after)
        return outcome

    def _hold(self, chat: str, seconds: float) -> None:
        # What is said of one chat says nothing about the others: they go on, and are told if it is meant for all.
        now = self._monotonic()
        self._not_before = {other: until for other, until in self._not_before.items() if until > now}
        self._not_before[chat] = now + seconds
