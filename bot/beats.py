"""Signs of life: every periodic job gives one on each good round, and whoever watches sees which one fell silent."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.model.clock import Clock
from bot.pace import Monotonic
from bot.ports.watching import Heartbeat

Beat = Callable[[], None]
"""Said by a job on each good round; costs an entry in a dictionary."""

GRACE = 60.0
"""Seconds below which nobody is called silent."""
STILL = 2.0
"""Times the patience after which a job that is to turn within a minute has stopped for good: an alarm came before."""
_MOST_SLACK = 480.0
"""Seconds that a slow job may be late beyond its time, so that its silence is noticed within a quarter of an hour."""

_NOT_OURS = ("source:", "comparison:", "listener:", "aside:", "channel:", "clock:", "heartbeat", "deadlines", "reports")
"""Beginnings of the names of jobs that fall silent where others do not answer, or where a round is long work."""


def unheard() -> None:
    """For a job that nobody watches."""


def patience(every: float) -> float:
    """Seconds of silence after which a job is overdue: three times its own, for slow ones less."""
    return max(GRACE, every + min(2 * every, _MOST_SLACK))


@dataclass(slots=True)
class _Pulse:
    at: float
    every: float
    trouble: tuple[str, str] = ("", "")


@dataclass(slots=True)
class Beats:
    """Of one process. Kept in memory; `bot.watch` writes them down from time to time."""

    clock: Clock
    owner: str
    monotonic: Monotonic = time.monotonic
    _pulses: dict[str, _Pulse] = field(default_factory=dict)

    def beat(self, name: str, *, every: float) -> None:
        """`name` is alive, and will say so again within `every` seconds."""
        self._pulses[name] = _Pulse(self.monotonic(), every)

    def of(self, name: str, *, every: float) -> Beat:
        """What a job is given to say `beat` with. It counts as begun now: one that never says anything is missed."""
        self.beat(name, every=every)
        return lambda: self.beat(name, every=every)

    def complain(self, name: str, vietnamese: str, english: str, *, every: float) -> None:
        """`name` is alive and has something to complain of; a `beat` takes it back."""
        self._pulses[name] = _Pulse(self.monotonic(), every, (vietnamese, english))

    def end(self, name: str) -> None:
        """The job has ended in order."""
        self._pulses.pop(name, None)

    def still(self, *, excused: float = float("-inf")) -> list[str]:
        """Jobs of this process itself that are to turn within a minute and have not for long: only a new start would
        set them going. What waits for somebody outside is none of them, nor is slow work, which may take its time. No
        silence counts before `excused`, a moment of `monotonic`."""
        now = self.monotonic()
        return [
            name
            for name, pulse in sorted(self._pulses.items())
            if pulse.every <= GRACE
            and not pulse.trouble[0]
            and not name.startswith(_NOT_OURS)
            and now - max(pulse.at, excused) > STILL * patience(pulse.every)
        ]

    def ages(self) -> dict[str, float]:
        """Seconds since each job's last sign."""
        now = self.monotonic()
        return {name: now - pulse.at for name, pulse in sorted(self._pulses.items())}

    def listed(self) -> list[Heartbeat]:
        """As they are written down: by the wall clock as it stands now, so that a jump of it makes nobody late."""
        now, moment = self.monotonic(), self.clock()
        return [
            Heartbeat(self.owner, name, _before(moment, now - pulse.at), pulse.every, *pulse.trouble)
            for name, pulse in sorted(self._pulses.items())
        ]


class Shift:
    """Signs of life of jobs that this process does for a while."""

    def __init__(self, beats: Beats) -> None:
        self._beats = beats
        self._names: set[str] = set()

    def of(self, name: str, *, every: float) -> Beat:
        """As `Beats.of`. A job that is begun again and again in one shift counts as begun the first time."""
        if name not in self._names:
            self._names.add(name)
            self._beats.beat(name, every=every)
        return lambda: self._beats.beat(name, every=every)

    def complain(self, name: str, vietnamese: str, english: str, *, every: float) -> None:
        """As `Beats.complain`."""
        self._names.add(name)
        self._beats.complain(name, vietnamese, english, every=every)

    def end(self) -> None:
        """What is done elsewhere from now on is not missed here."""
        for name in self._names:
            self._beats.end(name)


def _before(moment: datetime, seconds: float) -> datetime:
    return moment - timedelta(seconds=seconds)
