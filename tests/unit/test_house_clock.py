"""The house clock: steady through jumps, in step with small drift, and right again when a jump turns out to be true."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clocks import Clocks
from bot.house_clock import AGREED, EVERY, JUMP, STOOD, HouseClock

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
JUMPS = [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)]
NEARLY = timedelta(milliseconds=50)


@dataclass
class World:
    """True time, a machine's clock and a database's, each off by as much as the test says."""

    passed: float = 0.0
    wall_off: timedelta = timedelta()
    database_off: timedelta | None = None
    """None: there is no other machine to ask."""
    house: HouseClock = field(init=False)

    def __post_init__(self) -> None:
        self.house = HouseClock(wall=lambda: self.true + self.wall_off, monotonic=lambda: self.passed)
        self.look()

    @property
    def true(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    @property
    def off(self) -> timedelta:
        """How wrong the house clock is."""
        return self.house() - self.true

    def look(self) -> None:
        self.house.observe(None if self.database_off is None else self.true + self.database_off)

    def go_on(self, seconds: float) -> None:
        """With a look every few seconds."""
        end = self.passed + seconds
        while self.passed < end:
            self.passed = min(end, self.passed + EVERY)
            self.look()


@pytest.mark.parametrize("jump", JUMPS)
def test_a_jump_of_one_machine_is_not_followed_while_the_database_says_otherwise(jump: timedelta) -> None:
    world = World(database_off=timedelta())

    world.wall_off = jump
    world.go_on(4 * STOOD)

    assert world.off == timedelta()
    assert world.house.held is None


@pytest.mark.parametrize("jump", JUMPS)
def test_a_jump_of_the_database_alone_is_held_until_it_has_stood(jump: timedelta) -> None:
    world = World(database_off=timedelta())

    world.database_off = jump
    world.go_on(STOOD - EVERY)
    before = world.off, world.house.held
    world.go_on(2 * EVERY)

    assert before == (timedelta(), jump)
    assert world.off == jump


@pytest.mark.parametrize("jump", JUMPS)
def test_a_jump_that_the_database_confirms_is_followed(jump: timedelta) -> None:
    world = World(database_off=timedelta())

    world.wall_off = world.database_off = jump
    world.go_on(AGREED)
    before = world.off
    world.go_on(2 * EVERY)

    assert before == timedelta()
    assert world.off == jump


@pytest.mark.parametrize("jump", JUMPS)
def test_a_jump_of_the_only_clock_is_followed_once_it_has_stood(jump: timedelta) -> None:
    world = World()

    world.wall_off = jump
    world.go_on(STOOD)
    before = world.off
    world.go_on(2 * EVERY)

    assert before == timedelta()
    assert world.off == jump


def test_a_jump_that_is_taken_back_was_never_there() -> None:
    world = World()

    for _ in range(4):
        world.wall_off = timedelta(hours=1)
        world.go_on(STOOD / 2)
        world.wall_off = timedelta()
        world.go_on(STOOD / 2)

    assert world.off == timedelta()


def test_the_database_is_right_from_its_first_word_on() -> None:
    world = World(wall_off=timedelta(hours=1), database_off=timedelta(seconds=2))

    assert world.off == timedelta(seconds=2)


def test_without_the_database_that_it_has_heard_the_clock_goes_on_by_itself() -> None:
    world = World(database_off=timedelta())

    world.database_off, world.wall_off = None, timedelta(days=1)
    world.go_on(4 * STOOD)

    assert world.off == timedelta()


def test_small_drift_is_followed_in_both_directions() -> None:
    world = World(database_off=timedelta())

    for drift in (timedelta(seconds=3), timedelta(seconds=-1), timedelta(milliseconds=200)):
        world.database_off = drift
        world.go_on(3 * EVERY)

        assert abs(world.off - drift) < NEARLY


def test_the_alarms_see_the_jump_that_the_service_does_not_follow() -> None:
    world = World(database_off=timedelta())
    clocks = Clocks(wall=world.house.wall, monotonic=lambda: world.passed, kernel=lambda: True)
    clocks.look(stored=None, database=world.true)

    world.wall_off = timedelta(hours=1)
    world.go_on(EVERY)

    troubles = clocks.look(stored=None, database=world.true)
    assert {each.subject for each in troubles} == {"jump", "database"}


@given(
    st.lists(
        st.tuples(
            st.floats(0.01, 30.0),
            st.floats(-0.5, 0.5),
            st.sampled_from([timedelta(), *JUMPS, timedelta(seconds=7), timedelta(seconds=-7)]),
        ),
        max_size=30,
    )
)
def test_whatever_one_machine_does_the_clock_never_runs_backwards(steps: list[tuple[float, float, timedelta]]) -> None:
    world = World(database_off=timedelta())
    drift, last = timedelta(), world.house()
    for pause, noise, jump in steps:
        drift += timedelta(seconds=noise)
        world.passed += pause
        world.wall_off, world.database_off = jump, drift
        between = world.house()
        world.look()
        now = world.house()

        assert last <= between <= now
        assert abs(now - world.true - drift) <= JUMP
        last = now
