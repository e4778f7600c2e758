"""Which waiting messages a channel takes in hand: best lane first, fairly among agencies, by turns among gateways."""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.config import OutboxSettings
from bot.gateways import Gateways
from bot.model.clock import Clock
from bot.model.message import Lane
from bot.ports import Claimed, Storage, Transaction

log = logging.getLogger(__name__)

_LOOK_AGAIN = timedelta(seconds=2)
_LATE_COMMIT = timedelta(minutes=10)
"""A server that waits for its standby may make a claim durable long after we have given up on it."""
_AHEAD, _FAR_AHEAD = 0.1, 1.0
"""Seconds within which what is taken at once may leave; whoever dies leaves it uncertain, sent or not."""
_NOT_OUR_TURN = 0.1
"""Seconds until a gateway looks again at a queue from which another one was to take, or where what is due waits for
another message to the same address."""


class Claims:
    """What one channel takes. While it `take`s it counts as ready, and is drawn when lots are cast."""

    def __init__(
        self,
        channel: str,
        storage: Storage,
        gateways: Gateways,
        *,
        owner: str,
        clock: Clock,
        timing: OutboxSettings,
    ) -> None:
        self._channel = channel
        self._storage = storage
        self._gateways = gateways
        self._owner = owner
        self._clock = clock
        self._timing = timing
        self._waits_for_others = False
        self._in_hand: Counter[str] = Counter()
        """How often each message was taken and not put down yet. Twice, where it is taken anew in the moment between
        the commit that put it down and our hearing of it."""
        self._doubtful_until: datetime | None = None
        """Until when messages may turn up as ours that a claim took without our hearing of it."""
        self._look_at: datetime | None = None
        self.ahead = _AHEAD
        """Seconds within which what is taken at once should be able to leave: no more than keeps the line from running
        dry, which is the more, up to a second, the slower the database answers."""

    async def take(self, limit: int, *, lanes: int = len(Lane)) -> list[Claimed]:
        """Up to `limit` messages that are due, of the first so many lanes."""
        await self._hand_back_unheard_of()
        self._gateways.ready(self._channel, limit)
        return await self._claim(limit, lanes)

    async def take_before(self, lane: Lane, limit: int) -> list[Claimed]:
        """As `take`, only what is more urgent than `lane`; nothing is written where nothing of that is due."""
        queues = self._gateways.queues(self._channel)
        due = await self._storage.read(lambda tx: tx.outbox.due(queues, now=self._clock())) if queues else []
        return await self.take(limit, lanes=lane) if any(each < lane for _, each in due) else []

    async def probe(self) -> list[Claimed]:
        """One message, to see whether the channel works again; it goes before the others' turns."""
        await self._hand_back_unheard_of()
        self._gateways.ready(self._channel, 1, is_probe=True)
        if claimed := await self._claim(1):
            self._gateways.not_ready(self._channel)
        return claimed

    def put_down(self, items: Iterable[str]) -> None:
        """What became of these, once each for each time that they were taken, is durable."""
        for item in items:
            self._in_hand[item] -= 1
            if self._in_hand[item] <= 0:
                del self._in_hand[item]

    async def _hand_back_unheard_of(self) -> None:
        """A claim whose answer was lost may have taken messages. We sent none of them, and whoever may send them is to
        have them, before they count as uncertain. Raises `StorageError` while the database does not answer."""
        now = self._clock()
        if self._doubtful_until is None or (self._look_at and now < self._look_at):
            return
        returned = await self._storage.write(
            lambda tx: tx.outbox.hand_back(self._owner, gateway=self._channel, besides=list(self._in_hand), at=now)
        )
        if returned:
            log.warning("channel %s: %d messages of a claim without an answer handed back", self._channel, returned)
        self._look_at = now + _LOOK_AGAIN
        if now > self._doubtful_until:
            self._doubtful_until = self._look_at = None

    async def idle_seconds(self) -> float:
        """How long to wait after nothing was found, if nothing wakes us."""
        if self._waits_for_others:
            return _NOT_OUR_TURN
        queues = self._gateways.queues(self._channel)
        due = await self._storage.read(lambda tx: tx.outbox.next_due(queues)) if queues else None
        if due is None:
            return self._timing.poll
        wait = (due - self._clock()).total_seconds()
        return min(self._timing.poll, max(0.01, wait) if wait > 0 else _NOT_OUR_TURN)

    async def _claim(self, limit: int, lanes: int = len(Lane)) -> list[Claimed]:
        self._waits_for_others = False
        queues = self._gateways.queues(self._channel)
        if len(queues) < 2:
            return await self._claim_from([(queue, limit) for queue in queues], lanes)
        due = await self._storage.read(lambda tx: tx.outbox.due(queues, now=self._clock()))
        shares = self._shares(due, limit)
        self._waits_for_others = bool(due) and not shares
        return await self._claim_from(shares, lanes)

    def _shares(self, due: Sequence[tuple[str, Lane]], limit: int) -> list[tuple[str, int]]:
        """How many to take of which queue: of those whose best message is of the best lane, the same number each, so
        that no agency's crowd stands before another's few."""
        allowed = [
            (queue, lane, most) for queue, lane in due if (most := self._gateways.allowance(self._channel, queue))
        ]
        best = min((lane for _, lane, _ in allowed), default=None)
        chosen = [(queue, most) for queue, lane, most in allowed if lane == best][:limit]
        return [(queue, max(1, min(most, limit // len(chosen)))) for queue, most in chosen]

    async def _claim_from(self, shares: Sequence[tuple[str, int]], lanes: int) -> list[Claimed]:
        now = self._clock()
        lease_until = now + timedelta(seconds=self._timing.lease)

        async def work(tx: Transaction) -> list[list[Claimed]]:
            return [
                await tx.outbox.claim(
                    queue,
                    gateway=self._channel,
                    owner=self._owner,
                    now=now,
                    lease_until=lease_until,
                    limit=number,
                    lanes=lanes,
                )
                for queue, number in shares
            ]

        asked = time.monotonic()
        try:
            claimed = await self._storage.write(work) if shares else []
        except Exception:
            self._doubtful_until, self._look_at = lease_until + _LATE_COMMIT, None
            raise
        if shares:
            # The next are asked for when half of these has left.
            slow = 2 * (time.monotonic() - asked)
            self.ahead = min(max(_AHEAD, slow, self.ahead / 2), _FAR_AHEAD)
        self._in_hand.update(each.item.id for items in claimed for each in items)
        for (queue, _), items in zip(shares, claimed, strict=True):
            self._gateways.took(self._channel, queue, len(items))
        return [item for items in claimed for item in items]
