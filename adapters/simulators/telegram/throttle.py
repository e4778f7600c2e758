"""How Telegram counts: so many messages in any second."""

import math
from collections import deque
from dataclasses import dataclass, field


@dataclass
class Throttle:
    """At most `rate` messages in any second; 0 for no limit."""

    rate: float
    taken: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> int:
        """Whole seconds until the next message is welcome; 0 if it is now, and then it is counted."""
        if not self.rate:
            return 0
        period = max(1.0, 1 / self.rate)
        while self.taken and self.taken[0] <= now - period:
            self.taken.popleft()
        if len(self.taken) >= max(1, int(self.rate * period)):
            return math.ceil(self.taken[0] + period - now) or 1
        self.taken.append(now)
        return 0
