"""Flow 1b: claim → send → settle, one loop a channel; no transaction is open while a provider is asked."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from bot.admission import Admission, Obstacle, kept
from bot.beats import Beat, unheard
from bot.claims import Claims
from bot.config import OutboxSettings
from bot.enclosures import enclosed
from bot.gateways import Gateways
from bot.line import Line, Turn
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
    Retry,
    Uncertain,
)
from bot.outcomes import Hand, set_aside, settlement_of
from bot.pace import Pauses, wait
from bot.ports import Channel, Claimed, Settlement, Storage, Transaction
from bot.routing import Routes
from bot.situation_settings import ReachSettings

log = logging.getLogger(__name__)

RecordReceipts = Callable[[Transaction, Sequence[Receipt]], Awaitable[object]]
"""What to do, in the same transaction, with receipts that had come before their message was settled."""

_SETTLED_AT_ONCE = 1000
_FAILURES = 8
_ANSWERED = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.FAILED)


class Outbox:
    """Drains one channel: its own queue, and where it is a gateway those of its routes."""

    def __init__(
        self,
        channel: Channel,
        storage: Storage,
        *,
        owner: str,
        clock: Clock,
        record_receipts: RecordReceipts,
        timing: OutboxSettings,
        admission: Admission | None = None,
        gateways: Gateways | None = None,
        reach: ReachSettings | None = None,
        failures: int = _FAILURES,
        on_blocked: Callable[[OutboxItem], None] = lambda item: None,
        beat: Beat = unheard,
    ) -> None:
        """`on_blocked` hears of messages whose reader has shut the door."""
        self._channel = channel
        self._storage = storage
        self._hand = Hand(owner, channel.limits, reach=reach or ReachSettings())
        self._clock = clock
        self._record_receipts = record_receipts
        self._timing = timing
        self._admission = admission or Admission(channel.name)
        self._gateways = gateways or Gateways(Routes({}, sms=[]), clock=clock)
        self._failures = failures
        self._on_blocked = on_blocked
        self._beat = beat
        self._failed_in_a_row = 0
        self._failing_since: datetime | None = None
        self._claims = Claims(channel.name, storage, self._gateways, owner=owner, clock=clock, timing=timing)
        self._pauses = Pauses()
        self._is_tired = False
        self._probed = asyncio.Event()
        self._line = Line(channel.limits)
        self._settlements: asyncio.Queue[Settlement | None] = asyncio.Queue()
        self._room = asyncio.Event()
        self._stopping = asyncio.Event()
        rate = channel.limits.rate
        self._batch = min(channel.limits.window, ceil(rate)) if rate else channel.limits.window
        for queue in self._gateways.all_queues(channel.name):
            storage.feeds(queue, [channel.name])

    async def run(self) -> None:
        """Works until `stop`; then hands back what was not sent, waits for what is under way, and returns."""
        async with asyncio.TaskGroup() as tasks:
            settler = tasks.create_task(self._settle_all())
            async with asyncio.TaskGroup() as senders:
                for _ in range(self._channel.limits.window):
                    senders.create_task(self._send_all())
                await self._claim_all()
                self._line.end()
            self._settlements.put_nowait(None)
            await settler

    @property
    def name(self) -> str:
        return self._channel.name

    @property
    def failing_since(self) -> datetime | None:
        """Since when nothing but failures came back, more than one; None while the channel works."""
        return self._failing_since if self._failed_in_a_row > 1 or not self._pauses.open else None

    def stop(self) -> None:
        self._stopping.set()
        self._room.set()
        self._pauses.opened.set()
        self._probed.set()
        self._storage.woken(self._channel.name).set()

    # Taking messages in hand

    async def _claim_all(self) -> None:
        woken = self._storage.woken(self._channel.name)
        while not self._stopping.is_set():
            woken.clear()
            await self._rest()
            try:
                if self._pauses.open:
                    found = self._admit_all(await self._claims.take(self._batch))
                else:
                    found = await self._probe()
                self._beat()
                if not found:
                    await wait(woken, await self._claims.idle_seconds())
            except Exception as error:
                log.error("channel %s: nothing could be claimed: %s", self._channel.name, trail(error))
                await wait(self._stopping, self._timing.poll)
            await self._wait_for_room()
        self._gateways.not_ready(self._channel.name)

    async def _rest(self) -> None:
        """After the channel went down, and after each vain try."""
        if self._is_tired and not self._pauses.open:
            await wait(self._pauses.opened, self._pauses.longer())
        self._is_tired = False

    async def _probe(self) -> bool:
        """Sends one message to see whether the channel works again, and waits for what comes of it."""
        claimed = await self._claims.probe()
        for each in claimed:
            self._probed.clear()
            self._admit(each, is_probe=True)
            await self._probed.wait()
        return bool(claimed)

    def _admit_all(self, claimed: Sequence[Claimed]) -> bool:
        for each in claimed:
            self._admit(each)
        return bool(claimed)

    def _admit(self, claimed: Claimed, *, is_probe: bool = False) -> None:
        """Lines a claimed message up, unless it has become untrue while it waited or must not leave this way."""
        now = self._clock()
        if obstacle := self._admission.obstacle(claimed):
            self._settlements.put_nowait(kept(claimed.item, obstacle, self._hand.owner, now=now))
            self._probed.set()
            return
        too_late = now + timedelta(seconds=min(self._timing.fresh, self._timing.lease - self._timing.send))
        self._line.put(Turn(claimed, too_late, is_probe))

    async def _wait_for_room(self) -> None:
        while len(self._line) > self._batch // 2 and not self._stopping.is_set():
            self._gateways.not_ready(self._channel.name)
            self._room.clear()
            await self._room.wait()

    # Sending

    async def _send_all(self) -> None:
        while turn := await self._line.next():
            self._room.set()
            settlement = await self._sent(turn)
            self._settlements.put_nowait(settlement)
            self._line.done(turn, is_answered=settlement.state in _ANSWERED)
            if turn.is_probe:
                self._probed.set()

    async def _sent(self, turn: Turn) -> Settlement:
        item, now = turn.claimed.item, self._clock()
        if self._stopping.is_set() or now > turn.too_late or (not self._pauses.open and not turn.is_probe):
            return kept(item, Obstacle(DeliveryState.QUEUED, "handed back"), self._hand.owner, now=now)
        name = self._channel.name
        sender = item.sender or self._gateways.routes.sender(item.route, name)
        answered = await self._send(replace(item, sender=sender) if sender != item.sender else item)
        outcome = set_aside(answered) if turn.is_probe else answered
        self._note(outcome, is_probe=turn.is_probe)
        if isinstance(outcome, Rejected) and outcome.blocked:
            self._on_blocked(item)
        carrier = outcome.carrier if isinstance(outcome, Accepted) else ""
        settled = settlement_of(item, outcome, self._hand, now=self._clock(), repeats=turn.claimed.repeats)
        cost, bypass = self._admission.charge(turn.claimed, outcome, carrier), self._admission.bypass(item)
        if bypass:
            log.info("channel %s: message %s leaves in quiet hours: see `motcua held list`", name, item.id)
        return replace(settled, cost=cost, carrier=carrier, bypass=bypass)

    async def _send(self, item: OutboxItem) -> Outcome:
        whole = await enclosed(item, self._channel.limits, self._storage)
        if isinstance(whole, Retry):
            return whole
        try:
            async with asyncio.timeout(self._timing.send):
                return await self._channel.sender.send(whole)
        except TimeoutError:
            return Uncertain(f"no answer within {self._timing.send:g} s")
        except Exception as error:
            log.error("channel %s: the adapter failed on %s: %s", self._channel.name, item.id, trail(error))
            return Uncertain(f"the adapter failed: {type(error).__name__}")

    def _note(self, outcome: Outcome, *, is_probe: bool) -> None:
        """Watches for outages: the provider's own word, or nothing but failures."""
        self._failing_since = self._failing_since or self._clock()
        match outcome:
            case ChannelDown(reason):
                self._goes_down(reason)
            case Accepted() | Rejected():
                self._failed_in_a_row = 0
                self._failing_since = None
                if not self._pauses.open:
                    log.info("channel %s works again", self._channel.name)
                    self._pauses.works()
                self._gateways.works(self._channel.name)
            case Uncertain(reason) | Retry(reason, counts=True):
                self._failed_in_a_row += 1
                if is_probe:
                    self._probe_failed(outcome)
                elif self._failed_in_a_row >= self._failures:
                    self._goes_down(f"nothing but failures: {reason}")
            case Retry():  # "Too fast" may be about one handset: after a try, another message is tried soon.
                self._failing_since = None
                if is_probe:
                    self._is_tired = self._pauses.answered()

    def _goes_down(self, reason: str) -> None:
        self._is_tired = True
        if self._pauses.open:
            log.warning("channel %s is down: %s", self._channel.name, reason)
            self._gateways.went_down(self._channel.name, reason)
            self._pauses.shut()
            self._line.narrow()

    def _probe_failed(self, outcome: Uncertain | Retry) -> None:
        self._is_tired = True
        if isinstance(outcome, Uncertain):
            self._pauses.silence()

    # Writing down what became of them

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
                self._count(settlements)
                if any(each.state is DeliveryState.QUEUED for each in settlements):
                    self._gateways.stir(self._channel.name)
                return

    def _count(self, settlements: Sequence[Settlement]) -> None:
        """Money that was set aside is spent, or free again."""
        if purse := self._admission.purse:
            for each in settlements:
                purse.settle(each.item_id, is_spent=each.cost is not None)


async def sweep(
    storage: Storage, clock: Clock, honouring: Collection[str], timing: OutboxSettings, beat: Beat = unheard
) -> None:
    """Forever: what was claimed by a process that died becomes uncertain, what waited too long expires."""
    while True:
        now = clock()

        async def work(tx: Transaction, now: datetime = now) -> tuple[int, int]:
            return await tx.outbox.lapse(now=now, requeue=honouring), await tx.outbox.expire(now=now)

        try:
            lapsed, expired = await storage.write(work)
            if lapsed or expired:
                log.warning("%d messages lost their sender, %d expired while they waited", lapsed, expired)
            beat()
        except Exception as error:
            log.error("the sweeper could not work: %s", trail(error))
        await asyncio.sleep(timing.sweep)
