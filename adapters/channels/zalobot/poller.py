"""Asks the Bot Platform for news, one update at a time, and asks for the next only after the last is stored."""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from adapters.channels.zalobot.client import Answered, Client, Reached, Refused
from adapters.channels.zalobot.outcomes import explained
from adapters.channels.zalobot.updates import understand
from bot.model.clock import Clock, utc_now
from bot.model.message import InboundMessage
from bot.ports import Deliver

log = logging.getLogger(__name__)

_NO_NEWS = 408
"""How the platform ends a poll in which nobody wrote."""
_UNAUTHORISED = (401, 404)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds to wait after a failure; each is shortened by up to half, at random."""

    first: float = 1.0
    """After the first failure to reach Zalo or to store; doubled with each further one."""
    longest: float = 60.0
    refused: float = 300.0
    """While Zalo does not take our token."""


class Poller:
    """A `Listener` over `getUpdates`.

    The platform keeps nothing that it has handed out: there is no offset to confirm. So an update that cannot be stored
    is delivered again until it can be; one that is in our hands when the process dies is lost. Webhooks are not.
    """

    def __init__(
        self,
        client: Client,
        channel: str,
        *,
        poll_seconds: int,
        rhythm: Rhythm = Rhythm(),
        clock: Clock = utc_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._channel = channel
        self._poll_seconds = poll_seconds
        self._rhythm = rhythm
        self._clock = clock
        self._chance = chance
        self._failures = 0

    async def listen(self, deliver: Deliver) -> None:
        while True:
            message = await self._next()
            if message is not None:
                await self._stored(message, deliver)

    async def _next(self) -> InboundMessage | None:
        """What somebody wrote; None where nobody did, or after the pause for a failure."""
        seconds = self._poll_seconds
        reached = await self._client.call("getUpdates", {"timeout": str(seconds)}, patience=seconds)
        if not isinstance(reached, Answered):
            if isinstance(reached, Refused) and reached.code == _NO_NEWS:
                self._recovered()
            else:
                await self._rest(await self._pause(reached))
            return None
        if not reached.result:
            # Answered before its time was over: asked again at once it could become a storm.
            await self._rest(self._rhythm.first)
            return None
        understood = understand(reached.result, channel=self._channel, now=self._clock())
        if understood is None:
            log.warning("%s: một tin không đọc được / an update has an unknown form; skipped", self._channel)
        self._recovered()
        return understood.message if understood else None

    async def _stored(self, message: InboundMessage, deliver: Deliver) -> None:
        while True:
            try:
                await deliver([message])
            except Exception as error:  # whatever keeps it from being stored, we are the only ones who have it
                # The error's text may quote what a citizen wrote; its kind is enough here.
                reason = f"một tin chưa lưu được / a message is not stored yet ({type(error).__name__}); kept"
                await self._rest(self._growing(reason))
            else:
                self._recovered()
                return

    async def _pause(self, reached: Reached) -> float:
        """Says what is wrong, and how many seconds to wait."""
        if not isinstance(reached, Refused):
            reason = reached.reason if not isinstance(reached, Answered) else ""
            return self._growing(f"không hỏi được tin mới / cannot ask for news: {reason}")
        if reached.code in _UNAUTHORISED:
            log.error(
                "%s: Zalo không nhận mã bot, xin lấy mã mới ở Zalo Bot Manager / Zalo refuses the bot's token",
                self._channel,
            )
            return self._rhythm.refused
        if reached.code == 429:
            # Twice, because a random part of up to a half is taken off again.
            return 2 * (reached.after or self._rhythm.first)
        if await has_webhook(self._client):
            log.error(
                "%s: bot đang nhận tin qua webhook nên không hỏi được; đặt mode = webhook hoặc gọi deleteWebhook / the "
                "bot has a webhook and cannot be polled: set mode = webhook, or call deleteWebhook",
                self._channel,
            )
            return self._rhythm.longest
        return self._growing(f"không hỏi được tin mới / cannot ask for news: {explained(reached)}")

    def _growing(self, reason: str) -> float:
        self._failures += 1
        pause = min(self._rhythm.first * 2.0 ** min(self._failures - 1, 30), self._rhythm.longest)
        log.log(logging.WARNING if self._failures == 1 else logging.INFO, "%s: %s", self._channel, reason)
        return pause

    def _recovered(self) -> None:
        if self._failures:
            log.info("%s: đã nghe lại được / listening again after %d failures", self._channel, self._failures)
        self._failures = 0

    async def _rest(self, seconds: float) -> None:
        await asyncio.sleep(seconds * (1 - self._chance() / 2))


async def has_webhook(client: Client) -> bool:
    """Whether the platform says so; False where it cannot be asked."""
    reached = await client.call("getWebhookInfo")
    return isinstance(reached, Answered) and isinstance(reached.result, dict) and bool(reached.result.get("url"))
