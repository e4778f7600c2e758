"""Who holds a dossier: stages that follow each other without a gap, over several agencies where they share the work."""

from collections import defaultdict
from itertools import pairwise

from adapters.simulators.onestop import Record, Settings
from adapters.simulators.onestop.stages import ENDS
from bot.model.dossier import Status
from tests.adapters.onestop.support import states

_MONTHS = 60


def _lives(**changes: float) -> list[list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for state in states(Settings(dossiers_per_day=800, days=1, **changes), _MONTHS):
        found[state.code].append(state)
    return list(found.values())


def test_stages_follow_each_other_without_a_gap_and_the_last_is_the_present_one() -> None:
    for life in _lives():
        for state in life:
            *earlier, last = state.stages
            assert all(one.ended_at == following.started_at for one, following in pairwise(state.stages))
            assert all(stage.ended_at for stage in earlier)
            assert last.status is state.status
            assert (last.ended_at is None) == (state.status not in ENDS)
            assert all(stage.officer and stage.task and stage.unit for stage in state.stages)
        assert life[-1].stages[-1].ended_at == life[-1].updated_at


def test_a_share_of_dossiers_is_worked_on_by_several_agencies_and_comes_back_to_the_first() -> None:
    shared = [life for life in _lives() if len({stage.agency for stage in life[-1].stages}) > 1]
    longer = [life for life in _lives() if life[0].procedure.days]

    assert 0.05 < len(shared) / len(longer) < 0.11
    for life in shared:
        own, stages = life[0].agency.name, life[-1].stages
        assert stages[0].agency == stages[-1].agency == own
        assert any(stage.agency != own and stage.status is Status.PROCESSING for stage in stages)


def test_without_interlinked_procedures_every_stage_is_the_agencys_own() -> None:
    assert all(stage.agency == life[0].agency.name for life in _lives(interlinked=0) for stage in life[-1].stages)


def test_a_new_appointment_moves_the_end_of_the_stage_that_goes_on() -> None:
    moved = [
        (before, after)
        for life in _lives(late=0.1)
        for before, after in pairwise(life)
        if before.status is after.status and before.appointment_at != after.appointment_at
    ]

    assert moved
    assert all(after.stages[-1].due_at == after.appointment_at for _, after in moved)


def test_a_supplement_keeps_when_it_was_asked_for_and_when_the_papers_came() -> None:
    lives = [life for life in _lives(supplements=0.2) if life[-1].supplements]

    assert lives
    for life in lives:
        requests = [state for state in life if state.status is Status.SUPPLEMENT]
        for asked, supplement in zip(requests, life[-1].supplements, strict=True):
            answered = life[life.index(asked) + 1]
            assert (supplement.asked_at, supplement.content) == (asked.updated_at, asked.supplement)
            assert supplement.answered_at == answered.updated_at
            assert (supplement.due_before, supplement.due_after) == (asked.appointment_at, answered.appointment_at)
            assert supplement.until == asked.supplement_until
            assert answered.supplement_until is None
    assert any(len(life[-1].supplements) > 1 for life in lives)
