"""Whose turn it is among the gateways of a route, and how their shares move."""

import random
from collections import Counter

from bot.gateway_settings import RouteSettings
from bot.gateways import FULL, RETURNING, Gateways
from bot.ports import Pause
from bot.routing import Routes
from tests.support.making import START, Time


class Counting:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """Two gateways behind one route, and one of its own."""

    def __init__(self, **weights: int) -> None:
        route = RouteSettings.model_validate({"gateways": weights or {"a": 70, "b": 30}})
        routes = Routes({"default": route}, sms=["a", "b", "c"])
        self.seconds = Counting()
        self.poked: list[str] = []
        self.gateways = Gateways(
            routes, clock=Time(), poke=self.poked.append, rng=random.Random(7), monotonic=self.seconds
        )

    def share_out(self, number: int) -> Counter[str]:
        """Messages that come one at a time while both gateways are ready."""
        taken: Counter[str] = Counter()
        for _ in range(number):
            for name in ("a", "b"):
                self.gateways.ready(name, 1)
            for name in ("a", "b"):
                if self.gateways.allowance(name, "default"):
                    taken[name] += 1
                    self.gateways.took(name, "default", 1)
                    break
        return taken


def test_messages_are_shared_by_weight() -> None:
    taken = Bench().share_out(4000)

    assert abs(taken["a"] / 4000 - 0.7) < 0.03
    assert taken.total() == 4000


def test_a_gateway_that_is_not_ready_holds_nobody_up() -> None:
    bench = Bench()
    bench.gateways.ready("b", 5)

    assert bench.gateways.allowance("b", "default") == 5


def test_while_it_is_anothers_turn_that_one_is_called() -> None:
    bench = Bench(a=1000, b=1)
    for name in ("a", "b"):
        bench.gateways.ready(name, 5)

    assert bench.gateways.allowance("b", "default") == 0
    assert bench.poked == ["a"]


def test_a_gateway_that_lets_its_turn_pass_loses_it() -> None:
    bench = Bench(a=1000, b=1)
    for name in ("a", "b"):
        bench.gateways.ready(name, 5)
    bench.gateways.allowance("b", "default")

    bench.seconds.now += 0.3

    assert bench.gateways.allowance("b", "default") == 5


def test_a_turn_is_as_long_for_the_fast_as_for_the_slow() -> None:
    bench = Bench(a=1000, b=1)
    bench.gateways.ready("a", 500)
    bench.gateways.ready("b", 10)

    assert bench.gateways.allowance("a", "default") == 10


def test_a_gateway_of_weight_zero_stands_in_while_no_other_is_ready() -> None:
    bench = Bench(a=100, b=0)

    assert bench.share_out(200) == {"a": 200}
    bench.gateways.not_ready("a")
    bench.gateways.ready("b", 3)
    assert bench.gateways.allowance("b", "default") == 3


def test_an_outage_takes_the_whole_share_at_once_and_a_success_begins_anew() -> None:
    bench = Bench()

    bench.gateways.went_down("a", "connection refused")
    assert bench.gateways.share("a") == 0
    bench.gateways.works("a")

    assert bench.gateways.share("a") == RETURNING
    assert [(move.name, move.before, move.after, move.reason) for move in bench.gateways.moved] == [
        ("a", FULL, 0, "connection refused"),
        ("a", 0, RETURNING, "works again"),
    ]


def test_a_channel_that_serves_no_route_has_no_share_to_move() -> None:
    bench = Bench()

    bench.gateways.went_down("c", "connection refused")

    assert not bench.gateways.moved
    assert bench.gateways.queues("c") == ("c",)


def test_a_paused_gateway_takes_nothing_and_a_paused_route_is_left_alone() -> None:
    bench = Bench()
    stop = Pause("a", START, "chi.lan", "bảo trì")

    bench.gateways.know({}, {"a": stop})
    assert bench.gateways.queues("a") == ()
    assert bench.gateways.queues("b") == ("b", "default")

    bench.gateways.know({}, {"default": stop})
    assert bench.gateways.queues("a") == ("a",)


def test_whoever_a_pause_concerns_is_told_to_look_again() -> None:
    bench = Bench()

    bench.gateways.know({}, {"default": Pause("default", START, "", "")})

    assert {"a", "b"} <= set(bench.poked)
    assert "c" not in bench.poked


def test_what_the_database_says_does_not_undo_a_move_that_is_not_yet_written_down() -> None:
    bench = Bench()
    bench.gateways.went_down("a", "no answers")

    bench.gateways.know({"a": 100, "b": 60}, {})

    assert (bench.gateways.share("a"), bench.gateways.share("b")) == (0, 60)


def test_many_gateways_of_one_route_keep_their_shares_when_one_is_cut() -> None:
    bench = Bench()
    bench.gateways.move("a", 10, "slow")

    taken = bench.share_out(4000)

    assert abs(taken["a"] / 4000 - 7 / 37) < 0.03
