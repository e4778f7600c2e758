"""Hands messages to a channel and waits for its answers: at once where the channel is quick, else in a task each."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from bot.enclosures import enclosed
from bot.line import Turn
from bot.meters import Calls
from bot.model.errors import trail
from bot.model.message import OutboxItem, Outcome, Retry, Uncertain
from bot.ports import Channel, Storage

log = logging.getLogger(__name__)

_LOOK = 1.0
"""Seconds between two looks for what was not answered in time."""

Answered = Callable[[Turn, Outcome], None]
"""Gets what became of a message: once, and it never raises."""


class Departures:
    """What one outbox has handed over and waits for. What is not answered within `seconds` is uncertain."""

    def __init__(
        self, channel: Channel, storage: Storage, *, seconds: float, answered: Answered, calls: Calls | None = None
    ) -> None:
        """`calls` counts what the provider answers, and how soon."""
        self._channel = channel
        self._storage = storage
        self._seconds = seconds
        self._answered = answered
        self._calls = calls or Calls()
        self._loop = asyncio.get_running_loop()
        self._under_way: dict[str, tuple[Turn, float]] = {}
        """What has left without a task of its own, and when it is given up, in seconds of the event loop; in the order
        in which it left."""
        self._slow: set[str] = set()
        self._landed = asyncio.Event()

    @property
    def ids(self) -> set[str]:
        """Of the messages that are under way."""
        return self._slow | self._under_way.keys()

    def begin(self, turn: Turn, item: OutboxItem, tasks: asyncio.TaskGroup) -> None:
        """Hands over `item`, which is the turn's or a version of it."""
        quick = self._channel.quick
        if quick is None or turn.is_probe or item.files:
            self._begin_slowly(turn, item, tasks)
        elif quick.begin(item, partial(self._landed_quickly, turn)):
            self._under_way[item.id] = (turn, self._loop.time() + self._seconds)
        else:
            self._begin_slowly(turn, item, tasks)

    async def ended(self) -> None:
        """Returns when nothing that left without a task is under way any more."""
        while self._under_way:
            self._landed.clear()
            await self._landed.wait()

    async def give_up_in_time(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            now, late = self._loop.time(), []
            for turn, deadline in self._under_way.values():
                if deadline > now:
                    break
                late.append(turn)
            for turn in late:
                self._landed_quickly(turn, self._no_answer())

    def _landed_quickly(self, turn: Turn, outcome: Outcome) -> None:
        """What was given up meanwhile stays uncertain; its receipt tells the rest."""
        if left := self._under_way.pop(turn.claimed.item.id, None):
            self._calls.note(outcome, self._loop.time() - left[1] + self._seconds)
            self._answered(turn, outcome)
            self._landed.set()

    def _begin_slowly(self, turn: Turn, item: OutboxItem, tasks: asyncio.TaskGroup) -> None:
        self._slow.add(item.id)
        tasks.create_task(self._send_slowly(turn, item))

    async def _send_slowly(self, turn: Turn, item: OutboxItem) -> None:
        try:
            outcome = await self._send(item)
        finally:
            self._slow.discard(item.id)
        self._answered(turn, outcome)

    async def _send(self, item: OutboxItem) -> Outcome:
        whole = await enclosed(item, self._channel.limits, self._storage)
        if isinstance(whole, Retry):
            return whole
        begun = self._loop.time()
        outcome = await self._ask(whole)
        self._calls.note(outcome, self._loop.time() - begun)
        return outcome

    async def _ask(self, whole: OutboxItem) -> Outcome:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._channel.sender.send(whole)
        except TimeoutError:
            return self._no_answer()
        except Exception as error:
            log.error("channel %s: the adapter failed on %s: %s", self._channel.name, whole.id, trail(error))
            return Uncertain(f"the adapter failed: {type(error).__name__}")

    def _no_answer(self) -> Outcome:
        return Uncertain(f"no answer within {self._seconds:g} s")
