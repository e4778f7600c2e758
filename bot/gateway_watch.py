"""Watches the gateways: writes down what moved, hears what others ordered, and moves weight by how they fare."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from bot.beats import Beat, unheard
from bot.gateway_settings import GatewaySettings
from bot.gateways import FULL, RETURNING, Gateways
from bot.leading import Post
from bot.model.clock import Clock
from bot.model.errors import told
from bot.ports import Minute, Move, Pause, Storage, Transaction

log = logging.getLogger(__name__)

ERROR_SPAN = timedelta(minutes=5)
"""Over which answers are judged."""
SLOW_FROM, SLOW_TO = timedelta(minutes=15), timedelta(minutes=6)
"""How long ago the messages were taken whose receipts are judged: all of them have had five minutes."""
LEAST = 20
"""Messages below which nothing is judged."""
KEPT = timedelta(days=31)
"""How long the minutes are kept."""

_LOOK = 1.0
"""Seconds between looks at what was ordered."""
POST = "gateways"
"""Of the one process that moves weights."""


def judge(minutes: Sequence[Minute], rules: GatewaySettings, *, now: datetime, has_receipts: bool) -> str:
    """What speaks against a gateway, from its own minutes; empty where it is well, or too little is known."""
    return _errors(minutes, rules, now) or (_slowness(minutes, rules, now) if has_receipts else "")


def _errors(minutes: Sequence[Minute], rules: GatewaySettings, now: datetime) -> str:
    recent = [each for each in minutes if each.minute >= now - ERROR_SPAN]
    bad = sum(each.errors + each.uncertain for each in recent)
    total = bad + sum(each.accepted + each.rejected for each in recent)
    percent = 100.0 * bad / total if total else 0.0
    if total >= LEAST and percent >= rules.error_percent:
        return f"{percent:.0f}% of {total} answers in {ERROR_SPAN.seconds // 60} min were errors"
    return ""


def _slowness(minutes: Sequence[Minute], rules: GatewaySettings, now: datetime) -> str:
    judged = [each for each in minutes if now - SLOW_FROM <= each.minute < now - SLOW_TO]
    taken = sum(each.accepted for each in judged)
    percent = 100.0 * (1 - sum(each.in_time for each in judged) / taken) if taken else 0.0
    if taken >= LEAST and percent >= rules.slow_percent:
        return f"{percent:.0f}% of {taken} receipts took longer than 5 min or did not come"
    return ""


def next_share(share: int, complaint: str, rules: GatewaySettings) -> int:
    """One step down or up. What is out (0) comes back by working, not by time."""
    if share == 0:
        return 0
    return max(RETURNING, share - rules.step) if complaint else min(FULL, share + rules.step)


class GatewayWatch:
    """Runs beside the outboxes. Where several processes send, all look, and one of them at a time moves weights."""

    def __init__(
        self,
        gateways: Gateways,
        storage: Storage,
        rules: GatewaySettings,
        *,
        clock: Clock,
        receipts: Mapping[str, bool],
    ) -> None:
        """`receipts` names the gateways that are watched, and says which of them give receipts."""
        self._gateways = gateways
        self._storage = storage
        self._rules = rules
        self._clock = clock
        self._receipts = receipts
        self._at_it = asyncio.Lock()
        """What moved is written down once, though both who looks and who judges do it."""

    async def run(self, beat: Beat = unheard) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
                beat()
            except Exception as error:
                log.error("the watch over the gateways could not work: %s", told(error))
            await asyncio.sleep(_LOOK)

    async def move_weights(self, post: Post) -> None:
        """While the post is ours: a step in each period of `every` seconds. The periods are those of the clock on the
        wall, so that who takes over from another one goes on in its rhythm."""
        judged = self._period()
        while True:
            await asyncio.sleep(min(_LOOK, self._rules.every))
            if (period := self._period()) == judged:
                continue
            judged = period
            try:
                await self.step(post.storage)
            except Exception as error:
                log.error("the gateways could not be judged: %s", told(error))

    def _period(self) -> float:
        return self._clock().timestamp() // self._rules.every

    async def look(self) -> None:
        """Writes down what moved here, then takes over what the database says."""
        async with self._at_it:
            await self._write_down(self._storage, list(self._gateways.moved))
            await self._hear()

    async def step(self, storage: Storage) -> None:
        """Judges every gateway once. Raises `StorageError`; before anything is judged where `storage` is that of a post
        which another one has by now, and nothing has moved where it became another's meanwhile."""
        now = self._clock()
        await storage.write(lambda tx: tx.routing.forget_minutes(before=now - KEPT))
        minutes = await storage.read(lambda tx: tx.routing.minutes(since=now - SLOW_FROM))
        async with self._at_it:
            await self._write_down(storage, [*self._gateways.moved, *self._judged(minutes, now)])
            await self._hear()

    def _judged(self, minutes: Sequence[Minute], now: datetime) -> Iterator[Move]:
        for gateway, has_receipts in self._receipts.items():
            own = [each for each in minutes if each.gateway == gateway]
            complaint = judge(own, self._rules, now=now, has_receipts=has_receipts)
            share = self._gateways.share(gateway)
            if (then := next_share(share, complaint, self._rules)) != share:
                yield Move(gateway, now, share, then, complaint or "it fares well again")

    async def _write_down(self, storage: Storage, moves: Sequence[Move]) -> None:
        async def work(tx: Transaction) -> None:
            for move in moves:
                await tx.routing.move(move)

        if moves:
            await storage.write(work)
            for move in moves:
                with suppress(ValueError):
                    self._gateways.moved.remove(move)
                _say(move)

    async def _hear(self) -> None:
        shares, pauses = await self._storage.read(_standing)
        self._gateways.know(shares, pauses)


async def _standing(tx: Transaction) -> tuple[dict[str, int], dict[str, Pause]]:
    return await tx.routing.shares(), await tx.routing.pauses()


def _say(move: Move) -> None:
    level = logging.WARNING if move.after < move.before else logging.INFO
    log.log(level, "gateway %s: %d %% → %d %% of its weight: %s", move.name, move.before, move.after, move.reason)
