"""The order of pushes, their duplicates and the room of the queue, without a network."""

import asyncio
from datetime import UTC, datetime

from adapters.simulators.onestop import Settings
from adapters.simulators.onestop.calls import Answer
from adapters.simulators.onestop.misbehaviour import Faults, Misbehaviour
from adapters.simulators.onestop.province import Record
from adapters.simulators.onestop.pushing import Pusher
from adapters.simulators.onestop.register import Register
from tests.adapters.onestop.support import START, states


class _Ears:
    """A caller in our own process, which holds back its answers until it is told to give them."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []
        self.open = asyncio.Event()

    async def push(self, record: Record) -> Answer:
        await self.open.wait()
        self.heard.append((record.code, record.version))
        return Answer(taken=True, status=200)


async def _pushed(history: list[Record], **misbehaviour: float) -> tuple[list[tuple[str, int]], Pusher]:
    ears, faults = _Ears(), Faults(Misbehaviour.model_validate(misbehaviour), seed=5)
    ears.open.set()
    pusher = Pusher(ears, faults, window=1, most_waiting=10, clock=lambda: datetime.now(UTC))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(pusher.run())
        await pusher.offer(history)
        while pusher.waiting:
            await asyncio.sleep(0)
        running.cancel()
    return ears.heard, pusher


def _history() -> list[Record]:
    return Register(1_000, Faults(Misbehaviour(), 1)).take(states(Settings(dossiers_per_day=100, days=1), 60))


async def test_reordered_pushes_come_after_a_newer_one_of_their_dossier_and_none_is_lost() -> None:
    history = _history()

    heard, pusher = await _pushed(history, reorder=0.3)

    late = [
        (code, version)
        for number, (code, version) in enumerate(heard)
        if any(other == code and newer > version for other, newer in heard[:number])
    ]
    assert sorted(heard) == sorted((record.code, record.version) for record in history)
    assert pusher.held == 0, "an end is never held back, so nothing stays behind"
    assert len(late) == pusher.counts["reordered"] > len(history) / 10


async def test_duplicates_are_pushed_twice_and_the_same_ones_for_the_same_seed() -> None:
    history = _history()

    (heard, _), (again, _) = await _pushed(history, duplicates=0.2), await _pushed(history, duplicates=0.2)

    assert heard == again
    assert set(heard) == {(record.code, record.version) for record in history}
    assert 0.1 < len(heard) / len(history) - 1 < 0.3


async def test_without_misbehaviour_every_event_is_pushed_once() -> None:
    history = _history()

    heard, _ = await _pushed(history)

    assert sorted(heard) == sorted((record.code, record.version) for record in history)
    assert len(set(heard)) == len(heard)


async def test_what_is_held_back_is_let_go_when_nothing_shall_be_reordered_any_more() -> None:
    ears, faults = _Ears(), Faults(Misbehaviour(reorder=1.0), seed=1)
    ears.open.set()
    [first, *_] = _history()
    pusher = Pusher(ears, faults, window=1, most_waiting=10, clock=lambda: START)

    await pusher.offer([first])
    await pusher.release()
    held = pusher.held
    faults.change({"reorder": 0})
    await pusher.release()

    assert (held, pusher.held, pusher.waiting) == (1, 0, 1)


async def test_the_queue_is_bounded_and_whoever_offers_waits() -> None:
    ears = _Ears()
    pusher = Pusher(ears, Faults(Misbehaviour(), 1), window=2, most_waiting=5, clock=lambda: START)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(pusher.run())
        offering = tasks.create_task(pusher.offer(_history()[:40]))
        async with asyncio.timeout(20):
            while pusher.waiting < 5:
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        stuck = (pusher.waiting, offering.done())
        ears.open.set()
        await asyncio.wait_for(offering, 5)
        running.cancel()

    assert stuck == (5, False)
