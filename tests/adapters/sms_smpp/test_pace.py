"""Slowing down and growing back."""

from adapters.channels.sms_smpp.pace import Pace


class Watch:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def throttled_at(watch: Watch, speed: int) -> Pace:
    """A pace that sent `speed` parts in a second, of which so many were refused that it slowed down once."""
    pace = Pace(watch)
    for _ in range(speed):
        await pace.turn(1, longest=0)
    watch.now += 1
    while not pace.strikes:
        pace.throttled()
    return pace


async def test_nothing_holds_back_what_was_never_throttled() -> None:
    pace = Pace(Watch())

    waits = [await pace.turn(1, longest=0) for _ in range(10_000)]

    assert not any(waits)


async def test_throttling_halves_the_speed() -> None:
    pace = await throttled_at(Watch(), 200)

    assert pace.rate == 100


async def test_a_lone_refusal_among_many_says_nothing_about_our_speed() -> None:
    watch = Watch()
    pace = Pace(watch)
    waits = []

    for _ in range(5):
        for _ in range(200):
            await pace.turn(1, longest=0)
        waits.append(pace.throttled())
        watch.now += 1

    assert waits == [1.0] * 5
    assert pace.rate == 0


async def test_a_lone_refusal_when_little_is_sent_says_nothing_about_our_speed() -> None:
    watch = Watch()
    pace = Pace(watch)

    for _ in range(5):
        await pace.turn(1, longest=0)
        assert pace.throttled() == 1.0
        watch.now += 4

    assert pace.rate == 0


async def test_a_window_of_refusals_counts_once() -> None:
    watch = Watch()
    pace = await throttled_at(watch, 200)

    for _ in range(99):
        assert pace.throttled() == 1.0

    assert pace.rate == 100


async def test_refusals_that_go_on_slow_down_further_and_wait_longer() -> None:
    watch = Watch()
    pace = await throttled_at(watch, 200)

    waits = []
    for _ in range(8):
        watch.now += 1
        waits.append([pace.throttled() for _ in range(5)][-1])

    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    assert pace.rate == 1


async def test_calm_seconds_bring_the_speed_back_until_it_is_free() -> None:
    watch = Watch()
    pace = await throttled_at(watch, 200)
    rates = []

    while pace.rate:
        watch.now += 1
        await pace.turn(1, longest=1)
        rates.append(round(pace.rate))

    assert rates == [125, 156, 195, 244, 305, 381, 0], "free once twice the refused speed goes well"
    assert pace.throttled() == 1.0, "the next trouble begins anew"


async def test_turns_are_spread_evenly_and_a_long_wait_is_declined() -> None:
    watch = Watch()
    pace = await throttled_at(watch, 20)

    first = await pace.turn(1, longest=0)
    await pace.turn(3, longest=0.2)
    wait = await pace.turn(1, longest=0.2)

    assert first == 0
    assert round(wait, 3) == 0.4
