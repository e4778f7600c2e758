"""Flow 1b: claim → send → settle, one loop a channel; no transaction is open while a provider is asked."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from bot.admission import Admission, Obstacle, kept
from bot.beats import Beat, unheard
from bot.claims import Claims
from bot.config import OutboxSettings
from bot.departures import Departures
from bot.gateways import Gateways
from bot.line import Line, Turn
from bot.meters import Calls
from bot.model.clock import Clock
from bot.model.errors import told, trail
from bot.model.message import (
    Accepted,
    ChannelDown,
    DeliveryState,
    OutboxItem,
    Outcome,
    Rejected,
    Retry,
    Uncertain,
)
from bot.outcomes import Hand, set_aside, settlement_of
from bot.pace import Pace, Pauses, wait
from bot.ports import Channel, Claimed, Settlement, Storage
from bot.routing import Routes
from bot.settler import RecordReceipts, Settler
from bot.situation_settings import ReachSettings

log = logging.getLogger(__name__)

_FAILURES = 8
_LOOK = 1.0
"""Seconds between two looks whether this process may use the account again."""
_URGENT = 32
"""Messages that are taken in hand beside a full line."""
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
        pace: Pace | None = None,
        calls: Calls | None = None,
    ) -> None:
        """`on_blocked` hears of messages whose reader has shut the door; `pace` is this process's part of an account
        that several send by; `calls` counts the provider's answers."""
        self._channel = channel
        self._storage = storage
        self._hand = Hand(owner, channel.limits, reach=reach or ReachSettings())
        self._clock = clock
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
        self._line = Line(channel.limits, pace)
        self._departures = Departures(channel, storage, seconds=timing.send, answered=self._answered, calls=calls)
        self._settler = Settler(channel.name, storage, record_receipts=record_receipts, settled=self._is_settled)
        self._woken = storage.woken(channel.name)
        self._is_full = False
        """Nothing more is taken in hand until there is room, or something more urgent comes."""
        self._stopping = asyncio.Event()
        for queue in self._gateways.all_queues(channel.name):
            storage.feeds(queue, [channel.name])

    async def run(self) -> None:
        """Works until `stop`; then hands back what was not sent, waits for what is under way, and returns."""
        async with asyncio.TaskGroup() as tasks:
            settling = tasks.create_task(self._settler.run())
            async with asyncio.TaskGroup() as senders:
                senders.create_task(self._send_all())
                await self._claim_all()
                self._line.end()
            self._settler.end()
            await settling

    @property
    def name(self) -> str:
        return self._channel.name

    @property
    def granted(self) -> float | None:
        """Parts a second that this process may send by its account; None: any number."""
        return 0.0 if self._line.pace.is_shut else self._line.pace.rate or None

    @property
    def failing_since(self) -> datetime | None:
        """Since when nothing but failures came back, more than one; None while the channel works."""
        return self._failing_since if self._failed_in_a_row > 1 or not self._pauses.open else None

    def stop(self) -> None:
        self._stopping.set()
        self._pauses.opened.set()
        self._probed.set()
        self._woken.set()

    # Taking messages in hand

    @property
    def _batch(self) -> int:
        """How many are taken in hand at once: what may leave until the next are there."""
        rate, window = self._line.pace.rate, self._channel.limits.window
        return min(window, ceil(rate * self._claims.ahead)) if rate else window

    async def _claim_all(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            await self._rest()
            try:
                if self._pauses.open:
                    found = self._admit_all(await self._claims.take(self._batch))
                else:
                    found = await self._probe()
                self._beat()
                if not found:
                    await wait(self._woken, await self._claims.idle_seconds())
            except Exception as error:
                log.error("channel %s: cannot take what waits, trying again: %s", self._channel.name, told(error))
                await wait(self._stopping, self._timing.poll)
            await self._wait_for_room()
        self._gateways.not_ready(self._channel.name)

    async def _rest(self) -> None:
        """Also while the account is used by others alone."""
        while self._line.pace.is_shut and not self._stopping.is_set():
            self._gateways.not_ready(self._channel.name)
            self._beat()
            await wait(self._woken, _LOOK)
            self._woken.clear()
        await self._rest_while_down()

    async def _rest_while_down(self) -> None:
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
            self._settler.put(kept(claimed.item, obstacle, self._hand.owner, now=now))
            self._probed.set()
            return
        too_late = now + timedelta(seconds=min(self._timing.fresh, self._timing.lease - self._timing.send))
        self._line.put(Turn(claimed, too_late, is_probe))

    async def _wait_for_room(self) -> None:
        """Meanwhile what is more urgent than the last in line is taken in hand as it comes: a reply does not wait until
        half of a broadcast's batch has left."""
        while not self._has_room() and not self._stopping.is_set():
            self._gateways.not_ready(self._channel.name)
            self._is_full = True
            await self._woken.wait()
            self._woken.clear()
            self._is_full = False
            if not self._has_room() and self._line.urgent < self._batch:
                await self._take_urgent()

    def _has_room(self) -> bool:
        return len(self._line) <= self._batch // 2

    async def _take_urgent(self) -> None:
        try:
            if self._pauses.open and not self._stopping.is_set():
                self._admit_all(await self._claims.take_before(self._line.last, _URGENT))
        except Exception as error:
            log.error("channel %s: cannot take what is urgent, trying again: %s", self._channel.name, told(error))
            await wait(self._stopping, self._timing.poll)

    # Sending

    async def _send_all(self) -> None:
        """Lets messages leave as the line allows, until it has ended and everything is answered or handed back."""
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._departures.give_up_in_time())
            while (turn := self._line.take()) is not None:
                if isinstance(turn, float):
                    await self._line.changed(turn)
                else:
                    self._let_leave(turn, tasks)
            await self._departures.ended()
            watching.cancel()

    def _let_leave(self, turn: Turn, tasks: asyncio.TaskGroup) -> None:
        if self._is_full and self._has_room():
            self._woken.set()
        item, now = turn.claimed.item, self._clock()
        is_closed = self._stopping.is_set() or (not self._pauses.open and not turn.is_probe)
        if is_closed or now > turn.too_late or self._line.pace.is_shut:
            handed_back = Obstacle(DeliveryState.QUEUED, "handed back")
            self._put_down(turn, kept(item, handed_back, self._hand.owner, now=now))
            return
        sender = item.sender or self._gateways.routes.sender(item.route, self._channel.name)
        if sender != item.sender:
            item = replace(item, sender=sender)
        self._departures.begin(turn, item, tasks)

    def _answered(self, turn: Turn, answered: Outcome) -> None:
        """Makes of a provider's answer what is to be written down. Never raises: somebody waits for each message."""
        try:
            settled = self._settlement(turn, answered)
        except Exception as error:
            log.error("channel %s: an answer could not be understood: %s", self._channel.name, trail(error))
            settled = settlement_of(turn.claimed.item, Uncertain("a mistake of ours"), self._hand, now=self._clock())
        self._put_down(turn, settled)

    def _put_down(self, turn: Turn, settled: Settlement) -> None:
        self._settler.put(settled)
        self._line.done(turn, is_answered=settled.state in _ANSWERED)
        if turn.is_probe:
            self._probed.set()

    def _settlement(self, turn: Turn, answered: Outcome) -> Settlement:
        item = turn.claimed.item
        outcome = set_aside(answered) if turn.is_probe else answered
        self._note(outcome, is_probe=turn.is_probe)
        if isinstance(outcome, Rejected) and outcome.blocked:
            self._on_blocked(item)
        carrier = outcome.carrier if isinstance(outcome, Accepted) else ""
        settled = settlement_of(item, outcome, self._hand, now=self._clock(), repeats=turn.claimed.repeats)
        cost, bypass = self._admission.charge(turn.claimed, outcome, carrier), self._admission.bypass(item)
        if bypass:
            log.info(
                "channel %s: message %s leaves in quiet hours: see `motcua held list`", self._channel.name, item.id
            )
        if cost is None and not carrier and not bypass:
            return settled
        return replace(settled, cost=cost, carrier=carrier, bypass=bypass)

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

    def _is_settled(self, settlements: Sequence[Settlement]) -> None:
        """It is written down: money that was set aside is spent or free again, and what went back to its queue may be
        taken by another gateway."""
        self._claims.put_down(each.item_id for each in settlements)
        if purse := self._admission.purse:
            for each in settlements:
                purse.settle(each.item_id, is_spent=each.cost is not None)
        if any(each.state is DeliveryState.QUEUED for each in settlements):
            self._gateways.stir(self._channel.name)
