"""Asks Telegram for news, and confirms it only after it is stored."""

import asyncio
import logging

from telegram.error import Conflict, InvalidToken, TelegramError

from adapters.channels.telegram.client import QuietBot
from adapters.channels.telegram.explaining import (
    REFUSED,
    is_webhook,
    other_program,
    webhook_in_the_way,
    webhook_of,
)
from adapters.channels.telegram.failures import ThrottledError
from adapters.channels.telegram.menu import announce
from adapters.channels.telegram.rhythm import Patience, Rhythm
from adapters.channels.telegram.settings import Settings
from adapters.channels.telegram.updates import Ear, News, update_id_of
from bot.ports import Deliver

_log = logging.getLogger(__name__)


class Poller:
    """A `Listener` over `getUpdates`. Telegram lets one program poll per bot: a second one is told 409 and waits."""

    def __init__(self, bot: QuietBot, ear: Ear, *, settings: Settings, rhythm: Rhythm) -> None:
        self._bot = bot
        self._ear = ear
        self._channel = ear.channel
        self._settings = settings
        self._rhythm = rhythm
        self._patience = Patience(ear.channel, rhythm, _log)

    async def listen(self, deliver: Deliver) -> None:
        # No offset is kept over a restart: Telegram keeps every update that was not confirmed (for 24 hours)
        # and starts with the oldest of them; what was stored but not yet confirmed is dropped as a repeat, by
        # its message id.
        offset: int | None = None
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(announce(self._bot, self._channel, self._rhythm))
            while True:
                updates = await self._ask(offset)
                if not updates:
                    continue
                heard = [self._ear.hear(raw) for raw in updates]
                if await self._stored(heard, deliver):
                    offset = _after(updates)
                    for pressed in (one.pressed for one in heard if one.pressed):
                        tasks.create_task(self._answer(pressed))

    async def _ask(self, offset: int | None) -> list[object]:
        """The updates from `offset` on; none when there are none, or after the pause for a failure."""
        try:
            updates = await self._bot.raw_updates(
                offset=offset, seconds=self._settings.poll_seconds, read_timeout=self._settings.read_timeout
            )
        except TelegramError as error:
            await self._patience.rest(await self._pause(error))
            return []
        if not isinstance(updates, list) or (updates and _after(updates) is None):
            await self._patience.rest(self._patience.growing("Telegram's answer cannot be read"))
            return []
        if not updates:
            self._patience.recovered()
        return updates

    async def _stored(self, heard: list[News], deliver: Deliver) -> bool:
        messages = [one.message for one in heard if one.message]
        try:
            if messages:
                await deliver(messages)
        except Exception as error:  # whatever keeps it from being stored, Telegram must go on keeping it
            # The error's text may quote what a citizen wrote; its kind is enough here.
            reason = f"{len(messages)} messages are not stored ({type(error).__name__}); Telegram keeps them"
            await self._patience.rest(self._patience.growing(reason))
            return False
        self._patience.recovered()
        return True

    async def _answer(self, pressed: str) -> None:
        """Ends the waiting sign on the button. Nothing is lost where it fails."""
        try:
            await self._bot.answer_callback_query(pressed)
        except TelegramError as error:
            _log.debug("%s: a button press could not be answered: %s", self._channel, error.message)

    async def _pause(self, error: TelegramError) -> float:
        """Says what is wrong, and how many seconds to wait."""
        if isinstance(error, Conflict):
            return await self._make_way(error)
        if isinstance(error, InvalidToken):
            _log.error("%s: %s", self._channel, REFUSED)
            return self._rhythm.refused
        if isinstance(error, ThrottledError) and error.after:
            # Twice, because a random part of up to a half is taken off again.
            return 2 * error.after
        return self._patience.growing(f"Telegram cannot be asked for news: {error.message[:200]}")

    async def _make_way(self, error: Conflict) -> float:
        """A webhook is deleted only where the configuration says so: it may be somebody's who still needs it."""
        if not is_webhook(error):
            _log.error("%s: %s", self._channel, other_program(error))
            return self._rhythm.conflict
        url = await webhook_of(self._bot)
        if not self._settings.take_over:
            _log.error("%s: %s", self._channel, webhook_in_the_way(url))
            return self._rhythm.conflict
        try:
            await self._bot.delete_webhook(drop_pending_updates=False)
        except TelegramError as failure:
            return self._patience.growing(f"the webhook cannot be deleted: {failure.message[:200]}")
        _log.warning("%s: a webhook was deleted, as take_over says", self._channel)
        return 0.0


def _after(updates: list[object]) -> int | None:
    """The offset that confirms all of these."""
    numbers = [number for raw in updates if (number := update_id_of(raw)) is not None]
    return max(numbers) + 1 if numbers else None
