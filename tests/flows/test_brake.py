"""The sudden-change brake: a source that flips everything is mirrored, its messages wait for a person."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.brake import limit, release
from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.dossier import Status
from bot.model.ids import id_maker
from bot.model.message import DeliveryState
from bot.ports import Storage
from bot.settings import SourceSettings
from tests.support.making import START, Time, batch, dossier, planner

RULES = SourceSettings(brake_messages=10, brake_percent=0, go_live=START)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def mirror(storage: Storage, time: Time) -> Mirror:
    return Mirror("office", storage, planner(), time, RULES)


async def states(storage: Storage) -> dict[str, int]:
    counts = await storage.read(lambda tx: tx.outbox.counts())
    return {state.value: number for (_, state), number in sorted(counts.items())}


def many(first: int, last: int, **changes: object) -> list:  # type: ignore[type-arg]
    return [dossier(number, **changes) for number in range(first, last + 1)]


async def test_what_goes_beyond_the_limit_is_mirrored_and_waits(storage: Storage, mirror: Mirror) -> None:
    applied = await mirror.apply(batch(*many(1, 11)))

    assert (applied.changed, applied.planned, applied.held) == (11, 11, 11)
    assert await states(storage) == {"held": 11}
    assert (await storage.read(lambda tx: tx.dossiers.count()))[0] == 11
    assert (await balance(storage)).balanced


async def test_up_to_the_limit_everything_goes(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(*many(1, 10)))

    assert await states(storage) == {"queued": 10}


async def test_what_waited_already_within_the_window_is_held_too(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(*many(1, 8)))

    await mirror.apply(batch(*many(9, 12)))

    assert await states(storage) == {"held": 12}


async def test_a_new_window_counts_anew(storage: Storage, mirror: Mirror, time: Time) -> None:
    await mirror.apply(batch(*many(1, 8)))
    time.pass_(seconds=RULES.brake_window)

    await mirror.apply(batch(*many(9, 16)))

    assert await states(storage) == {"queued": 16}


async def test_the_brake_stays_on_until_a_person_takes_it_off(storage: Storage, mirror: Mirror, time: Time) -> None:
    await mirror.apply(batch(*many(1, 11)))
    time.pass_(days=1)

    await mirror.apply(batch(*many(12, 12)))
    freed = await release(storage, "office", send=True, by="lan", now=time())
    await mirror.apply(batch(*many(13, 13)))

    assert freed == 12
    assert await states(storage) == {"queued": 13}


async def test_what_a_person_discards_is_cancelled_in_her_name(storage: Storage, mirror: Mirror, time: Time) -> None:
    await mirror.apply(batch(*many(1, 11)))

    discarded = await release(storage, "office", send=False, by="lan", now=time())

    assert discarded == 11
    (item, *_) = await storage.read(lambda tx: tx.outbox.listed(DeliveryState.CANCELLED, limit=20))
    assert item.reason == "discarded by lan"
    assert (await balance(storage)).balanced


async def test_other_sources_are_not_held(storage: Storage, mirror: Mirror, time: Time) -> None:
    other = Mirror("ministry", storage, planner(id_maker(time)), time, RULES)
    elsewhere = [replace(each, source="ministry") for each in many(20, 21)]
    await other.apply(batch(*elsewhere))

    await mirror.apply(batch(*many(1, 11)))

    assert await states(storage) == {"held": 11, "queued": 2}
    assert await storage.read(lambda tx: tx.outbox.held()) == {"office": {"received": 11}}


async def test_a_newer_change_takes_the_place_of_one_that_is_held(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(*many(1, 11)))

    await mirror.apply(batch(dossier(1, status=Status.DONE)))

    assert await states(storage) == {"held": 11, "superseded": 1}


async def test_what_is_held_too_long_expires_and_is_not_sent(storage: Storage, mirror: Mirror, time: Time) -> None:
    await mirror.apply(batch(*many(1, 11)))
    time.pass_(days=4)

    await storage.write(lambda tx: tx.outbox.expire(now=time()))

    assert await states(storage) == {"expired": 11}
    assert await release(storage, "office", send=True, by="lan", now=time()) == 0


async def test_nothing_that_is_held_can_be_claimed(storage: Storage, mirror: Mirror, time: Time) -> None:
    await mirror.apply(batch(*many(1, 11)))

    claimed = await storage.write(
        lambda tx: tx.outbox.claim("sms", owner="a", now=time(), lease_until=time() + timedelta(minutes=1), limit=50)
    )

    assert claimed == []


async def test_silent_imports_do_not_count(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(*many(1, 500, received_at=START - timedelta(days=1))))

    assert await states(storage) == {}


async def test_a_source_nobody_has_read_can_be_released_without_harm(storage: Storage, time: Time) -> None:
    assert await release(storage, "nobody", send=True, by="lan", now=time()) == 0


def test_the_smaller_of_the_two_limits_counts() -> None:
    assert limit(SourceSettings(brake_messages=20_000, brake_percent=30), 10_000) == 3_000
    assert limit(SourceSettings(brake_messages=20_000, brake_percent=30), 1_000_000) == 20_000
    assert limit(SourceSettings(brake_messages=20_000, brake_percent=30), 10) == 500
    assert limit(SourceSettings(brake_messages=0, brake_percent=0), 10) == float("inf")
