"""Failed attempts and how they are counted, on every engine."""

import asyncio

import pytest

from bot.ports import Failures, Spread, Storage, Trace
from tests.contract.storage_values import MAI, NOW, later

SENDER, NETWORK = Trace("sender", MAI.key), Trace("network", "203.0.113.0/24")
CODE = Trace("code", "H56.14-260302-0001")


async def note(storage: Storage, *traces: Trace, minutes: float = 0) -> None:
    await storage.write(lambda tx: tx.guards.note(traces, at=later(minutes=minutes)))


async def failures(storage: Storage, *traces: Trace, minutes: float = 0) -> dict[Trace, Failures]:
    since = later(minutes=minutes)
    found = await storage.read(lambda tx: tx.guards.failures([(trace, since) for trace in traces]))
    return {trace: counted for (trace, _), counted in found.items()}


async def test_each_side_of_an_attempt_is_counted_by_itself(storage: Storage) -> None:
    await note(storage, SENDER, CODE, minutes=-20)
    await note(storage, SENDER, NETWORK, CODE)
    await note(storage, Trace("sender", "telegram:7001"), CODE, minutes=5)

    found = await failures(storage, SENDER, CODE, NETWORK, SENDER, Trace("phone", MAI.value))

    assert found == {SENDER: Failures(1, NOW), CODE: Failures(2, later(minutes=5)), NETWORK: Failures(1, NOW)}
    assert await failures(storage, SENDER, minutes=-20) == {SENDER: Failures(2, NOW)}


async def test_a_trace_is_counted_from_each_moment_that_is_asked_for(storage: Storage) -> None:
    await note(storage, SENDER, minutes=-20)
    await note(storage, SENDER)
    hour, minute = (SENDER, later(minutes=-60)), (SENDER, later(minutes=-1))

    found = await storage.read(lambda tx: tx.guards.failures([hour, minute, (SENDER, later(minutes=1))]))

    assert found == {hour: Failures(2, NOW), minute: Failures(1, NOW)}


async def test_the_same_subject_of_another_kind_is_another_trace(storage: Storage) -> None:
    await note(storage, Trace("sender", "x"))

    assert await failures(storage, Trace("code", "x"), Trace("sender", "y")) == {}
    assert await failures(storage) == {}


async def test_attempts_at_once_are_all_counted(storage: Storage) -> None:
    await asyncio.gather(*(note(storage, SENDER, CODE) for _ in range(8)))

    assert await failures(storage, SENDER, CODE) == {SENDER: Failures(8, NOW), CODE: Failures(8, NOW)}


async def test_who_proves_a_right_begins_again_and_nobody_else_does(storage: Storage) -> None:
    await note(storage, SENDER, CODE, NETWORK)

    await storage.write(lambda tx: tx.guards.clear([SENDER, CODE]))
    await storage.write(lambda tx: tx.guards.clear([]))

    assert await failures(storage, SENDER, CODE, NETWORK) == {NETWORK: Failures(1, NOW)}


async def test_the_spread_tells_how_widely_attempts_fail(storage: Storage) -> None:
    senders = [Trace("sender", f"telegram:{number}") for number in range(3)]
    codes = [Trace("code", f"H56.14-260302-000{number}") for number in range(2)]
    await note(storage, senders[0], codes[0], NETWORK, minutes=-30)
    for sender in senders:
        for code in codes:
            await note(storage, sender, code, NETWORK, Trace("phone", MAI.value))
    await note(storage, senders[0], NETWORK, minutes=1)

    assert await storage.read(lambda tx: tx.guards.spread(since=NOW)) == Spread(failures=7, senders=3, codes=2)
    assert await storage.read(lambda tx: tx.guards.spread(since=later(minutes=2))) == Spread(0, 0, 0)


async def test_old_attempts_are_forgotten(storage: Storage) -> None:
    await note(storage, SENDER, CODE, minutes=-1)
    await note(storage, SENDER)

    assert await storage.write(lambda tx: tx.guards.prune(before=NOW)) == 2
    assert await failures(storage, SENDER, CODE, minutes=-9) == {SENDER: Failures(1, NOW)}


@pytest.mark.parametrize("text", ["a\0b", "\ud83d", '"\\', "'; DROP TABLE attempts; --"])
async def test_whatever_was_typed_is_counted_and_cleared(storage: Storage, text: str) -> None:
    trace = Trace("code", text)
    await note(storage, trace, trace)

    counted = await failures(storage, trace)
    await storage.write(lambda tx: tx.guards.clear([trace]))

    assert counted == {trace: Failures(2, NOW)}
    assert await failures(storage, trace) == {}
