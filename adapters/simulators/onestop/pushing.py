"""Pushes every event to who listens: many dossiers at once, each dossier's events one after the other."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from adapters.simulators.onestop.calls import Answer, Caller
from adapters.simulators.onestop.misbehaviour import Faults
from adapters.simulators.onestop.province import Record
from adapters.simulators.onestop.shapes import Json
from adapters.simulators.onestop.stages import ENDS
from bot.model.clock import Clock

_LADDER = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Seconds between tries; the last one for ever."""
_KEPT = 50_000
_PAGE = 1_000
_LONGEST_ANSWER = 500


@dataclass(frozen=True, slots=True)
class Pushed:
    """An event and its last answer."""

    number: int
    code: str
    version: int
    taken: bool
    status: int
    answer: str
    tries: int
    seconds: float
    """How long the last try took."""
    at: datetime


@dataclass(slots=True)
class _Event:
    record: Record
    tries: int = 0


class Pusher:
    """Nothing is given up except what is refused; what waits is told in the order of `offer`."""

    def __init__(self, caller: Caller, faults: Faults, *, window: int, most_waiting: int, clock: Clock) -> None:
        self._caller, self._faults, self._clock = caller, faults, clock
        self._window, self._most_waiting = window, most_waiting
        self._queues: dict[str, deque[_Event]] = {}
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        self._held: dict[str, Record] = {}
        self._moved = asyncio.Event()
        """Set by every answer; whoever waits for it clears it."""
        self.waiting = 0
        self.journal: deque[Pushed] = deque(maxlen=_KEPT)
        self.counts: Counter[str] = Counter()

    @property
    def held(self) -> int:
        """Events that wait for a newer one of their dossier, to come after it."""
        return len(self._held)

    async def run(self) -> None:
        """Pushes until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._window):
                workers.create_task(self._work())

    async def offer(self, records: Iterable[Record]) -> None:
        """Returns when they have found room in the queue."""
        for record in records:
            for each in self._in_order(record):
                for event in self._faults.doubled([each], "push"):
                    await self._enqueue(event)

    async def release(self) -> None:
        """What is held back goes out now, where nothing shall be held back any more."""
        while self._held and not self._faults.now.reorder:
            await self._enqueue(self._held.pop(next(iter(self._held))))

    async def after(self, number: int, *, wait: float) -> Sequence[Json]:
        """Up to 1,000 journal entries after `number`, oldest first; waits up to `wait` seconds for the first."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        while True:
            # Numbers are without a gap: where an entry stands follows from its number.
            skip = max(0, number - self.journal[0].number + 1) if self.journal else 0
            fresh = [self.journal[at] for at in range(skip, min(skip + _PAGE, len(self.journal)))]
            if fresh or loop.time() >= deadline:
                return [{**asdict(each), "at": each.at.isoformat()} for each in fresh]
            self._moved.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._moved.wait()
            except TimeoutError:
                return []

    def _in_order(self, record: Record) -> list[Record]:
        """What is due with this event: nothing, itself, or itself and then the older one that was held back."""
        older = self._held.pop(record.code, None)
        if older is not None:
            self.counts["reordered"] += 1
            return [record, older]
        if record.status not in ENDS and self._faults.strikes("reorder", "push"):
            self._held[record.code] = record
            return []
        return [record]

    async def _enqueue(self, record: Record) -> None:
        while self.waiting >= self._most_waiting:
            self._moved.clear()
            await self._moved.wait()
        self.waiting += 1
        queue = self._queues.setdefault(record.code, deque())
        queue.append(_Event(record))
        if len(queue) == 1:
            self._ready.put_nowait(record.code)

    async def _work(self) -> None:
        while True:
            code = await self._ready.get()
            await self._faults.up.wait()
            queue = self._queues[code]
            pause = await self._try(queue[0])
            if pause is not None:
                # The worker is free meanwhile: one dossier that is not taken holds up no other.
                asyncio.get_running_loop().call_later(pause, self._ready.put_nowait, code)
                continue
            queue.popleft()
            self.waiting -= 1
            if queue:
                self._ready.put_nowait(code)
            else:
                del self._queues[code]
            self._moved.set()

    async def _try(self, event: _Event) -> float | None:
        """None when the event is done with, else the seconds until the next try."""
        loop = asyncio.get_running_loop()
        event.tries += 1
        asked = loop.time()
        answer = await self._caller.push(event.record)
        if answer.again and not answer.taken:
            self.counts["repeated"] += 1
            return max(answer.after, _LADDER[min(event.tries, len(_LADDER)) - 1])
        self._note(event, answer, loop.time() - asked)
        return None

    def _note(self, event: _Event, answer: Answer, seconds: float) -> None:
        self.counts["taken" if answer.taken else "refused"] += 1
        done = self.counts["taken"] + self.counts["refused"]
        self.journal.append(
            Pushed(
                number=done,
                code=event.record.code,
                version=event.record.version,
                taken=answer.taken,
                status=answer.status,
                answer=answer.body[:_LONGEST_ANSWER],
                tries=event.tries,
                seconds=round(seconds, 6),
                at=self._clock(),
            )
        )
