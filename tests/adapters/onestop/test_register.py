"""The software's own database: numbers, its clock, a migration that spoils everything, and what it forgets."""

from collections import Counter
from datetime import timedelta

from adapters.simulators.onestop import Record, Settings
from adapters.simulators.onestop.misbehaviour import Faults, Misbehaviour
from adapters.simulators.onestop.register import Register
from adapters.simulators.onestop.stages import ENDS
from bot.model.dossier import Status
from tests.adapters.onestop.support import START, states


def _faults(**misbehaviour: object) -> Faults:
    return Faults(Misbehaviour.model_validate(misbehaviour), seed=1)


def _some(days: float = 2.0) -> list[Record]:
    return states(Settings(dossiers_per_day=200), days)


async def test_versions_of_a_dossier_are_numbered_from_one() -> None:
    told = Register(10_000, _faults()).take(_some())

    seen: Counter[str] = Counter()
    for record in told:
        seen[record.code] += 1
        assert record.version == seen[record.code]
    assert max(seen.values()) > 2


async def test_what_was_updated_since_a_moment_comes_in_order_and_that_moment_is_included() -> None:
    register = Register(10_000, _faults())
    register.take(_some())
    everything = register.since(None)
    middle = everything[len(everything) // 2].updated_at

    later = register.since(middle)

    assert [record.updated_at for record in everything] == sorted(record.updated_at for record in everything)
    assert list(later) == [record for record in everything if record.updated_at >= middle]
    assert register.since(START + timedelta(days=400)) == []


async def test_ended_dossiers_are_kept_only_so_many_and_the_oldest_vanish_first() -> None:
    all_of_them, few = Register(10_000, _faults()), Register(20, _faults())
    history = _some(10)
    all_of_them.take(history)
    few.take(history)

    ended = [record.code for record in history if record.status in ENDS]

    assert all_of_them.ended == len(ended) > 40
    assert few.ended == 20
    assert few.forgotten == ended[:-20]
    assert all(few.get(code) is None for code in ended[:-20])
    assert all(few.get(code) == all_of_them.get(code) for code in ended[-20:])
    assert few.open == all_of_them.open > 0


async def test_a_wrong_clock_moves_update_times_only_from_then_on() -> None:
    faults = _faults()
    register, (first, second, *_) = Register(10, faults), _some()

    [before] = register.take([first])
    faults.change({"skew": -7_200})
    [after] = register.take([second])

    assert before.updated_at == first.updated_at
    assert after.updated_at == second.updated_at - timedelta(hours=2)
    assert after.received_at == second.received_at


async def test_a_migration_of_codes_flips_every_open_dossier_at_once_and_can_be_undone() -> None:
    faults = _faults()
    register = Register(10_000, faults)
    register.take(_some())
    before = {record.code: record for record in register.since(None)}

    faults.change({"migration": "status"})
    flipped = register.migrate(START + timedelta(days=2))
    again = register.migrate(START + timedelta(days=2))
    faults.change({"migration": "none"})
    healed = register.migrate(START + timedelta(days=3))

    assert again == []
    assert len(flipped) == len(healed) == register.open == sum(r.status not in ENDS for r in before.values())
    assert all(record.status is not before[record.code].status for record in flipped)
    assert all(record.version == before[record.code].version + 1 for record in flipped)
    assert {record.status for record in flipped if before[record.code].status is Status.PROCESSING} == {
        Status.SUPPLEMENT
    }
    assert all(record.status is before[record.code].status for record in healed)


async def test_while_a_migration_is_on_what_happens_is_spoilt_too_but_no_end() -> None:
    faults = _faults(migration="word")
    register = Register(10_000, faults)
    register.migrate(START)

    told = register.take(_some(5))

    assert {record.word for record in told if record.status in ENDS} == {""}
    assert {record.word for record in told if record.status is Status.PROCESSING} == {"TT04"}


async def test_dice_fall_the_same_for_the_same_seed_and_one_fault_does_not_move_another() -> None:
    alone, together = _faults(errors=0.3), _faults(errors=0.3, hang=0.5)
    other = Faults(Misbehaviour(errors=0.3), seed=2)

    struck = [alone.strikes("errors", "api") for _ in range(500)]

    assert 100 < sum(struck) < 200
    assert [(together.strikes("hang", "api"), together.strikes("errors", "api"))[1] for _ in range(500)] == struck
    assert [other.strikes("errors", "api") for _ in range(500)] != struck
