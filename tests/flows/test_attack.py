"""The attacker's run of the benchmark, small, and its judge."""

import random

import pytest

from benchmarks.attack import Scale, attack
from benchmarks.attack_judge import Guess, Outcome, mann_whitney, verdict
from bot.config import Strangers

SMALL = Scale(guesses=400, dossiers=60, senders=40, citizens=10)


@pytest.mark.parametrize("strangers", list(Strangers))
async def test_an_attacker_learns_no_more_than_the_setting_allows_and_citizens_are_served(
    strangers: Strangers,
) -> None:
    figures = await attack(strangers, SMALL)

    assert figures["broken"] == []
    assert figures["details_learnt"] == 0
    assert figures["citizens_answered_in_full"] == 10
    assert (figures["levels_learnt"] > 0) is (strangers is Strangers.LEVEL)


def guess(*, exists: bool, **changes: object) -> Guess:
    usual = {"is_plain": False, "is_held": False, "text": "Không có", "shape": 8, "has_details": False, "code": "X"}
    return Guess(exists=exists, **(usual | {"seconds": 0.002} | changes))  # type: ignore[arg-type]


def judged(*guesses: Guess, answered: int = 1, alarm_after: float | None = 20.0) -> list[str]:
    outcome = Outcome(Strangers.NOTHING, 1, [*guesses, guess(exists=False), guess(exists=True)], answered, alarm_after)
    broken: list[str] = verdict(outcome)["broken"]
    return broken


def test_the_judge_sees_every_broken_promise() -> None:
    assert judged() == []
    assert judged(guess(exists=True, text="đang xử lý")) == [
        "a code that exists is answered otherwise than one that does not"
    ]
    assert judged(guess(exists=True, shape=9)) == ["the answers are not equally long"]
    assert judged(guess(exists=False, has_details=True)) == ["more than a level was shown to a stranger"]
    assert judged(answered=0) == ["a citizen was not answered in full"]
    assert judged(alarm_after=None) == judged(alarm_after=61.0) == ["no alarm within a minute"]
    slow = [guess(exists=True, seconds=0.003) for _ in range(50)]
    quick = [guess(exists=False, seconds=0.002) for _ in range(50)]
    assert judged(*slow, *quick) == ["the time of an answer tells whether a code exists"]


def test_the_test_of_timing_finds_a_shift_and_invents_none() -> None:
    chance = random.Random(1)
    ones = [chance.gauss(3.0, 0.4) for _ in range(1000)]
    same = [chance.gauss(3.0, 0.4) for _ in range(1000)]
    slower = [each + 0.08 for each in same]

    assert mann_whitney(ones, same) > 0.01
    assert mann_whitney(ones, slower) < 0.001
    assert mann_whitney([1.0, 2.0], []) == mann_whitney([1.0] * 5, [1.0] * 5) == 1.0
    # By hand: U = 2 where 12.5 is expected, two ties, standard deviation 4.758, z = 2.207.
    assert mann_whitney([1, 2, 3, 4, 5], [4, 5, 6, 7, 8]) == pytest.approx(0.0273, abs=1e-4)
