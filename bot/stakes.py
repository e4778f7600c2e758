"""Pure: what one process may use of an account that several send by, and what the others must be told of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import floor

from bot.pace import WINDOW, Pace
from bot.ports import Share

LATER = WINDOW + 0.01
"""Seconds after which what has left counts no more."""
PRESENCE = ""
"""The account in which a process says that it is there at all."""
_TICK = timedelta(milliseconds=1)
_NOISE = 1e-6
"""Of sums of fractions."""


def part(rate: float, senders: int, place: int) -> float:
    """What the sender at `place` (0: who joined first) of so many may use of `rate` parts a second. Whole parts; what
    is left over goes to those who joined first, and a fraction to the first."""
    each, more = divmod(floor(rate), senders)
    return each + (place < more) + (rate - floor(rate) if place == 0 else 0.0)


def next_place(others: Sequence[Share], now: datetime) -> datetime:
    """When somebody joins who comes behind all the others, whatever the clocks say."""
    return max([now, *(each.joined_at + _TICK for each in others)])


@dataclass(slots=True)
class Stake:
    """This process's part of one account.

    It keeps to less at once, and tells so when what it sent before no longer counts; it uses more when the others have
    told that they use less. So what is told covers, at any moment, what has left within the last second.
    """

    account: str
    pace: Pace
    rate: float
    """Parts a second of all senders together. Where `is_alone` only: what the one that sends keeps to, 0 for no
    limit."""
    is_alone: bool
    joined_at: datetime | None = None
    used: float = 0.0
    """Parts a second; where `is_alone` 1 or 0."""
    _until: float = 0.0
    _before: list[tuple[float, float]] = field(default_factory=list)
    """What was used lately and was more, and until when it counts."""

    @property
    def whole(self) -> float:
        """What there is to be divided."""
        return 1.0 if self.is_alone else self.rate

    def due(self, others: Sequence[Share]) -> float:
        """Our fair part among these living ones. The one that joined first has what cannot be divided."""
        mine = (self.joined_at, "")
        place = sum((each.joined_at, each.owner) < mine for each in others)
        return part(self.whole, len(others) + 1, place)

    def free(self, others: Sequence[Share]) -> float:
        """As much of `due` as nobody else holds."""
        due = self.due(others)
        rest = self.whole - sum(each.granted for each in others)
        # What is no whole part is given whole or not at all, or the roundings would add up to more than the rate.
        return due if rest >= due - _NOISE else float(max(0, floor(rest + _NOISE)))

    def lower(self, amount: float, now: float) -> None:
        """Keeps to less from this moment of the monotonic clock on; to more, not yet."""
        if amount < self.used:
            self._before.append((now + LATER, self.used))
            self.use(amount, until=self._until)

    def use(self, amount: float, *, until: float) -> None:
        """Keeps to `amount`, until that moment of the monotonic clock."""
        self.used, self._until = amount, until
        if amount:
            self.pace.grant(self.rate if self.is_alone else amount, until=until)
        else:
            self.pace.shut()

    def covering(self, amount: float, now: float) -> float:
        """What must be told while `amount` is to be used from now on: nothing less than has been used lately."""
        self._before = [each for each in self._before if each[0] > now]
        return max((amount, *(used for _, used in self._before)))

    def tells_at(self) -> float | None:
        """When there is less to be told, by the monotonic clock."""
        return min((until for until, _ in self._before), default=None)
