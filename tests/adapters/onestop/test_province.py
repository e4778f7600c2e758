"""The fake province keeps the proportions of the report, and its dossiers live as real ones do."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.simulators.onestop import Province, Record, Settings
from adapters.simulators.onestop.agencies import AGENCIES, RECEIVED, Tier
from adapters.simulators.onestop.hours import DAY, HOUR, moment_at, worked
from adapters.simulators.onestop.procedures import PROCEDURES
from adapters.simulators.onestop.wording import SUPPLEMENTS
from bot.model.clock import VIETNAM
from bot.model.code import canonical
from bot.model.dossier import Status
from bot.model.phone import parse_phone

START = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
MONTHS = 100 * DAY

NEXT = {
    None: {Status.REGISTERED, Status.RECEIVED},
    Status.REGISTERED: {Status.RECEIVED, Status.REFUSED},
    Status.RECEIVED: {Status.PROCESSING},
    Status.PROCESSING: {
        Status.PROCESSING, Status.SUPPLEMENT, Status.PAYMENT, Status.DONE, Status.WITHDRAWN, Status.STOPPED,
    },
    Status.SUPPLEMENT: {Status.PROCESSING},
    Status.PAYMENT: {Status.PROCESSING},
    Status.DONE: {Status.RETURNED},
}  # fmt: skip
ENDS = {Status.RETURNED, Status.REFUSED, Status.WITHDRAWN, Status.STOPPED}

Lives = dict[str, list[Record]]


@cache
def lives(count: int, seed: int = 7) -> Lives:
    """Every state of every dossier, from its receipt to its end."""
    province = Province(Settings(out=Path(), seed=seed, dossiers_per_day=count, days=1), START)
    found: Lives = defaultdict(list)
    for record in _every_state(province):
        found[record.code].append(record)
    return found


def _every_state(province: Province) -> list[Record]:
    at, records = worked(START), []
    for _ in range(DAY // 60 * 6):
        at += 60
        records += province.advance(moment_at(at))
    while at < worked(START) + MONTHS:
        at += 300
        records += province.advance(moment_at(at))
    return records


def _promised(states: list[Record]) -> datetime | None:
    """The first appointment, or the one after the last supplement: against it a result is early or late."""
    promised = None
    before = None
    for record in states:
        if promised is None or before is Status.SUPPLEMENT:
            promised = record.appointment_at
        before = record.status
    return promised


def _moved(states: list[Record]) -> bool:
    pairs = pairwise(states)
    return any(
        before.status is after.status is Status.PROCESSING and _is_later(before, after) for before, after in pairs
    )


def _is_later(before: Record, after: Record) -> bool:
    first, second = before.appointment_at, after.appointment_at
    return first is not None and second is not None and second > first


def test_twenty_thousand_dossiers_have_the_proportions_of_the_report() -> None:
    found = lives(20_000)

    tiers = Counter(states[0].agency.tier for states in found.values())
    ends = Counter(states[-1].status for states in found.values())
    resolved = [states for states in found.values() if states[-1].status is Status.RETURNED]
    kinds = Counter(_punctuality(states) for states in resolved)

    assert len(found) == 20_000
    for tier in Tier:
        assert tiers[tier] / 20_000 == pytest.approx(RECEIVED[tier] / sum(RECEIVED), abs=0.001)
    assert kinds["early"] / len(resolved) == pytest.approx(0.8825, abs=0.01)
    assert kinds["on time"] / len(resolved) == pytest.approx(0.1142, abs=0.01)
    assert kinds["late"] / len(resolved) == pytest.approx(0.0032, abs=0.0005)
    assert ends.keys() == ENDS
    assert all(0.002 < ends[end] / 20_000 < 0.015 for end in ENDS - {Status.RETURNED})


def _punctuality(states: list[Record]) -> str:
    promised, finished = _promised(states), states[-1].finished_at
    assert promised is not None
    assert finished is not None
    if finished > promised:
        return "late"
    return "on time" if finished > promised - timedelta(seconds=HOUR) else "early"


@pytest.mark.parametrize("seed", range(3))
def test_six_hundred_dossiers_have_some_of_everything(seed: int) -> None:
    found = lives(600, seed)

    seen = {record.status for states in found.values() for record in states}
    apologies = [states for states in found.values() if _moved(states)]

    assert seen == set(Status) - {Status.UNKNOWN}
    assert {states[-1].status for states in found.values()} == ENDS
    assert len(apologies) >= 2


def test_every_dossier_moves_as_the_national_statuses_allow() -> None:
    for states in lives(20_000).values():
        before: Record | None = None
        for record in states:
            assert record.status in NEXT[before.status if before else None]
            assert before is None or record.updated_at >= before.updated_at
            before = record
        assert states[-1].status in ENDS


def test_a_new_appointment_is_given_with_its_reason_before_the_old_one_passes() -> None:
    late = [states for states in lives(20_000).values() if _moved(states)]

    assert len(late) > 30
    for states in late:
        [(before, after)] = [
            (before, after)
            for before, after in pairwise(states)
            if before.status is after.status and _is_later(before, after)
        ]
        assert before.appointment_at is not None
        assert after.appointment_at is not None
        assert after.updated_at < before.appointment_at < after.appointment_at
        assert after.reason
        assert states[-1].finished_at is not None
        assert before.appointment_at < states[-1].finished_at < after.appointment_at


def test_a_supplement_says_what_and_why_and_starts_the_clock_anew() -> None:
    supplements = [states for states in lives(20_000).values() if any(s.status is Status.SUPPLEMENT for s in states)]

    assert len(supplements) / 20_000 == pytest.approx(0.04, abs=0.005)
    for states in supplements:
        for at in (index for index, record in enumerate(states) if record.status is Status.SUPPLEMENT):
            asked, resumed = states[at], states[at + 1]
            assert (asked.supplement, asked.reason) in SUPPLEMENTS[asked.procedure.sector]
            assert asked.supplement_until is not None
            assert asked.supplement_until > asked.updated_at
            assert asked.appointment_at is not None
            assert resumed.appointment_at is not None
            assert resumed.appointment_at >= asked.appointment_at
            assert (resumed.supplement, resumed.reason) == ("", "")


def test_a_result_says_where_and_when_it_can_be_collected() -> None:
    done = [record for states in lives(20_000).values() for record in states if record.status is Status.DONE]

    assert done
    assert all(record.agency.seat in record.place and "07:00" in record.place for record in done)
    assert all(record.finished_at == record.updated_at for record in done)


def test_offices_work_on_weekdays_in_office_hours() -> None:
    moments = [record.updated_at.astimezone(VIETNAM) for states in lives(600).values() for record in states]

    assert all(moment.weekday() < 5 for moment in moments)
    assert all(7 <= moment.hour < 17 for moment in moments)


def test_codes_are_canonical_and_unique_and_carry_the_agency_and_the_day() -> None:
    for code, states in lives(20_000).items():
        assert canonical(code) == code
        assert code.startswith(f"{states[0].agency.id}-2611")
        assert len({(record.agency, record.applicant, record.phone) for record in states}) == 1


def test_phones_are_of_every_sort() -> None:
    firsts = [states[0] for states in lives(20_000).values()]
    kinds: Counter[str] = Counter()
    for record in firsts:
        phone = parse_phone(record.phone)
        kinds[phone.kind if phone else "none"] += 1
    mobiles = {record.phone for record in firsts if record.phone.startswith("0") and not record.phone.startswith("02")}
    special = Counter(phone[-4:] for phone in mobiles)

    assert all(37 <= special[f"000{number}"] <= 39 for number in range(1, 10))
    assert kinds["mobile"] > 18_000
    assert min(kinds["landline"], kinds["foreign"], kinds["none"]) > 50
    assert any(len(record.phone) == 11 for record in firsts)
    assert len({record.phone for record in firsts}) < len(firsts)


def test_the_same_seed_gives_the_same_province() -> None:
    first, second = (Province(Settings(out=Path(), dossiers_per_day=500), START) for _ in range(2))
    until = moment_at(worked(START) + 3 * DAY)

    assert first.advance(until) == second.advance(until)


def test_another_seed_gives_another_province() -> None:
    first, second = (Province(Settings(out=Path(), dossiers_per_day=500, seed=seed), START) for seed in (1, 2))
    until = moment_at(worked(START) + DAY)

    assert first.advance(until) != second.advance(until)


def test_the_backlog_is_older_than_the_start_and_lives_on() -> None:
    province = Province(Settings(out=Path(), backlog=400, dossiers_per_day=1), START)

    old = province.advance(START)
    later = province.advance(moment_at(worked(START) + 5 * DAY))

    assert len(old) == 400
    assert all(record.received_at < moment_at(worked(START)) for record in old)
    assert len({record.status for record in old}) > 5
    assert {record.code for record in later} & {record.code for record in old}


def test_only_what_has_changed_is_told_and_each_dossier_once() -> None:
    province = Province(Settings(out=Path(), dossiers_per_day=400), START)
    until = moment_at(worked(START) + 2 * DAY)

    changed = province.advance(until)

    assert len({record.code for record in changed}) == len(changed)
    assert province.advance(until) == []


def test_the_province_is_as_large_as_the_report_says() -> None:
    assert Counter(agency.tier for agency in AGENCIES) == {Tier.DEPARTMENT: 18, Tier.DISTRICT: 8, Tier.COMMUNE: 137}
    assert len({agency.id for agency in AGENCIES}) == len({agency.name + agency.seat for agency in AGENCIES}) == 163
    assert len({procedure.code for procedure in PROCEDURES}) == len(PROCEDURES) >= 40
    assert {procedure.tier for procedure in PROCEDURES} == set(Tier)
    departments = {agency.name for agency in AGENCIES if agency.tier is Tier.DEPARTMENT}
    assert {procedure.department for procedure in PROCEDURES if procedure.tier is Tier.DEPARTMENT} <= departments
    assert {procedure.sector for procedure in PROCEDURES} <= SUPPLEMENTS.keys()


@pytest.mark.parametrize(
    "seconds", [0, 1, 4 * HOUR + 1_799, 4 * HOUR + 1_800, DAY - 1, DAY, 5 * DAY - 1, 5 * DAY, 12_345_678]
)
def test_office_time_and_the_calendar_agree(seconds: int) -> None:
    assert worked(moment_at(seconds)) == seconds


@pytest.mark.parametrize(
    ("moment", "same_as"),
    [
        ((2026, 11, 21, 10, 0), (2026, 11, 23, 7, 0)),
        ((2026, 11, 22, 23, 59), (2026, 11, 23, 7, 0)),
        ((2026, 11, 23, 3, 0), (2026, 11, 23, 7, 0)),
        ((2026, 11, 23, 12, 0), (2026, 11, 23, 13, 30)),
        ((2026, 11, 23, 18, 0), (2026, 11, 24, 7, 0)),
    ],
)
def test_nights_noons_and_weekends_are_no_time(moment: tuple[int, ...], same_as: tuple[int, ...]) -> None:
    year, month, day, hour, minute = moment
    later = datetime(year, month, day, hour, minute, tzinfo=VIETNAM)
    year, month, day, hour, minute = same_as

    assert worked(later) == worked(datetime(year, month, day, hour, minute, tzinfo=VIETNAM))
