"""Asks Telegram for news, and confirms it only after it is stored."""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from telegram.error import Conflict, InvalidToken, TelegramError

from adapters.channels.telegram.client import QuietBot
from adapters.channels.telegram.failures import ThrottledError
from adapters.channels.telegram.updates import Heard, understand, update_id_of
from bot.model.clock import Clock, utc_now
from bot.ports import Deliver

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds to wait after a failure; each is shortened by up to half, at random."""

    first: float = 1.0
    """After the first failure to reach Telegram or to store; doubled with each further one."""
    longest: float = 60.0
    conflict: float = 60.0
    """While another program polls with our token."""
    refused: float = 300.0
    """While Telegram refuses our token."""


class Poller:
    """A `Listener` over `getUpdates`. Telegram lets one program poll per bot: a second one is told 409 and waits."""

    def __init__(
        self,
        bot: QuietBot,
        channel: str,
        *,
        poll_seconds: int,
        read_timeout: float,
        rhythm: Rhythm = Rhythm(),
        clock: Clock = utc_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._bot = bot
        self._channel = channel
        self._poll_seconds = poll_seconds
        self._read_timeout = read_timeout
        self._rhythm = rhythm
        self._clock = clock
        self._chance = chance
        self._failures = 0

    async def listen(self, deliver: Deliver) -> None:
        # No offset is kept over a restart: Telegram keeps every update that was not confirmed (for 24 hours)
        # and starts with the oldest of them; what was stored but not yet confirmed is dropped as a repeat, by
        # its message id.
        offset: int | None = None
        async with asyncio.TaskGroup() as answers:
            while True:
                updates = await self._ask(offset)
                if not updates:
                    continue
                heard = [self._understood(raw) for raw in updates]
                if await self._stored(heard, deliver):
                    offset = _after(updates)
                    for pressed in (one.pressed for one in heard if one.pressed):
                        answers.create_task(self._answer(pressed))

    async def _ask(self, offset: int | None) -> list[object]:
        """The updates from `offset` on; none when there are none, or after the pause for a failure."""
        try:
            updates = await self._bot.raw_updates(
                offset=offset, seconds=self._poll_seconds, read_timeout=self._read_timeout
            )
        except TelegramError as error:
            await self._rest(self._pause(error))
            return []
        if not isinstance(updates, list) or (updates and _after(updates) is None):
            await self._rest(self._growing("Telegram's answer cannot be read"))
            return []
        if not updates:
            self._recovered()
        return updates

    def _understood(self, raw: object) -> Heard:
        heard = understand(raw, channel=self._channel, now=self._clock())
        if heard is None:
            _log.warning("%s: update %s has an unknown form; skipped", self._channel, update_id_of(raw))
        return heard or Heard()

    async def _stored(self, heard: list[Heard], deliver: Deliver) -> bool:
        messages = [one.message for one in heard if one.message]
        try:
            if messages:
                await deliver(messages)
        except Exception as error:  # whatever keeps it from being stored, Telegram must go on keeping it
            # The error's text may quote what a citizen wrote; its kind is enough here.
            reason = f"{len(messages)} messages are not stored ({type(error).__name__}); Telegram keeps them"
            await self._rest(self._growing(reason))
            return False
        self._recovered()
        return True

    async def _answer(self, pressed: str) -> None:
        """Ends the waiting sign on the button. Nothing is lost where it fails."""
        try:
            await self._bot.answer_callback_query(pressed)
        except TelegramError as error:
            _log.debug("%s: a button press could not be answered: %s", self._channel, error.message)

    def _pause(self, error: TelegramError) -> float:
        """Says what is wrong, and how many seconds to wait."""
        if isinstance(error, Conflict):
            _log.error("%s: another program listens with this bot's token: %s", self._channel, error.message)
            return self._rhythm.conflict
        if isinstance(error, InvalidToken):
            _log.error("%s: Telegram refuses the bot's token; get a new one from BotFather", self._channel)
            return self._rhythm.refused
        if isinstance(error, ThrottledError) and error.after:
            # Twice, because a random part of up to a half is taken off again.
            return 2 * error.after
        return self._growing(f"Telegram cannot be asked for news: {error.message[:200]}")

    def _growing(self, reason: str) -> float:
        self._failures += 1
        pause = min(self._rhythm.first * 2.0 ** min(self._failures - 1, 30), self._rhythm.longest)
        _log.log(logging.WARNING if self._failures == 1 else logging.INFO, "%s: %s", self._channel, reason)
        return pause

    def _recovered(self) -> None:
        if self._failures:
            _log.info("%s: listening again after %d failures", self._channel, self._failures)
        self._failures = 0

    async def _rest(self, seconds: float) -> None:
        await asyncio.sleep(seconds * (1 - self._chance() / 2))


def _after(updates: list[object]) -> int | None:
    """The offset that confirms all of these."""
    numbers = [number for raw in updates if (number := update_id_of(raw)) is not None]
    return max(numbers) + 1 if numbers else None
