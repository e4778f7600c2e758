"""Everything that sends: an outbox for each channel, what they share, and the watches beside them."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence

from bot.admission import Admission, Cap
from bot.allowances import Allowances
from bot.beats import Beats
from bot.budget_watch import BudgetWatch
from bot.config import Config
from bot.gateway_watch import POST, GatewayWatch
from bot.gateways import Gateways
from bot.leading import Posts
from bot.meters import Meters
from bot.model.clock import Clock
from bot.model.errors import StorageError
from bot.model.message import OutboxItem
from bot.outbox import Outbox
from bot.pace import Pace, pace_of, wait
from bot.ports import Channel, Limits, Storage, Transaction
from bot.purse import Budgets, Purse
from bot.quiet import QuietHours
from bot.routing import Routes
from bot.settings import SmsSettings
from bot.settler import RecordReceipts
from bot.sharing import Sharing
from bot.stakes import Stake
from bot.sweeping import sweep

log = logging.getLogger(__name__)

_SENDER_EVERY = 60.0
"""Seconds within which a sender looks at its queue, also while its channel rests."""


class Dispatch:
    """The senders of one process."""

    def __init__(
        self,
        config: Config,
        channels: Sequence[Channel],
        rules: Mapping[str, SmsSettings],
        storage: Storage,
        *,
        routes: Routes,
        clock: Clock,
        owner: str,
        record_receipts: RecordReceipts,
        rng: random.Random | None = None,
        on_blocked: Callable[[OutboxItem], None] = lambda item: None,
        beats: Beats | None = None,
        posts: Posts | None = None,
        meters: Meters | None = None,
    ) -> None:
        """`rules` are the settings of the channels that carry SMS, by name."""
        self._config = config
        self._channels = channels
        self._storage = storage
        self._clock = clock
        self._owner = owner
        self._stopping = asyncio.Event()
        self._beats = beats or Beats(clock, owner)
        self._posts = posts or Posts(storage, clock=clock, owner=owner, beats=self._beats)
        self.gateways = Gateways(routes, clock=clock, poke=lambda name: storage.woken(name).set(), rng=rng)
        self.purse = Purse(Budgets(config.budget), is_shared=True)
        self._paces = {each.name: _pace(each.limits) for each in channels}
        self.sharing = Sharing(
            storage,
            [
                Stake(each.name, self._paces[each.name], each.limits.rate, each.limits.alone)
                for each in channels
                if each.limits.rate or each.limits.alone
            ],
            clock=clock,
            owner=owner,
            allowances=self._allowances(rules),
            poke=lambda name: storage.woken(name).set(),
        )
        meters = meters or Meters()
        most = config.reach.dossier_cap
        cap = None if most is None else Cap(most, self.purse.budgets)
        quiet = QuietHours(config.quiet)
        self._outboxes = [
            Outbox(
                channel,
                storage,
                owner=owner,
                clock=clock,
                record_receipts=record_receipts,
                timing=config.outbox,
                admission=Admission.by(channel.name, rules.get(channel.name), self._purse_if_any(), cap, quiet),
                gateways=self.gateways,
                reach=config.reach,
                failures=config.gateways.failures,
                on_blocked=on_blocked,
                beat=self._beats.of(f"sender:{channel.name}", every=_SENDER_EVERY),
                pace=self._paces[channel.name],
                calls=meters.of_channel(channel.name),
            )
            for channel in channels
        ]

    @property
    def senders(self) -> Sequence[Outbox]:
        """One for each channel."""
        return self._outboxes

    async def watch(self) -> None:
        """What runs beside the senders, until cancelled."""
        honouring = [channel.name for channel in self._channels if channel.limits.honours_reference]
        watched = {each.name: each.limits.receipts for each in self._channels if self.gateways.carries(each.name)}
        watch = GatewayWatch(self.gateways, self._storage, self._config.gateways, clock=self._clock, receipts=watched)
        async with asyncio.TaskGroup() as tasks:
            timing, beat = self._config.outbox, self._beats.of("sweeper", every=self._config.outbox.sweep)
            tasks.create_task(sweep(self._storage, self._clock, honouring, timing, beat))
            tasks.create_task(watch.run(self._beats.of("gateways", every=self._config.gateways.every)))
            if watched:
                tasks.create_task(self._posts.hold(POST, watch.move_weights))
            if self.purse.budgets.exist:
                budget = BudgetWatch(self.purse, self._storage, clock=self._clock)
                tasks.create_task(budget.run(self._beats.of("budget", every=5.0)))

    async def send(self) -> None:
        """Sends until `stop`, then until what is under way is settled. Raises what a sender fails with."""
        await self._rehome_in_time()
        async with self.sharing.held():
            for name, pace in self._paces.items():
                # All begin at once: one that only stands in for others must not do so because it begins first.
                if not pace.is_shut:
                    self.gateways.ready(name, 1)
            await asyncio.gather(*(outbox.run() for outbox in self._outboxes))

    async def _rehome_in_time(self) -> None:
        """Once the database answers; without it nothing could be sent either."""
        while not self._stopping.is_set():
            try:
                await self.rehome()
                return
            except StorageError as error:
                log.warning("sending begins when the database answers: %s", error)
                await wait(self._stopping, self._config.outbox.poll)

    async def rehome(self) -> None:
        """What waits in a queue that the configuration no longer has moves to where it would be planned today."""
        known = {queue for channel in self._channels for queue in self.gateways.all_queues(channel.name)}

        async def work(tx: Transaction) -> dict[str, int]:
            orphans = await tx.outbox.orphans(known, scheme="sms")
            heir = self.gateways.routes.heir
            return {queue: await tx.outbox.requeue(queue, heir(queue), at=self._clock()) for queue in orphans}

        for queue, number in (await self._storage.write(work)).items():
            log.warning("%d messages waited for %s, which is no longer configured: they go another way", number, queue)

    def stop(self) -> None:
        self._stopping.set()
        for outbox in self._outboxes:
            outbox.stop()

    def _allowances(self, rules: Mapping[str, SmsSettings]) -> Allowances | None:
        if not self.purse.budgets.exist:
            return None
        dearest = max((price for each in rules.values() for price in each.prices.values()), default=0)
        return Allowances(self.purse, owner=self._owner, dearest=dearest)

    def _purse_if_any(self) -> Purse | None:
        return self.purse if self.purse.budgets.exist else None


def _pace(limits: Limits) -> Pace:
    return pace_of(limits.rate, time.monotonic, reserved=limits.reserved, window=limits.window)
