"""How long a listener waits after a failure, and what it says about it."""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds to wait after a failure; each is shortened by up to half, at random."""

    first: float = 1.0
    """After the first failure to reach Telegram or to store; doubled with each further one."""
    longest: float = 60.0
    conflict: float = 60.0
    """While another program polls with our token."""
    refused: float = 300.0
    """While Telegram refuses our token, or our webhook."""
    watch: float = 300.0
    """Between two looks at how our webhook fares."""


class Patience:
    """Counts failures in a row; the first is a warning, the others are only noted, and the end of them is told."""

    def __init__(
        self, channel: str, rhythm: Rhythm, log: logging.Logger, *, chance: Callable[[], float] = random.random
    ) -> None:
        self._channel = channel
        self._rhythm = rhythm
        self._log = log
        self._chance = chance
        self._failures = 0

    def growing(self, reason: str) -> float:
        """Notes a failure; the seconds to wait for `rest`."""
        self._failures += 1
        pause = min(self._rhythm.first * 2.0 ** min(self._failures - 1, 30), self._rhythm.longest)
        self._log.log(logging.WARNING if self._failures == 1 else logging.INFO, "%s: %s", self._channel, reason)
        return pause

    def recovered(self) -> None:
        if self._failures:
            self._log.info("%s: listening again after %d failures", self._channel, self._failures)
        self._failures = 0

    async def rest(self, seconds: float) -> None:
        await asyncio.sleep(seconds * (1 - self._chance() / 2))
