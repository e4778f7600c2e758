"""What a run came to, as JSON and as a table for people."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from tests.chaos.judge import told
from tests.chaos.run import Ran
from tests.chaos.steps import FLOWS, is_vital


def as_json(ran: Ran) -> dict[str, Any]:
    wanted = asdict(ran.wanted) | {"only": sorted(ran.wanted.only)}
    return {**asdict(ran), "wanted": wanted, "broken": ran.verdict.broken, "kept": not faults_of(ran)}


def faults_of(ran: Ran) -> list[str]:
    """Broken promises, each as text; none: all kept."""
    faults = [told(ran.verdict, name, lines) for name, lines in ran.verdict.broken.items()]
    if ran.alone:
        faults.append(f"  ended without a kill: {dict(Counter(ran.alone))}")
    if ran.waited:
        faults.append(f"  something still waited at the end: {ran.waited}")
    if ran.wanted.is_long:
        faults += steps_missed(ran)
    return faults


def steps_missed(ran: Ran) -> list[str]:
    """Of a long run: steps that no process passed, and those at which none died."""
    unseen = [flow for flow in FLOWS if not any(step.startswith(flow) for step in ran.steps)]
    untouched = [step for step, times in ran.steps.items() if not times and is_vital(step)]
    faults = [f"  never passed: {', '.join(unseen)}"] if unseen else []
    return [*faults, *([f"  nobody died at: {', '.join(untouched)}"] if untouched else [])]


def _slots(deaths: dict[str, int]) -> str:
    return f"  ({', '.join(f'{slot} {times}' for slot, times in sorted(deaths.items()))})" if deaths else ""


def table(ran: Ran) -> str:
    verdict = ran.verdict
    wanted, kills = ran.wanted, sorted(ran.kills.items())
    lines = [
        f"{wanted.engine}, seed {wanted.seed}, {ran.seconds:.0f} s; at rest {ran.rested:.1f} s after the last kill",
        f"kills {sum(ran.kills.values())}: " + ", ".join(f"{name} {times}" for name, times in kills),
        f"  of them at a random moment {sum(ran.at_random.values())}, at one of {len(ran.steps)} steps "
        f"{sum(ran.steps.values())}; starts that found no database {sum(ran.refused.values())}",
        "",
        f"events of the one-stop software {verdict.events}, questions {verdict.asked}",
        f"planned {verdict.planned}, sent {verdict.sent}, uncertain {verdict.uncertain} "
        f"(of them with a provider: {verdict.uncertain_arrived}; cleared up later: {verdict.resolved})",
        f"doubled {len(verdict.doubled)}, lost {len(verdict.lost)}, events without their message "
        f"{len(verdict.unplanned)}, contradictions {len(verdict.contradicted)}",
        f"unanswered {len(verdict.unanswered)}, answered twice {len(verdict.answered_twice)}, "
        f"ledger {'askew' if verdict.unbalanced else 'balanced'}: {ran.ledger}",
        f"states {verdict.states}",
        "",
        "killed  step",
        *(f"{times:6}  {step}{_slots(ran.where.get(step, {}))}" for step, times in sorted(ran.steps.items())),
    ]
    faults = faults_of(ran)
    return "\n".join([*lines, "", *(["NOT KEPT", *faults] if faults else ["all promises kept"])])
