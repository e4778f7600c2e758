"""Judges the attacker's run: what the answers tell, whether their timing tells it, and what citizens had of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.config import Strangers

LEAST_P = 0.001
"""Below it the time of an answer is taken to tell whether a code exists."""
ALARM_WITHIN = 60.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One guess and what came of it."""

    exists: bool
    is_plain: bool
    is_held: bool
    """Nothing was looked up: too many attempts before."""
    text: str
    """The answers without the code, and without numbers such as minutes; empty for silence."""
    shape: int
    """Their length without the code."""
    has_details: bool
    code: str
    seconds: float


@dataclass(slots=True)
class Outcome:
    """All that came of the attack in one setting."""

    strangers: Strangers
    citizens: int
    guesses: list[Guess] = field(default_factory=list)
    answered: int = 0
    """Citizens who were answered in full."""
    alarm_after: float | None = None
    """Seconds; None: it was never raised."""


def verdict(outcome: Outcome) -> dict[str, Any]:
    """The figures of one setting, with the promises that were broken."""
    existing = [each for each in outcome.guesses if each.exists]
    missing = [each for each in outcome.guesses if not each.exists]
    ordinary = {(each.is_plain, each.text) for each in missing}
    learnt = {each.code for each in existing if (each.is_plain, each.text) not in ordinary}
    details = {each.code for each in outcome.guesses if each.has_details}
    looked_up = {"existing": _looked_up(existing), "missing": _looked_up(missing)}
    figures: dict[str, Any] = {
        "guesses": len(outcome.guesses),
        "looked_up": {name: len(each) for name, each in looked_up.items()},
        "levels_learnt": len(learnt),
        "details_learnt": len(details),
        "texts": {"existing": len({each.text for each in existing}), "missing": len({each.text for each in missing})},
        "p_looked_up": _p(looked_up["existing"], looked_up["missing"]),
        "p_all": _p(existing, missing),
        "median_ms": {name: _median_ms(each) for name, each in looked_up.items()},
        "alarm_after_s": outcome.alarm_after,
        "citizens": outcome.citizens,
        "citizens_answered_in_full": outcome.answered,
    }
    return {**figures, "broken": _broken(outcome, figures, existing, missing)}


def _looked_up(guesses: Sequence[Guess]) -> list[Guess]:
    """Those that were not held up."""
    return [each for each in guesses if not each.is_held]


def _broken(
    outcome: Outcome, figures: dict[str, Any], existing: Sequence[Guess], missing: Sequence[Guess]
) -> list[str]:
    broken = []
    if figures["details_learnt"]:
        broken.append("more than a level was shown to a stranger")
    if outcome.strangers is Strangers.NOTHING:
        if figures["levels_learnt"] or {each.text for each in existing} != {each.text for each in missing}:
            broken.append("a code that exists is answered otherwise than one that does not")
        if {each.shape for each in _looked_up(existing)} != {each.shape for each in _looked_up(missing)}:
            broken.append("the answers are not equally long")
        if min(figures["p_looked_up"], figures["p_all"]) < LEAST_P:
            broken.append("the time of an answer tells whether a code exists")
    if outcome.alarm_after is None or outcome.alarm_after > ALARM_WITHIN:
        broken.append("no alarm within a minute")
    if outcome.answered < outcome.citizens:
        broken.append("a citizen was not answered in full")
    return broken


def _median_ms(guesses: Sequence[Guess]) -> float:
    seconds = sorted(each.seconds for each in guesses)
    return round(1000 * seconds[len(seconds) // 2], 3) if seconds else 0.0


def _p(ones: Sequence[Guess], others: Sequence[Guess]) -> float:
    return round(mann_whitney([each.seconds for each in ones], [each.seconds for each in others]), 4)


def mann_whitney(ones: Sequence[float], others: Sequence[float]) -> float:
    """The two-sided p of both coming from one distribution, by the normal approximation, ties shared."""
    if not ones or not others:
        return 1.0
    values = sorted([(value, True) for value in ones] + [(value, False) for value in others])
    ranks, ties, at = 0.0, 0.0, 0
    while at < len(values):
        after = at
        while after < len(values) and values[after][0] == values[at][0]:
            after += 1
        ranks += sum(is_one for _, is_one in values[at:after]) * (at + 1 + after) / 2
        ties += (after - at) ** 3 - (after - at)
        at = after
    n, m, total = len(ones), len(others), len(values)
    u = ranks - n * (n + 1) / 2
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    if not variance:
        return 1.0
    return math.erfc(abs(u - n * m / 2) / math.sqrt(2 * variance))
