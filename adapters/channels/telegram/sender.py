"""Sends an item of the outbox to a chat, in as many messages as it needs, and says what became of it."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

from adapters.channels.telegram.keyboards import (
    REMOVAL,
    Keyboards,
    Markup,
    asking_phone,
    asks_phone,
    fitting,
    inline,
)
from adapters.channels.telegram.letter import Letter
from adapters.channels.telegram.moves import Moves
from adapters.channels.telegram.parcel import Parcel
from adapters.channels.telegram.pieces import pieces
from adapters.channels.telegram.post import Post
from adapters.channels.telegram.turns import Turns
from bot.model.message import Accepted, Lane, OutboxItem, Outcome, Rejected, Retry, Uncertain

_CHAT = re.compile(r"-?\d{1,19}")
_PATIENCE = 10.0
"""Seconds that the later messages of a long text may wait, all together: the first one is out already."""


class TelegramSender:
    """Texts as HTML in which only dossier codes are marked; buttons below the last message; no link previews; documents
    behind the text."""

    def __init__(self, post: Post, *, turns: Turns, keyboards: Keyboards, moves: Moves, is_paid: bool) -> None:
        """`is_paid`: what is sent unasked goes beyond the free limit."""
        self._post = post
        self._turns = turns
        self._keyboards = keyboards
        self._moves = moves
        self._is_paid = is_paid

    async def send(self, item: OutboxItem) -> Outcome:
        """Several messages in order if the text is too long for one; all of them accepted, or it is not. The text is
        the message: once it is taken, nothing that befalls its documents makes it go again."""
        if item.address.scheme != "telegram" or not _CHAT.fullmatch(item.address.value):
            return Rejected("the address is not a Telegram chat")
        chat = self._moves.present(int(item.address.value))
        letters = self._letters(item, chat)
        if not letters:
            return Rejected("the text is empty")
        if wait := await self._turns.enter(chat):
            return Retry("one chat gets one message at a time", wait, counts=False)
        try:
            outcome = await self._in_order(chat, letters)
            if isinstance(outcome, Accepted) and item.files:
                outcome = replace(outcome, reason=await self._documents(chat, item))
        finally:
            self._turns.leave(chat)
        if isinstance(outcome, Accepted):
            self._remember(chat, item, letters[-1].markup)
        return outcome

    def _letters(self, item: OutboxItem, chat: int) -> list[Letter]:
        texts = pieces(item.text)
        is_reply = item.lane is Lane.REPLY
        is_paid = self._is_paid and not is_reply
        markup = self._markup(item, chat)
        return [
            Letter(text, markup if number == len(texts) else None, is_reply=is_reply, is_paid=is_paid)
            for number, text in enumerate(texts, 1)
        ]

    def _markup(self, item: OutboxItem, chat: int) -> Markup | None:
        options = fitting(item.options) if item.options else ()
        if asks_phone(options, chat):
            return asking_phone(options)
        return inline(options) or (REMOVAL if self._keyboards.is_spent(chat) else None)

    async def _in_order(self, chat: int, letters: Sequence[Letter]) -> Outcome:
        references: list[str] = []
        until = asyncio.get_running_loop().time() + _PATIENCE
        for number, letter in enumerate(letters, 1):
            outcome = await (self._next(chat, letter, until) if references else self._post.send(chat, letter))
            if isinstance(outcome, Accepted):
                references += outcome.references
            elif references:
                return Uncertain(f"piece {number} of {len(letters)}: {outcome.reason}", tuple(references))
            else:
                return outcome
        return Accepted(tuple(references))

    async def _documents(self, chat: int, item: OutboxItem) -> str:
        """Sends them after the text; why not all of them went, empty where they did."""
        is_reply = item.lane is Lane.REPLY
        until = asyncio.get_running_loop().time() + _PATIENCE
        for file in item.files:
            parcel = Parcel(file, is_reply=is_reply, is_paid=self._is_paid and not is_reply)
            if not (obstacle := parcel.obstacle):
                try:
                    async with asyncio.timeout_at(until):
                        outcome = await self._next(chat, parcel, until)
                except TimeoutError:
                    outcome = Uncertain("no answer in time")
                obstacle = "" if isinstance(outcome, Accepted) else outcome.reason
            if obstacle:
                return f"without its document: {obstacle}"
        return ""

    async def _next(self, chat: int, letter: Letter | Parcel, until: float) -> Outcome:
        """A later message, after the chat's rest; what was surely not sent is tried again as long as there is time."""
        pause = self._turns.rest_of(chat)
        while True:
            await asyncio.sleep(pause)
            outcome = await self._post.send(self._moves.present(chat), letter)
            if not isinstance(outcome, Retry):
                return outcome
            pause = outcome.after or 1.0
            if asyncio.get_running_loop().time() + pause > until:
                return outcome

    def _remember(self, chat: int, item: OutboxItem, markup: Markup | None) -> None:
        if markup is REMOVAL:
            self._keyboards.removed(chat)
        elif markup and "keyboard" in markup:
            self._keyboards.show(chat, fitting(item.options))
