"""How fast a channel goes, and how long it is left alone while it is down."""

import asyncio

from bot.pace import Pace, Pauses


async def test_no_more_than_the_rate_leaves_in_any_second() -> None:
    loop = asyncio.get_running_loop()
    pace = Pace(200.0, loop.time)
    times = []

    for _ in range(120):
        await pace.permission()
        pace.spend(1)
        times.append(loop.time())

    for first, later in zip(times, times[40:], strict=False):
        assert later - first >= (40 - 20 - 1) / 200.0


async def test_a_long_message_makes_the_next_one_wait_for_each_of_its_parts() -> None:
    loop = asyncio.get_running_loop()
    pace = Pace(100.0, loop.time)
    await pace.permission()
    start = loop.time()

    pace.spend(25)
    await pace.permission()

    assert loop.time() - start >= 15 / 100.0


async def test_without_a_rate_nothing_waits() -> None:
    pace = Pace(0.0, lambda: 0.0)

    for _ in range(1000):
        await pace.permission()
        pace.spend(9)

    assert pace._tokens == 1.0


def test_pauses_grow_to_ten_seconds_and_start_again_after_a_success() -> None:
    pauses = Pauses()
    pauses.shut()

    grown = [pauses.longer() for _ in range(8)]
    pauses.works()

    assert grown == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert pauses.open
    assert pauses.longer() == 0.25
