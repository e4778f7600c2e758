"""The watch over the service itself: writes down signs of life, looks, proves the ledger, raises alarms."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.alarms import AlarmName, Alarms, Cause
from bot.beats import Beats
from bot.clocks import Clocks, Trouble
from bot.config import WatchSettings
from bot.contacts import Contacts
from bot.health import LOOKED, judged
from bot.house_clock import HouseClock
from bot.ledger import PROVE_EVERY, prove, prove_all
from bot.looks import CHANNEL, CLOCK
from bot.model.clock import VIETNAM, Clock
from bot.model.errors import StorageError, trail
from bot.pace import Monotonic
from bot.ports import Storage
from bot.ports.watching import Alarm, Totals
from bot.readings import Readings, Rules, read
from bot.settings import SourceSettings
from bot.writable import Writable

log = logging.getLogger(__name__)

FLUSH_EVERY = 15.0
"""Seconds between two times of writing down the signs of life."""
_SOON = 2.0
"""The same while they cannot be written down."""
TURNS = "watch"
"""The job whose sign of life says no more than that the process turns."""
FIRST_PROOF = 30.0
"""Seconds after the start at which the ledger is proven for the first time."""
NIGHT = 3
"""The hour in Vietnam at which the whole ledger is proven."""
COUNTS_KEPT, ALARMS_KEPT = timedelta(days=32), timedelta(days=365)

_COUNT_SELDOM, _COUNT_OFTEN, _SHARE = 600.0, 60.0, 100.0
"""Counting everything may take a hundredth of the time: seconds between two counts at most and least, and how many
times as long as it took."""


class Sending(Protocol):
    """What must be known of a channel's sender."""

    @property
    def name(self) -> str: ...
    @property
    def failing_since(self) -> datetime | None: ...
    @property
    def granted(self) -> float | None: ...


class Watch:
    """Of one process. Where several run, each writes down its own signs of life, and one stands over the alarms."""

    def __init__(
        self,
        storage: Storage,
        settings: WatchSettings,
        beats: Beats,
        *,
        sources: Mapping[str, SourceSettings],
        receipts: Mapping[str, bool],
        senders: Sequence[Sending] = (),
        contacts: Contacts | None = None,
        clock: Clock,
        clocks: Clocks | None = None,
        monotonic: Monotonic = time.monotonic,
        database_clock: bool = True,
        posts: Collection[str] = (),
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        """`receipts`: channel → whether a receipt follows each accepted message; `contacts`: None tells nobody.
        `database_clock`: whether the database's clock is compared with ours, which it cannot be with a test's.
        `posts`: the jobs that some process has to do. `leads`: this one stands over the alarms and the ledger now."""
        self._storage = storage
        self._settings = settings
        self._beats = beats
        self._rules = Rules(watch=settings, sources=sources, receipts=receipts, begun=clock())
        self._posts = posts
        self._leads = leads
        self._unheld: dict[str, datetime] = {}
        """Posts that nobody holds, and since when as far as we have seen."""
        self._senders = senders
        self._alarms = Alarms(storage, contacts, clock=clock)
        self._clock = clock
        self._clocks = clocks or Clocks(wall=clock.wall if isinstance(clock, HouseClock) else clock)
        self._monotonic = monotonic
        self._compares = database_clock
        self._count_at = monotonic()
        self._lost_since: datetime | None = None
        self._excused = float("-inf")
        """When the database was last found away: before that no job can be blamed for its silence."""
        self.writable = Writable(clock=clock, monotonic=monotonic)
        self.readings: Readings | None = None
        """Of the last look."""
        self.causes: Sequence[Cause] = ()
        """What that found, alarms and what is merely shown."""
        self.totals: Totals | None = None
        self.counted_at: datetime | None = None
        self.looked_at: datetime | None = None

    @property
    def rules(self) -> Rules:
        return self._rules

    @property
    def alarms(self) -> Sequence[Alarm]:
        """The open ones, as far as this process knows; that the database is away only it can know."""
        stored = self.readings.alarms if self.readings else ()
        name = AlarmName.DATABASE.value
        if self._lost_since:
            return [*stored, Alarm(name, "", self._lost_since, "không đọc ghi được", "cannot be used")]
        if since := self.writable.since:
            return [*stored, Alarm(name, "", since, "không ghi được", "cannot be written")]
        return stored

    @property
    def is_still(self) -> bool:
        """The watch itself has stopped looking."""
        if self.looked_at is None:
            return False
        return self._clock() - self.looked_at > timedelta(seconds=5 * max(self._settings.every, FLUSH_EVERY))

    @property
    def is_lost(self) -> bool:
        """The database did not answer the last look, or has taken nothing for long."""
        return self._lost_since is not None or self.writable.since is not None

    @property
    def still(self) -> Sequence[str]:
        """Jobs of this process that have stopped for no reason outside of it; the watch's own turns go on without a
        database, the others' do not."""
        if self._lost_since is not None or self.writable.is_failing:
            return [name for name in self._beats.still() if name == TURNS]
        return self._beats.still(excused=self._excused)

    def ages(self) -> Mapping[str, float]:
        """Seconds since each job of this process gave a sign of life."""
        return self._beats.ages()

    def grants(self) -> Mapping[str, float]:
        """Parts a second that this process may send by each account that has a limit."""
        return {each.name: each.granted for each in self._senders if each.granted is not None}

    async def run(self) -> None:
        """Until cancelled; then nothing more is expected of this process."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write_down())
                tasks.create_task(self._look_again_and_again())
                tasks.create_task(self._prove_again_and_again())
        finally:
            with suppress(StorageError):
                await self._storage.write(lambda tx: tx.watch.rest(self._beats.owner))

    # Signs of life

    async def _write_down(self) -> None:
        while True:
            try:
                await self.flush()
                self.writable.succeeded()
            except Exception as error:
                self.writable.failed(error, is_known=self._lost_since is not None)
                self._excused = self._monotonic()
            await asyncio.sleep(min(_SOON, FLUSH_EVERY) if self.writable.is_failing else FLUSH_EVERY)

    async def flush(self) -> None:
        """All of this process in one write."""
        self._beats.beat(TURNS, every=FLUSH_EVERY)
        beats = self._beats.listed()
        await self._storage.write(lambda tx: tx.watch.beat(beats))

    # Looks

    async def _look_again_and_again(self) -> None:
        beat = self._beats.of("looks", every=self._settings.every)
        while True:
            try:
                await self.look()
                await self._count_in_time()
                beat()
            except StorageError as error:
                self._lost(error)
            except Exception as error:
                log.error("the watch could not look: %s", trail(error))
            await asyncio.sleep(self._settings.every)

    async def look(self) -> Sequence[Cause]:
        """Looks once, and raises or clears alarms where this process stands over them. Raises `StorageError`."""
        now = self._clock()
        found = await self._storage.read(lambda tx: read(tx, now, self._posts))
        self._unheld = {name: self._unheld.get(name, now) for name in self._posts if name not in found.holders}
        found = replace(found, unheld=self._unheld)
        warnings = self._complain(found)
        own = self._beats.listed()
        others = [each for each in found.beats if each.owner != self._beats.owner]
        found = replace(found, beats=[*others, *own])
        causes = judged(found, self._rules)
        if self._leads():
            changed = await self._alarms.stand(causes, looked=LOOKED)
            found = replace(found, alarms=changed.open)
        self._found_again()
        self.readings, self.causes, self.looked_at = found, [*causes, *warnings], now
        return self.causes

    def _complain(self, found: Readings) -> list[Cause]:
        """What only this process knows, put among its signs of life; what is merely to be shown."""
        every = self._settings.every
        limit = timedelta(minutes=self._settings.unsent_minutes)
        for sender in self._senders:
            since, name = sender.failing_since, f"{CHANNEL}{sender.name}"
            if since is None or found.at - since <= limit:
                self._beats.end(name)
                continue
            minutes = (found.at - since).total_seconds() / 60
            vietnamese = f"{sender.name}: nhà cung cấp không nhận tin đã {minutes:.0f} phút"
            english = f"{sender.name}: the provider has taken nothing for {minutes:.0f} min"
            self._beats.complain(name, vietnamese, english, every=every)
        database = found.database if self._compares else None
        troubles = self._clocks.look(stored=found.stored, database=database)
        self._complain_of_time([each for each in troubles if not each.is_warning])
        return [_as_warning(each) for each in troubles if each.is_warning]

    def _complain_of_time(self, troubles: Sequence[Trouble]) -> None:
        wrong = {f"{CLOCK}{each.subject}": each for each in troubles}
        for name in self._beats.ages():
            if name.startswith(CLOCK) and name not in wrong:
                self._beats.end(name)
        for name, each in wrong.items():
            self._beats.complain(name, each.vietnamese, each.english, every=self._settings.every)

    def _lost(self, error: StorageError) -> None:
        self._excused = self._monotonic()
        if self._lost_since is None and self.writable.since is None:
            self._lost_since = self._clock()
            log.error("alarm database: %s", error)

    def _found_again(self) -> None:
        if self._lost_since is not None:
            log.warning("alarm database is over, it lasted since %s", self._lost_since)
            self._lost_since = None

    # The ledger

    async def _count_in_time(self) -> None:
        if self._monotonic() >= self._count_at:
            await self.count()

    async def count(self) -> None:
        """Counts everything; where planned and found differ at all, the whole ledger is proven to name what is
        missing."""
        begun = self._monotonic()
        totals = await self._storage.read(lambda tx: tx.watch.totals())
        took = self._monotonic() - begun
        self._count_at = self._monotonic() + min(_COUNT_SELDOM, max(_COUNT_OFTEN, _SHARE * took))
        self.totals, self.counted_at = totals, self._clock()
        if totals.planned != sum(totals.states.values()):
            await prove_all(self._storage, self._clock)

    async def _prove_again_and_again(self) -> None:
        beat = self._beats.of("ledger", every=PROVE_EVERY)
        await asyncio.sleep(FIRST_PROOF)
        while True:
            try:
                await self.prove()
                beat()
            except Exception as error:
                log.error("the ledger could not be proven: %s", trail(error))
            await asyncio.sleep(PROVE_EVERY)

    async def prove(self) -> None:
        """What is new; in the night everything, and then what was counted long ago is forgotten."""
        if not self._leads():
            return
        now = self._clock()
        proof = await self._storage.read(lambda tx: tx.watch.proof())
        whole_at = proof.whole_at if proof else None
        if not _is_time_for_all(now, whole_at):
            await prove(self._storage, self._clock)
            return
        await prove_all(self._storage, self._clock)
        await self._storage.write(
            lambda tx: tx.watch.forget(counts_before=now - COUNTS_KEPT, alarms_before=now - ALARMS_KEPT)
        )


def _is_time_for_all(now: datetime, whole_at: datetime | None) -> bool:
    if whole_at is None or now - whole_at > timedelta(hours=36):
        return True
    return now.astimezone(VIETNAM).hour == NIGHT and now - whole_at > timedelta(hours=12)


def _as_warning(trouble: Trouble) -> Cause:
    return Cause(AlarmName.CLOCK, trouble.subject, trouble.vietnamese, trouble.english, is_warning=True)
