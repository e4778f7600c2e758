"""How fast a channel goes, and how long it is left alone while it is down."""

from math import ceil, inf

from hypothesis import given
from hypothesis import strategies as st

from bot.pace import WINDOW, Pace, Pauses


class Seconds:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def left_in(seconds: float, pace: Pace, clock: Seconds, *, is_reply: bool = False) -> int:
    """How many messages leave until then."""
    number = 0
    while (pause := pace.wait(is_reply=is_reply)) + clock.now <= seconds:
        clock.now += pause
        pace.spend(1, is_reply=is_reply)
        number += 1
    return number


def test_no_more_than_the_rate_leaves_in_any_second() -> None:
    clock = Seconds()
    pace = Pace(200.0, clock)

    assert left_in(1.0, pace, clock) == 200
    left_in(9.0, pace, clock)
    assert left_in(10.0, pace, clock) <= 200


def test_what_is_left_unused_is_not_lost_to_the_average() -> None:
    clock = Seconds()
    pace = Pace(200.0, clock)

    left = left_in(20.0, pace, clock)

    assert 200 * 20 / WINDOW - 1 <= left <= 200 * 20


Steps = st.lists(
    st.tuples(
        st.floats(0.0, 1.5),
        st.one_of(st.none(), st.integers(0, 40)),
        st.integers(1, 3),
        st.booleans(),
    ),
    max_size=120,
)
"""(seconds that pass, what is granted from then on, parts of the next message, whether it is a reply)"""


@given(rate=st.floats(0.2, 40.0), steps=Steps)
def test_whatever_is_granted_and_sent_no_second_brings_more_than_the_grant(
    rate: float, steps: list[tuple[float, int | None, int, bool]]
) -> None:
    clock = Seconds()
    pace, granted = Pace(rate, clock, reserved=0.2), rate
    left: list[float] = []

    for passed, grant, parts, is_reply in steps:
        clock.now += passed / 10
        if grant is not None:
            granted = min(float(grant), rate)
            pace.grant(granted, until=clock.now + 2.0) if granted else pace.shut()
        pause = pace.wait(is_reply=is_reply, parts=parts)
        if pause > passed:
            continue
        clock.now += pause
        pace.spend(parts, is_reply=is_reply)
        before = sum(at > clock.now - 1.0 for at in left)
        left += [clock.now] * parts

        assert before + parts <= ceil(granted) or (before == 0 and parts > granted), "one long message at most"


def test_a_grant_ends_by_itself() -> None:
    clock = Seconds()
    pace = Pace(100.0, clock)
    pace.grant(50.0, until=2.0)
    assert not pace.is_shut

    clock.now = 2.0

    assert pace.is_shut
    assert pace.wait(is_reply=True) == inf
    pace.grant(100.0, until=4.0)
    assert pace.wait(is_reply=True) == 0.0


def test_where_there_is_no_limit_a_grant_can_end_too() -> None:
    clock = Seconds()
    pace = Pace(0.0, clock)

    pace.shut()
    assert pace.wait(is_reply=False) == inf

    pace.grant(0.0, until=1.0)
    assert pace.wait(is_reply=False) == 0.0


def test_a_long_message_makes_the_next_one_wait_for_each_of_its_parts() -> None:
    pace = Pace(100.0, Seconds())

    pace.spend(25, is_reply=False)

    assert pace.wait(is_reply=False) >= 15 / 100.0


def test_without_a_rate_nothing_waits() -> None:
    pace = Pace(0.0, Seconds())

    for _ in range(1000):
        pace.spend(9, is_reply=False)

    assert pace.wait(is_reply=False) == 0.0


def test_pushes_leave_the_reserved_share_of_the_rate_to_replies() -> None:
    clock = Seconds()
    pace = Pace(100.0, clock, reserved=0.2)

    pushes = left_in(1.0, pace, clock)

    assert 80 <= pushes <= 80 + 10 + 1
    assert pace.wait(is_reply=True) == 0.0


def test_all_together_never_exceed_the_rate() -> None:
    clock = Seconds()
    pace = Pace(100.0, clock, reserved=0.2)

    left_in(1.0, pace, clock, is_reply=True)

    assert pace.wait(is_reply=False) > 0.0, "replies use the pushes' share too"


def test_pauses_grow_to_ten_seconds_and_start_again_after_a_success() -> None:
    pauses = Pauses()
    pauses.shut()

    grown = [pauses.longer() for _ in range(8)]
    pauses.works()

    assert grown == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert pauses.open
    assert pauses.longer() == 0.25


def test_a_provider_that_says_nothing_is_left_alone_longer_for_every_try_may_cost_a_message() -> None:
    pauses = Pauses()
    pauses.shut()
    first = pauses.longer()

    pauses.silence()

    assert first == 0.25, "a link that fell may be back at once"
    assert [pauses.longer() for _ in range(4)] == [15.0, 30.0, 60.0, 60.0]
