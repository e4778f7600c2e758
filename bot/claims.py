"""Which waiting messages a channel takes in hand: best lane first, fairly among agencies, by turns among gateways."""

from collections.abc import Sequence
from datetime import timedelta

from bot.config import OutboxSettings
from bot.gateways import Gateways
from bot.model.clock import Clock
from bot.model.message import Lane
from bot.ports import Claimed, Storage, Transaction

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

    async def take(self, limit: int) -> list[Claimed]:
        """Up to `limit` messages that are due."""
        self._gateways.ready(self._channel, limit)
        return await self._claim(limit)

    async def probe(self) -> list[Claimed]:
        """One message, to see whether the channel works again; it goes before the others' turns."""
        self._gateways.ready(self._channel, 1, is_probe=True)
        if claimed := await self._claim(1):
            self._gateways.not_ready(self._channel)
        return claimed

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

    async def _claim(self, limit: int) -> list[Claimed]:
        self._waits_for_others = False
        queues = self._gateways.queues(self._channel)
        if len(queues) < 2:
            return await self._claim_from([(queue, limit) for queue in queues])
        due = await self._storage.read(lambda tx: tx.outbox.due(queues, now=self._clock()))
        shares = self._shares(due, limit)
        self._waits_for_others = bool(due) and not shares
        return await self._claim_from(shares)

    def _shares(self, due: Sequence[tuple[str, Lane]], limit: int) -> list[tuple[str, int]]:
        """How many to take of which queue: of those whose best message is of the best lane, the same number each, so
        that no agency's crowd stands before another's few."""
        allowed = [
            (queue, lane, most) for queue, lane in due if (most := self._gateways.allowance(self._channel, queue))
        ]
        best = min((lane for _, lane, _ in allowed), default=None)
        chosen = [(queue, most) for queue, lane, most in allowed if lane == best][:limit]
        return [(queue, max(1, min(most, limit // len(chosen)))) for queue, most in chosen]

    async def _claim_from(self, shares: Sequence[tuple[str, int]]) -> list[Claimed]:
        now = self._clock()
        lease_until = now + timedelta(seconds=self._timing.lease)

        async def work(tx: Transaction) -> list[list[Claimed]]:
            return [
                await tx.outbox.claim(
                    queue, gateway=self._channel, owner=self._owner, now=now, lease_until=lease_until, limit=number
                )
                for queue, number in shares
            ]

        claimed = await self._storage.write(work) if shares else []
        for (queue, _), items in zip(shares, claimed, strict=True):
            self._gateways.took(self._channel, queue, len(items))
        return [item for items in claimed for item in items]
