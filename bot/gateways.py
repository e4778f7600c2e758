"""How the gateways stand at this moment, and which of them takes the next message of a route.

Each route draws lots by weight among the gateways that are ready, and the one that is drawn takes a few messages before
the next drawing. So shares follow the weights while all keep up, a gateway that is busy or away holds nobody up, and
what waits belongs to nobody until it is taken.
"""

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.model.clock import Clock
from bot.ports import Move, Pause
from bot.routing import Routes, route_of_queue

FULL = 100
"""Percent of its configured weight that a gateway in good health carries."""
RETURNING = 10
"""Percent with which a gateway begins after an outage; the least that a bad one keeps, so that it can be judged."""

_TURN = 0.25
"""Seconds after which a gateway that was drawn and takes nothing loses its turn."""


@dataclass(slots=True)
class _Turn:
    gateway: str
    since: float


class Gateways:
    """Shared by the outboxes of one process. `poke` makes a gateway's outbox look again."""

    def __init__(
        self,
        routes: Routes,
        *,
        clock: Clock,
        poke: Callable[[str], None] = lambda gateway: None,
        rng: random.Random | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.routes = routes
        self._ways = routes.queues()
        self._queues: dict[str, list[str]] = {}
        for queue, ways in self._ways.items():
            for gateway in ways:
                self._queues.setdefault(gateway, []).append(queue)
        self._clock = clock
        self._poke = poke
        self._rng = rng or random.Random()
        self._monotonic = monotonic
        self._ready: dict[str, int] = {}
        self._probing: set[str] = set()
        self._turns: dict[str, _Turn] = {}
        self._shares: dict[str, int] = {}
        self._paused: dict[str, Pause] = {}
        self.moved: deque[Move] = deque()
        """Moves that happened here and are not yet written down."""

    def queues(self, gateway: str) -> Sequence[str]:
        """Where this gateway takes from: its own queue and those of its routes, without what is paused."""
        if gateway in self._paused:
            return ()
        return (
            gateway,
            *(queue for queue in self._queues.get(gateway, ()) if route_of_queue(queue) not in self._paused),
        )

    def all_queues(self, gateway: str) -> Sequence[str]:
        return (gateway, *self._queues.get(gateway, ()))

    def carries(self, gateway: str) -> bool:
        """Some route goes by it."""
        return gateway in self._queues

    def share(self, gateway: str) -> int:
        """Percent of its weight."""
        return self._shares.get(gateway, FULL)

    def know(self, shares: Mapping[str, int], pauses: Mapping[str, Pause]) -> None:
        """What the database says: another process, or a person, may have moved something."""
        unwritten = {move.name for move in self.moved}
        self._shares = {**shares, **{name: self._shares[name] for name in unwritten if name in self._shares}}
        changed = self._paused.keys() ^ pauses.keys()
        self._paused = dict(pauses)
        for gateway in self._stirred_by(changed):
            self._poke(gateway)

    def move(self, gateway: str, share: int, reason: str) -> None:
        """Sets a share, and notes the move for whoever writes it down."""
        before = self.share(gateway)
        if share != before:
            self._shares[gateway] = share
            self.moved.append(Move(gateway, self._clock(), before, share, reason))

    def went_down(self, gateway: str, reason: str) -> None:
        """Its share goes to the others at once."""
        self.not_ready(gateway)
        if self.carries(gateway):
            self.move(gateway, 0, reason)

    def works(self, gateway: str) -> None:
        """It took a message: if it was out, it begins again."""
        if self.share(gateway) == 0 and self.carries(gateway):
            self.move(gateway, RETURNING, "works again")

    def stir(self, gateway: str) -> None:
        """Messages went back to the queues of this gateway: those who share them look again."""
        for name in {name for queue in self._queues.get(gateway, ()) for name in self._ways[queue]} - {gateway}:
            self._poke(name)

    def ready(self, gateway: str, batch: int, *, is_probe: bool = False) -> None:
        """It looks for messages and would take `batch` at once; as a probe it is drawn before all others, for how else
        would it be seen that it works again."""
        self._ready[gateway] = batch
        if is_probe:
            self._probing.add(gateway)
        else:
            self._probing.discard(gateway)

    def not_ready(self, gateway: str) -> None:
        """It has its hands full, or is away: its turns go to others."""
        self._ready.pop(gateway, None)
        self._probing.discard(gateway)

    def allowance(self, gateway: str, queue: str) -> int:
        """How many messages of this queue the gateway may take now; 0 while it is another one's turn."""
        ways = self._ways.get(queue)
        if ways is None or len(ways) == 1:
            return self._ready.get(gateway, 1)
        turn, now = self._turns.get(queue), self._monotonic()
        if turn and self._probing and turn.gateway not in self._probing:
            turn = None
        if turn is None or turn.gateway not in self._ready or now - turn.since > _TURN:
            drawn = self._drawn(queue, besides=turn.gateway if turn and turn.gateway in self._ready else "")
            turn = self._turns[queue] = _Turn(drawn or gateway, now)
        if turn.gateway == gateway:
            return min([self._ready[name] for name in ways if name in self._ready], default=1)
        self._poke(turn.gateway)
        return 0

    def took(self, gateway: str, queue: str, number: int) -> None:
        """After a claim: lots are drawn anew, and the next one is called."""
        if number and len(self._ways.get(queue, ())) > 1:
            self._turns.pop(queue, None)
            if drawn := self._drawn(queue):
                self._turns[queue] = _Turn(drawn, self._monotonic())
                if drawn != gateway:
                    self._poke(drawn)

    def _drawn(self, queue: str, *, besides: str = "") -> str:
        """A ready gateway by weight. One of weight 0 stands in while no other is ready."""
        ready = [name for name in self._ways[queue] if name in self._ready and name != besides]
        ready = [name for name in ready if name in self._probing] or ready
        weights = [self._ways[queue][name].weight * max(self.share(name), 1) for name in ready]
        if not ready:
            return besides
        return self._rng.choices(ready, weights)[0] if any(weights) else self._rng.choice(ready)

    def _stirred_by(self, names: Iterable[str]) -> set[str]:
        changed = set(names)
        return {
            gateway
            for gateway, queues in self._queues.items()
            if gateway in changed or any(route_of_queue(queue) in changed for queue in queues)
        } | changed
