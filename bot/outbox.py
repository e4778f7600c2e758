"""Flow 1b: claim → send → settle, one loop a channel; no transaction is open while a provider is asked."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import cast

from bot.config import OutboxSettings
from bot.model.clock import Clock
from bot.model.errors import StorageError, trail
from bot.model.message import (
    Accepted,
    ChannelDown,
    DeliveryState,
    OutboxItem,
    Outcome,
    Receipt,
    Rejected,
    Uncertain,
)
from bot.outcomes import Hand, settlement_of
from bot.pace import Pace, Pauses, wait
from bot.planning import untruth_of
from bot.ports import Channel, Claimed, Settlement, Storage, Transaction

log = logging.getLogger(__name__)

RecordReceipts = Callable[[Transaction, Sequence[Receipt]], Awaitable[object]]
"""What to do, in the same transaction, with receipts that had come before their message was settled."""


_SETTLED_AT_ONCE = 1000


class Outbox:
    """Drains one channel."""

    def __init__(
        self,
        channel: Channel,
        storage: Storage,
        *,
        owner: str,
        clock: Clock,
        record_receipts: RecordReceipts,
        timing: OutboxSettings,
    ) -> None:
        self._channel = channel
        self._storage = storage
        self._hand = Hand(owner, channel.limits)
        self._clock = clock
        self._record_receipts = record_receipts
        self._timing = timing
        self._pace = Pace(channel.limits.rate, time.monotonic)
        self._pauses = Pauses()
        self._turnstile = asyncio.Lock()
        self._ready: asyncio.PriorityQueue[_Turn] = asyncio.PriorityQueue()
        self._settlements: asyncio.Queue[Settlement | None] = asyncio.Queue()
        self._room = asyncio.Event()
        self._stopping = asyncio.Event()
        rate = channel.limits.rate
        self._batch = min(channel.limits.window, ceil(rate)) if rate else channel.limits.window

    async def run(self) -> None:
        """Works until `stop`; then hands back what was not sent, waits for what is under way, and returns."""
        async with asyncio.TaskGroup() as tasks:
            settler = tasks.create_task(self._settle_all())
            async with asyncio.TaskGroup() as senders:
                workers = [senders.create_task(self._send_all()) for _ in range(self._channel.limits.window)]
                await self._claim_all()
                for _ in workers:
                    self._ready.put_nowait(_LAST)
            self._settlements.put_nowait(None)
            await settler

    def stop(self) -> None:
        self._stopping.set()
        self._room.set()
        self._pauses.opened.set()
        self._storage.woken(self._channel.name).set()

    async def _claim_all(self) -> None:
        woken = self._storage.woken(self._channel.name)
        while not self._stopping.is_set():
            woken.clear()
            try:
                claimed = await self._claim(self._batch if self._pauses.open else 1)
                for each in claimed:
                    self._admit(each)
                if not claimed:
                    await wait(woken, await self._idle_seconds())
            except Exception as error:
                log.error("channel %s: nothing could be claimed: %s", self._channel.name, trail(error))
                await wait(self._stopping, self._timing.poll)
            await self._wait_for_room()

    async def _claim(self, limit: int) -> list[Claimed]:
        now = self._clock()
        return await self._storage.write(
            lambda tx: tx.outbox.claim(
                self._channel.name,
                owner=self._hand.owner,
                now=now,
                lease_until=now + timedelta(seconds=self._timing.lease),
                limit=limit,
            )
        )

    def _admit(self, claimed: Claimed) -> None:
        """Lines a claimed message up, unless it has become untrue while it waited."""
        item, now = claimed.item, self._clock()
        if untruth := untruth_of(item, claimed.standing):
            self._settlements.put_nowait(self._unsent(item, DeliveryState.SUPPRESSED, untruth, now))
            return
        too_late = now + timedelta(seconds=min(self._timing.fresh, self._timing.lease - self._timing.send))
        self._ready.put_nowait((item.lane, item.id, item, too_late))

    async def _wait_for_room(self) -> None:
        if not self._pauses.open:
            await wait(self._pauses.opened, self._pauses.longer())
        while self._ready.qsize() > self._batch // 2 and not self._stopping.is_set():
            self._room.clear()
            await self._room.wait()

    async def _idle_seconds(self) -> float:
        due = await self._storage.read(lambda tx: tx.outbox.next_due(self._channel.name))
        if due is None:
            return self._timing.poll
        return min(self._timing.poll, max(0.01, (due - self._clock()).total_seconds()))

    async def _send_all(self) -> None:
        while (turn := await self._turn()) is not _LAST:
            _, _, item, too_late = turn
            now = self._clock()
            if self._stopping.is_set() or now > too_late:
                self._settlements.put_nowait(self._unsent(item, DeliveryState.QUEUED, "handed back", now))
                continue
            outcome = await self._send(item)
            self._note(outcome)
            self._settlements.put_nowait(settlement_of(item, outcome, self._hand, now=self._clock()))

    async def _turn(self) -> "_Turn":
        """The next message that may leave; one sender at a time stands here, so that the pace holds."""
        async with self._turnstile:
            await self._pace.permission()
            turn = await self._ready.get()
            if turn is not _LAST:
                self._pace.spend(turn[2].parts)
                self._room.set()
            return turn

    async def _send(self, item: OutboxItem) -> Outcome:
        try:
            async with asyncio.timeout(self._timing.send):
                return await self._channel.sender.send(item)
        except TimeoutError:
            return Uncertain(f"no answer within {self._timing.send:g} s")
        except Exception as error:
            log.error("channel %s: the adapter failed on %s: %s", self._channel.name, item.id, trail(error))
            return Uncertain(f"the adapter failed: {type(error).__name__}")

    def _note(self, outcome: Outcome) -> None:
        if isinstance(outcome, ChannelDown):
            if self._pauses.open:
                log.warning("channel %s is down: %s", self._channel.name, outcome.reason)
                self._pauses.shut()
        elif isinstance(outcome, Accepted | Rejected) and not self._pauses.open:
            log.info("channel %s works again", self._channel.name)
            self._pauses.works()

    def _unsent(self, item: OutboxItem, state: DeliveryState, reason: str, now: datetime) -> Settlement:
        return Settlement(
            item_id=item.id,
            owner=self._hand.owner,
            state=state,
            at=now,
            reason=reason,
            next_at=now if state is DeliveryState.QUEUED else None,
            attempted=False,
        )

    async def _settle_all(self) -> None:
        """Writes what became of the messages, as many together as have come up since the last write."""
        more = True
        while more:
            first = await self._settlements.get()
            batch = [first]
            while len(batch) < _SETTLED_AT_ONCE and not self._settlements.empty():
                batch.append(self._settlements.get_nowait())
            more = None not in batch
            if settlements := [each for each in batch if each is not None]:
                await self._settle(settlements)

    async def _settle(self, settlements: Sequence[Settlement]) -> None:
        async def work(tx: Transaction) -> None:
            early = await tx.outbox.settle(settlements)
            if early:
                await self._record_receipts(tx, early)

        pause = 0.1
        while True:
            try:
                await self._storage.write(work)
            except StorageError as error:
                log.error("channel %s: could not settle, trying again: %s", self._channel.name, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            except Exception as error:
                log.error("channel %s: could not settle %d: %s", self._channel.name, len(settlements), trail(error))
                if len(settlements) > 1:
                    for settlement in settlements:
                        await self._settle([settlement])
                return
            else:
                return


async def sweep(storage: Storage, clock: Clock, honouring: Collection[str], timing: OutboxSettings) -> None:
    """Forever: what was claimed by a process that died becomes uncertain, what waited too long expires."""
    while True:
        now = clock()

        async def work(tx: Transaction, now: datetime = now) -> tuple[int, int]:
            return await tx.outbox.lapse(now=now, requeue=honouring), await tx.outbox.expire(now=now)

        try:
            lapsed, expired = await storage.write(work)
            if lapsed or expired:
                log.warning("%d messages lost their sender, %d expired while they waited", lapsed, expired)
        except Exception as error:
            log.error("the sweeper could not work: %s", trail(error))
        await asyncio.sleep(timing.sweep)


_Turn = tuple[int, str, OutboxItem, datetime]
"""(lane, id, the message, the moment after which it is handed back rather than sent)."""

_LAST = cast("_Turn", (9, "", None, None))
"""Sorts behind every message; tells one sender to go home."""
