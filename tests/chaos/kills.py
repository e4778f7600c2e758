"""The killer: each process of the service at every step and at random moments, the SMS centre, PostgreSQL, several at
once; and what was killed is there again at once or after seconds."""

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.chaos.house import Slot
from tests.chaos.keeper import TAIL_EVERY, EndedByItselfError, Keeper, Life
from tests.chaos.mortal import POST_LEASE, POST_RENEWED
from tests.chaos.steps import is_vital
from tests.support.postgres import Server

PATIENCE, PATIENCE_AT_VITAL = 1.0, 2.5
"""Seconds that a process is given to reach the step at which it is to die, or such a step on the way of a message; then
it dies wherever it is."""
TAKES_OVER_WITHIN = POST_LEASE + 2 * POST_RENEWED
"""Seconds after which a process has the post of one that died."""
SERVES_WITHIN = 90.0
_AT_RANDOM, _SURE, _RESTS = 0.2, 0.3, 0.08
"""Shares of the kills that come at no step; at any step, not at the one whose turn it is; and after which the process
stays away for a while."""
_PASSES = (0, 0, 0, 0, 2)
"""How often a process passes the step before it dies of it."""
_LESS_VITAL = 2
"""Deaths that each step on the way of a message is ahead of the others."""
_LONGEST_REST = 3.0
_SETTLES, _AGAIN, _MOST_ALONE = 2.0, 0.2, 5
_OTHERS_EVERY = (25, 40, 33)
"""So many kills of processes lie between two of the SMS centre, of PostgreSQL, of several processes together."""

RANDOM = "at a random moment"


@dataclass
class Tally:
    """Whom it has met. The steps at which processes died of an order are with the keeper."""

    wanted: int
    lacks_a_step: Callable[[], bool] = lambda: False
    """Whether there is a step yet at which nobody died: then it goes on, up to half as many again."""
    by_slot: Counter[str] = field(default_factory=Counter)
    at_random: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    """Starts that found no database: the process says so and ends, and is started again."""
    alone: list[str] = field(default_factory=list)
    """Processes that ended by themselves otherwise."""
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def total(self) -> int:
        return self.by_slot.total()

    def count(self, name: str, *, step: str = "") -> None:
        self.by_slot[name] += 1
        if not step:
            self.at_random[name] += 1
        if self.total >= self.wanted and (self.total >= 1.5 * self.wanted or not self.lacks_a_step()):
            self.enough.set()


_OBEYS_WITHIN = 0.5
"""Seconds in which a process that has just read its order dies of it."""


class Killer:
    """Works until the tally is full; every process is alive when `run` returns."""

    def __init__(
        self, keeper: Keeper, tally: Tally, *, rng: random.Random, server: Server | None, only: frozenset[str]
    ) -> None:
        """`only`: names of the slots that are killed; empty: all, and the others around them."""
        self._keeper = keeper
        self._tally = tally
        self._rng = rng
        self._server = server
        self._only = only
        self._alive: dict[str, Life] = {}
        self._gate = asyncio.Lock()
        self._ordered: Counter[str] = Counter()
        self._database_away = 0.0
        """Until when, by the monotonic clock, the database was away lately."""

    async def run(self, slots: tuple[Slot, ...], centre: Life) -> None:
        async with asyncio.TaskGroup() as tasks:
            for slot in slots:
                tasks.create_task(self._haunt(slot))
            if not self._only:
                tasks.create_task(self._every(_OTHERS_EVERY[0], self._centre_killer(centre)))
                tasks.create_task(self._every(_OTHERS_EVERY[2], self._several))
                if self._server:
                    tasks.create_task(self._every(_OTHERS_EVERY[1], self._database_killer(self._server)))
        for slot in slots:
            await self._revive(slot)

    async def _revive(self, slot: Slot) -> None:
        """Whoever still has an order to die has it taken back; whoever has obeyed, or was killed with all the others
        after it had been looked at for the last time, serves again."""
        self._keeper.sheet(slot).wipe()
        await asyncio.sleep(_OBEYS_WITHIN)
        while self._alive[slot.name].dead.is_set():
            life = self._alive[slot.name] = await self._keeper.serve(slot)
            await self._serving(slot, life)
            if life.dead.is_set():
                await self._refused(slot, life)

    async def _haunt(self, slot: Slot) -> None:
        """One slot: serves, dies, serves again, and serves at the end."""
        is_hunted = not self._only or slot.name in self._only
        while True:
            step = self._next_step(slot) if is_hunted and not self._tally.enough.is_set() else ""
            life = await self._keeper.serve(slot, dies_at=step, passes=self._rng.choice(_PASSES))
            self._alive[slot.name] = life
            await self._serving(slot, life)
            if life.dead.is_set() and not life.signal:
                await self._refused(slot, life)
                continue
            if self._tally.enough.is_set():
                return
            if not is_hunted:
                await _first(self._tally.enough.wait(), life.dead.wait())
                continue
            await self._strike(slot, life, step)
            if not self._tally.enough.is_set() and self._rng.random() < _RESTS:
                await asyncio.sleep(self._rng.uniform(0.5, _LONGEST_REST))

    async def _serving(self, slot: Slot, life: Life) -> None:
        """It may be killed together with others, or lose its database, while it starts."""
        try:
            async with asyncio.timeout(SERVES_WITHIN):
                await _first(life.serving.wait(), life.dead.wait())
        except TimeoutError:
            raise EndedByItselfError(f"{slot.name} did not start in {SERVES_WITHIN:g} s") from None

    async def _refused(self, slot: Slot, life: Life) -> None:
        """It ended by itself: that is right only at the start, and only where its database was away meanwhile."""
        if life.serving.is_set() or self._database_away < life.born:
            self._tally.alone.append(slot.name)
            if len(self._tally.alone) > _MOST_ALONE:
                raise EndedByItselfError(f"processes end by themselves: {self._tally.alone}")
        self._tally.refused[slot.name] += 1
        await asyncio.sleep(_AGAIN)

    async def _strike(self, slot: Slot, life: Life, step: str) -> None:
        patience = PATIENCE_AT_VITAL if is_vital(step) else PATIENCE
        patience += TAKES_OVER_WITHIN if slot.has_posts else 0.0
        if not step:
            patience = self._rng.uniform(0.02, patience)
        await _first(life.dead.wait(), asyncio.sleep(patience))
        if not life.dead.is_set():
            await self._keeper.kill(life)
        await asyncio.sleep(2 * TAIL_EVERY)  # until its last words have been read
        if life.signal:
            self._tally.count(slot.name, step=life.step)

    def _next_step(self, slot: Slot) -> str:
        """Mostly one of those at which nobody has died yet, else one that has seen the fewest deaths; at times none."""
        known = sorted(self._keeper.passed[slot.name])
        if not known or self._rng.random() < _AT_RANDOM:
            return ""
        deaths = {step: self._keeper.struck[step] + (0 if is_vital(step) else _LESS_VITAL) for step in known}
        rare = [step for step in known if deaths[step] == min(deaths.values())]
        least = min(self._ordered[step] for step in rare)
        step = self._rng.choice([each for each in rare if self._ordered[each] == least])
        if self._rng.random() < _SURE:
            step = self._rng.choice(known)
        self._ordered[step] += 1
        return step

    async def _every(self, kills: int, act: Callable[[], Awaitable[None]]) -> None:
        done = self._tally.total
        while not self._tally.enough.is_set():
            await asyncio.sleep(0.05)
            if self._tally.total - done >= kills:
                done = self._tally.total
                await act()

    def _centre_killer(self, life: Life) -> Callable[[], Awaitable[None]]:
        current = life

        async def kill() -> None:
            nonlocal current
            await self._keeper.kill(current)
            self._tally.count("smsc")
            await self._rest()
            current = await self._keeper.simulate("smsc")

        return kill

    def _database_killer(self, server: Server) -> Callable[[], Awaitable[None]]:
        async def kill() -> None:
            async with self._gate:
                self._database_away = math.inf
                await asyncio.to_thread(server.kill)
                self._tally.count("postgres")
                await self._rest()
                # Who buries its dead slowly would keep the lock on the folder; `kill` has seen them all die.
                (server.folder / "postmaster.pid").unlink(missing_ok=True)
                await server.start()
                self._database_away = time.monotonic() + _SETTLES

        return kill

    async def _several(self) -> None:
        """All processes of the service in one moment."""
        async with self._gate:
            for life in list(self._alive.values()):
                if not life.dead.is_set():
                    await self._keeper.kill(life)

    async def _rest(self) -> None:
        await asyncio.sleep(self._rng.choice((0.0, 0.0, 0.3, 1.5)))


async def _first(*ones: Awaitable[object]) -> None:
    """Returns when one of them has; the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in ones]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
