"""Accounts that several processes send by: each has a part of the rate, and together they never use more than it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.allowances import Allowances
from bot.model.clock import Clock
from bot.model.errors import StorageError, trail
from bot.pace import Monotonic, wait
from bot.ports import Share, Storage, Transaction
from bot.stakes import LATER, PRESENCE, Stake, next_place

log = logging.getLogger(__name__)

RENEW = 1.0
"""Seconds between two renewals."""
DEAD = 5.0
"""Seconds after which the share of a process that does not renew is free."""
OWN_END = 3.5
"""Seconds for which a process uses what was granted: when the others count it as dead, what it sent last counts no
more, though their clocks differ by some tenths of a second."""
_UNMOVED = DEAD + 1.0
"""Seconds without a renewal by our own clock, after which its owner is dead whatever the clocks say."""
_SOON = 0.05


@dataclass(slots=True)
class _Decided:
    """What a renewal came to, to be used once it is durable."""

    amounts: list[tuple[Stake, float]] = field(default_factory=list)
    frees_at: datetime | None = None
    """When somebody's share ends for whose part we wait."""


class Sharing:
    """The parts that one process has. A process is as old as this object."""

    def __init__(
        self,
        storage: Storage,
        stakes: Iterable[Stake],
        *,
        clock: Clock,
        owner: str,
        allowances: Allowances | None = None,
        monotonic: Monotonic = time.monotonic,
        poke: Callable[[str], None] = lambda account: None,
    ) -> None:
        """`poke` is told of accounts by which something may leave again. With `allowances` what
        may be spent is shared too."""
        self._storage = storage
        self._stakes = list(stakes)
        self._clock = clock
        self._owner = owner
        self._allowances = allowances
        self._monotonic = monotonic
        self._poke = poke
        self._seen: dict[str, tuple[datetime, float]] = {}
        self._is_lost = False
        for stake in self._stakes:
            stake.pace.shut()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Within it the parts are held, and grow and shrink; at its end they are given back."""
        pause = await self._try()
        renewing = asyncio.create_task(self._renew_for_ever(pause))
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])
            with suppress(StorageError):
                await asyncio.shield(self.leave())

    async def renew(self) -> float:
        """Takes part, or goes on taking part. Returns the seconds after which to do so again. Raises `StorageError`."""
        asked, now = self._monotonic(), self._clock()
        decided = await self._storage.write(lambda tx: self._decide(tx, now))
        for stake, amount in decided.amounts:
            was_shut = stake.pace.is_shut
            stake.use(amount, until=asked + OWN_END)
            if was_shut and amount:
                self._poke(stake.account)
        if self._allowances:
            self._allowances.use()
        return self._pause(decided)

    async def leave(self) -> None:
        """Gives everything back; the others may use it when what has left here counts no more."""
        now, clock = self._monotonic(), self._clock()
        for stake in self._stakes:
            stake.lower(0.0, now)
        rest = max((self._counts_for(stake, now) for stake in self._stakes), default=0.0)

        async def work(tx: Transaction) -> None:
            rows = await tx.shares.locked()
            if self._allowances:
                await self._allowances.leave(tx, rows, now=clock)
            if rest > 0:
                await tx.shares.renew(self._owner, until=clock + timedelta(seconds=rest))
            else:
                await tx.shares.drop([self._owner])

        await self._storage.write(work)

    def _counts_for(self, stake: Stake, now: float) -> float:
        """Seconds for which something that has left here still counts."""
        if stake.is_alone:
            return LATER if stake.covering(0.0, now) else 0.0
        return stake.pace.free_at - now

    async def _renew_for_ever(self, pause: float) -> None:
        while True:
            if self._allowances:
                await asyncio.sleep(_SOON)
                await wait(self._allowances.wanting, pause)
            else:
                await asyncio.sleep(pause)
            pause = await self._try()

    async def _try(self) -> float:
        try:
            pause = await self.renew()
        except StorageError as error:
            if not self._is_lost:
                log.warning("what this process may send cannot be renewed, it stops within seconds: %s", error)
            self._is_lost = True
            return RENEW / 4
        except Exception as error:
            log.error("what this process may send cannot be renewed: %s", trail(error))
            return RENEW
        if self._is_lost:
            log.info("this process shares in what may be sent again")
        self._is_lost = False
        return pause

    async def _decide(self, tx: Transaction, now: datetime) -> _Decided:
        """May be run again from its start: it only ever lowers what is used before it is durable."""
        rows = await tx.shares.locked()
        living, dead = self._sort(rows, now)
        until = now + timedelta(seconds=DEAD)
        decided, written = _Decided(), []
        for stake in self._stakes:
            others = [each for each in living if each.account == stake.account]
            own = next((each for each in rows if (each.account, each.owner) == (stake.account, self._owner)), None)
            stake.joined_at = own.joined_at if own else next_place(others, now)
            amount = stake.free(others)
            moment = self._monotonic()
            stake.lower(amount, moment)
            told = stake.covering(amount, moment)
            decided.amounts.append((stake, amount))
            if own is None or own.granted != told:
                written.append(Share(stake.account, self._owner, stake.joined_at, until, told))
            if amount < stake.due(others):
                decided.frees_at = min([each.until for each in others], default=None)
        written += self._present(rows, now, until)
        if self._allowances:
            written += await self._allowances.decide(tx, rows, dead, until=until, now=now)
        await tx.shares.renew(self._owner, until=until)
        await tx.shares.put(written)
        await tx.shares.drop(dead)
        return decided

    def _present(self, rows: Sequence[Share], now: datetime, until: datetime) -> list[Share]:
        if any((each.account, each.owner) == (PRESENCE, self._owner) for each in rows):
            return []
        others = [each for each in rows if each.account == PRESENCE]
        return [Share(PRESENCE, self._owner, next_place(others, now), until, 0.0)]

    def _sort(self, rows: Sequence[Share], now: datetime) -> tuple[list[Share], list[str]]:
        """The others' shares that hold, and those whose share does not."""
        moment = self._monotonic()
        ends = {each.owner: each.until for each in rows if each.account == PRESENCE and each.owner != self._owner}
        # What is kept for the dead has an owner who is not there.
        self._seen = {
            owner: known if (known := self._seen.get(owner)) and known[0] == until else (until, moment)
            for owner, until in ends.items()
        }
        dead = [owner for owner, (until, seen) in self._seen.items() if until <= now or moment - seen > _UNMOVED]
        living = ends.keys() - set(dead)
        return [each for each in rows if each.owner in living], dead

    def _pause(self, decided: _Decided) -> float:
        """Sooner than usual where there is less to be told, or somebody's share ends."""
        now, pauses = self._monotonic(), [RENEW]
        pauses += [at - now for stake in self._stakes if (at := stake.tells_at()) is not None]
        if decided.frees_at is not None:
            pauses.append((decided.frees_at - self._clock()).total_seconds() + 0.001)
        return max(_SOON, min(pauses))
