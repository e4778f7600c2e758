"""An account that several processes send by: all of it is given, nothing twice, and the first have the remainder."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.senders import busiest
from bot.pace import Pace
from bot.ports import Share
from bot.stakes import LATER, Stake, next_place, part
from tests.support.making import START


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def stake(rate: float = 300.0, *, alone: bool = False, clock: Seconds | None = None) -> Stake:
    made = Stake("sms", Pace(rate, clock or Seconds()), rate, alone)
    made.joined_at = START
    made.pace.shut()
    return made


def others(*granted: float, before: bool = False) -> list[Share]:
    step = timedelta(seconds=-1 if before else 1)
    return [
        Share("sms", f"other-{place}", START + place * step, START + timedelta(seconds=5), each)
        for place, each in enumerate(granted, 1)
    ]


@given(rate=st.floats(0.01, 5000.0), senders=st.integers(1, 40))
def test_the_parts_are_the_whole_and_whole_parts_but_for_one(rate: float, senders: int) -> None:
    parts = [part(rate, senders, place) for place in range(senders)]

    assert abs(sum(parts) - rate) < 1e-6
    assert all(each == int(each) for each in parts[1:])
    assert max(parts[1:], default=0) - min(parts[1:], default=0) <= 1


def test_who_joined_first_has_what_is_left_over_and_less_than_one_part_goes_to_one() -> None:
    assert [part(100, 3, place) for place in range(3)] == [34, 33, 33]
    assert [part(2, 3, place) for place in range(3)] == [1, 1, 0]
    assert [part(0.5, 3, place) for place in range(3)] == [0.5, 0, 0]
    assert part(2.5, 1, 0) == 2.5


def test_nobody_takes_what_another_one_still_holds() -> None:
    newcomer = stake()

    assert newcomer.free(others(300, before=True)) == 0
    assert newcomer.free(others(200, before=True)) == 100
    assert newcomer.free(others(150, before=True)) == 150
    assert newcomer.free(others(30, before=True)) == 150


def test_who_sends_alone_has_everything_or_nothing() -> None:
    clock = Seconds()
    first, second = stake(0.0, alone=True, clock=clock), stake(0.0, alone=True, clock=clock)

    first.use(first.free([]), until=3.5)
    second.use(second.free(others(1, before=True)), until=3.5)

    assert not first.pace.is_shut
    assert first.pace.rate == 0.0, "and goes at its own pace"
    assert second.pace.is_shut


def test_less_is_used_at_once_and_told_when_what_was_sent_counts_no_more() -> None:
    clock = Seconds()
    first = stake(clock=clock)
    first.use(300.0, until=3.5)

    first.lower(150.0, now=1.0)

    assert first.pace.rate == 150.0
    assert first.covering(150.0, 1.0) == 300.0
    assert first.tells_at() == 1.0 + LATER
    assert first.covering(150.0, 1.0 + LATER) == 150.0
    assert first.tells_at() is None


def test_a_newcomer_comes_last_whatever_its_clock_says() -> None:
    shares = others(1, 1)

    assert next_place(shares, START - timedelta(days=1)) > max(each.joined_at for each in shares)


def renewed(who: int, stakes: list[Stake], table: dict[int, Share], now: float) -> None:
    """What a renewal does, without a database."""
    mine = stakes[who]
    living = [each for other, each in table.items() if other != who]
    mine.joined_at = table[who].joined_at if who in table else next_place(living, START)
    amount = mine.free(living)
    mine.lower(amount, now)
    table[who] = Share("sms", str(who), mine.joined_at, START, mine.covering(amount, now))
    mine.use(amount, until=now + 1000)


@given(
    rate=st.integers(2, 60),
    idle=st.floats(0.0, 2.0),
    turns=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0, 1, 4, 30, 52])), min_size=6, max_size=30),
)
def test_in_no_second_do_all_of_them_together_use_more_than_the_rate(
    rate: int, idle: float, turns: list[tuple[int, int]]
) -> None:
    clock = Seconds()
    stakes = [stake(float(rate), clock=clock) for _ in range(3)]
    table: dict[int, Share] = {}
    left: list[float] = []
    renewed(0, stakes, table, clock.now)
    clock.now += idle

    # All send what they may, every 20 ms; and one after the other renews, in any order.
    for who, ticks in [(0, 45), *turns]:
        for _ in range(ticks):
            clock.now += 0.02
            for each in stakes:
                while each.pace.wait(is_reply=False) <= 0.0:
                    each.pace.spend(1, is_reply=False)
                    left.append(clock.now)
        renewed(who, stakes, table, clock.now)
        assert sum(each.granted for each in table.values()) <= rate

    assert busiest(left, 1.0) <= rate
