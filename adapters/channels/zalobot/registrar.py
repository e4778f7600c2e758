"""Tells the Bot Platform where our webhook is, and makes sure that it stays so."""

import asyncio
import logging
import random
from collections.abc import Callable

from adapters.channels.zalobot.client import Answered, Client, Reached, Refused
from adapters.channels.zalobot.outcomes import explained
from adapters.channels.zalobot.poller import Rhythm
from bot.ports import Deliver

log = logging.getLogger(__name__)

_LOOK_AGAIN = 3_600.0
"""Seconds between two looks at what the platform knows."""


class Registrar:
    """A `Listener` that delivers nothing: the webhook does."""

    def __init__(
        self,
        client: Client,
        channel: str,
        *,
        url: str,
        secret: str,
        rhythm: Rhythm,
        look_again: float = _LOOK_AGAIN,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._channel = channel
        self._url = url
        self._secret = secret
        self._rhythm = rhythm
        self._look_again = look_again
        self._chance = chance

    async def listen(self, deliver: Deliver) -> None:
        """The secret cannot be asked back, so it is told once at the start whatever the platform knows; after that
        only where somebody has changed the address."""
        is_told, failures = False, 0
        while True:
            trouble = await self._settle(is_told=is_told)
            is_told, failures = not trouble, failures + 1 if trouble else 0
            if trouble:
                level = logging.ERROR if failures == 1 else logging.INFO
                log.log(level, "%s: không đặt được webhook / the webhook cannot be set: %s", self._channel, trouble)
                pause = min(self._rhythm.first * 2.0 ** min(failures - 1, 30), self._rhythm.longest)
                await asyncio.sleep(pause * (1 - self._chance() / 2))
            else:
                await asyncio.sleep(self._look_again)

    async def _settle(self, *, is_told: bool) -> str:
        """Why the platform does not call us; empty where it does."""
        if is_told:
            known = await self._client.call("getWebhookInfo")
            if not isinstance(known, Answered) or _url_in(known.result) == self._url:
                return ""  # what cannot be asked just now is no reason to think that it has changed
            log.warning("%s: webhook đã bị đổi, đặt lại / the webhook was changed, set again", self._channel)
        told = await self._client.call("setWebhook", {"url": self._url, "secret_token": self._secret})
        if isinstance(told, Answered):
            log.info("%s: Zalo biết webhook của ta / Zalo knows our webhook", self._channel)
            return ""
        return reason_of(told)


def reason_of(reached: Reached) -> str:
    """Why a call came to nothing; empty where it did not."""
    if isinstance(reached, Answered):
        return ""
    return explained(reached) if isinstance(reached, Refused) else reached.reason


def _url_in(result: object) -> str:
    url = result.get("url") if isinstance(result, dict) else None
    return url if isinstance(url, str) else ""
