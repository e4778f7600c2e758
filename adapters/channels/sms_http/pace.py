"""How long to wait when a provider says "too fast" without saying how long."""

import time
from collections.abc import Callable

_SHORTEST, _LONGEST = 1.0, 60.0


class Pace:
    """Each time that it is too fast once more after a pause, the next pause is twice as long; what is accepted
    forgives."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._pause = 0.0
        self._until = 0.0

    def throttled(self) -> float:
        """Seconds to wait. Many messages that are refused at once are one refusal."""
        now = self._monotonic()
        if now >= self._until:
            self._pause = min(max(self._pause * 2, _SHORTEST), _LONGEST)
            self._until = now + self._pause
        return max(self._until - now, _SHORTEST)

    def accepted(self) -> None:
        self._pause = 0.0
