"""Flow 1a: what comes late, twice, backwards or half never makes the mirror tell less than the truth."""

import itertools
from dataclasses import replace
from datetime import time as clock
from datetime import timedelta

import pytest

from bot.calendars import Calendars
from bot.deadline_settings import CalendarSettings, OfficeSettings
from bot.ledger import balance
from bot.mirror import MOST_PASSED, Mirror, Reading
from bot.model.apology import Apology
from bot.model.course import SupplementClock
from bot.model.dossier import Dossier, ProgressReport, Status, Step, Wait
from bot.model.message import DeliveryState
from bot.ports import Batch, Storage
from bot.settings import SourceSettings
from tests.support.making import START, Time, batch, code, dossier, planner

HOUR = timedelta(hours=1)
MONDAY = START + timedelta(days=1)


@pytest.fixture
def time() -> Time:
    return Time(START + 12 * HOUR)


@pytest.fixture
def mirror(storage: Storage, time: Time) -> Mirror:
    return Mirror("office", storage, planner(), time, SourceSettings(go_live=START))


async def standing(storage: Storage, number: int = 1) -> Dossier:
    (found,) = await storage.read(lambda tx: tx.dossiers.find(code(number)))
    return found


async def kinds(storage: Storage) -> list[str]:
    return [change.kind.value for change in await storage.read(lambda tx: tx.dossiers.changes_of("office", code(1)))]


async def planned(storage: Storage) -> list[tuple[str, str]]:
    items = [
        item
        for state in (DeliveryState.QUEUED, DeliveryState.SUPERSEDED)
        for item in await storage.read(lambda tx, s=state: tx.outbox.listed(s, limit=100))  # type: ignore[misc]
    ]
    return sorted((item.situation.value, item.state.value) for item in items)


async def test_an_older_event_is_kept_and_shown_and_not_applied(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier(status=Status.DONE, updated_at=START + 2 * HOUR)))

    applied = await mirror.apply(batch(dossier(status=Status.PROCESSING, updated_at=START + HOUR)))
    await mirror.apply(batch(dossier(status=Status.PROCESSING, updated_at=START + HOUR)))

    assert (applied.late, applied.changed, applied.planned) == ((code(1),), 0, 0)
    assert (await standing(storage)).status is Status.DONE
    (late,) = await storage.read(lambda tx: tx.dossiers.late_of("office", code(1)))
    assert (late.status, late.updated_at, late.seen_at) == (Status.PROCESSING, START + HOUR, START + 12 * HOUR)


async def test_the_sequence_decides_before_the_time(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier(status=Status.DONE, sequence=9, updated_at=START)))

    await mirror.apply(batch(dossier(status=Status.RECEIVED, sequence=8, updated_at=START + HOUR)))

    assert (await standing(storage)).status is Status.DONE


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_any_order_of_arrival_ends_in_the_same_state(
    sqlite_storage: Storage, time: Time, order: tuple[int, ...]
) -> None:
    mirror = Mirror("office", sqlite_storage, planner(), time, SourceSettings(go_live=START))
    course = (Status.RECEIVED, Status.PROCESSING, Status.SUPPLEMENT, Status.DONE)

    for place in order:
        await mirror.apply(batch(dossier(status=course[place], updated_at=START + place * HOUR)))

    assert (await standing(sqlite_storage)).status is Status.DONE
    assert (await balance(sqlite_storage)).balanced


async def test_the_newest_of_several_in_one_batch_counts(storage: Storage, mirror: Mirror) -> None:
    newer, older = (
        dossier(status=Status.DONE, updated_at=START + 2 * HOUR),
        dossier(status=Status.PROCESSING, updated_at=START + HOUR),
    )

    await mirror.apply(batch(newer, older))

    assert (await standing(storage)).status is Status.DONE


async def test_a_source_whose_clock_is_ahead_does_not_lock_the_mirror(
    storage: Storage, mirror: Mirror, time: Time
) -> None:
    await mirror.apply(batch(dossier(updated_at=START + timedelta(days=4000))))
    time.pass_(hours=1)

    await mirror.apply(batch(dossier(status=Status.DONE, updated_at=time())))

    assert (await standing(storage)).status is Status.DONE


async def test_everything_read_again_changes_nothing_though_the_source_is_hours_ahead(
    storage: Storage, mirror: Mirror, time: Time
) -> None:
    course = (Status.RECEIVED, Status.PROCESSING, Status.DONE)
    versions = [
        dossier(status=status, updated_at=time() + hours * HOUR) for hours, status in enumerate(course, start=3)
    ]
    for version in versions:
        await mirror.apply(batch(version))
    before = await planned(storage)

    applied = [await mirror.apply(batch(version), reading=Reading.AGAIN) for version in versions]

    assert sum(each.changed for each in applied) == 0
    assert (await standing(storage)).status is Status.DONE
    assert await planned(storage) == before


async def test_old_exports_without_times_text_nobody_when_they_are_read_again(storage: Storage, mirror: Mirror) -> None:
    monday, tuesday = dossier(status=Status.PROCESSING), dossier(status=Status.DONE)
    await mirror.apply(batch(monday))
    await mirror.apply(batch(tuesday))
    before = await planned(storage)

    for export in (monday, tuesday):
        await mirror.apply(batch(export, dossier(2, received_at=START - HOUR)), reading=Reading.AGAIN)

    assert (await standing(storage)).status is Status.DONE
    assert await planned(storage) == before
    assert (await standing(storage, 2)).status is Status.RECEIVED


async def test_phone_and_owner_are_changes_of_their_own(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier()))

    await mirror.apply(batch(dossier(phone="+84987654321", applicant="Trần Văn Bình", status=Status.PROCESSING)))

    assert await kinds(storage) == ["appeared", "status", "phone", "owner"]


async def test_a_new_phone_alone_is_kept_and_texts_nobody(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier()))

    applied = await mirror.apply(batch(dossier(phone="+84987654321")))

    assert (applied.changed, applied.planned) == (1, 0)
    assert await kinds(storage) == ["appeared", "phone"]


async def test_what_was_there_before_go_live_has_no_history(storage: Storage, mirror: Mirror) -> None:
    old = dossier(received_at=START - HOUR)
    await mirror.apply(batch(old))
    before = await kinds(storage)

    await mirror.apply(batch(replace(old, status=Status.DONE)))

    assert (before, await kinds(storage)) == ([], ["status"])
    assert (await standing(storage)).first_seen_at == START + 12 * HOUR


async def test_the_history_of_before_go_live_is_kept_and_texts_nobody(storage: Storage, mirror: Mirror) -> None:
    old = dossier(received_at=START - timedelta(days=9), updated_at=START - timedelta(days=9))
    await mirror.apply(batch(old))

    before = await mirror.apply(batch(replace(old, status=Status.PROCESSING, updated_at=START - HOUR)))
    after = await mirror.apply(batch(replace(old, status=Status.DONE, updated_at=START + HOUR)))

    assert (before.changed, before.planned, after.planned) == (1, 0, 1)
    assert await kinds(storage) == ["status", "status"]


async def test_a_source_whose_times_stand_still_is_told_of_all_the_same(storage: Storage, mirror: Mirror) -> None:
    old = dossier(received_at=START - timedelta(days=9), updated_at=START - timedelta(days=9))
    await mirror.apply(batch(old))

    applied = await mirror.apply(batch(replace(old, status=Status.DONE)))

    assert applied.planned == 1


async def test_a_report_of_progress_moves_the_dossier_and_tells_the_citizen(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier()))
    step = Step(agency="H32.15", holder="Phòng Tư pháp", task="Thẩm định", started_at=START + HOUR)
    report = ProgressReport(
        source="office", code=code(1), status=Status.PROCESSING, status_text="4", step=step, at=START + HOUR
    )

    first = await mirror.apply(Batch((), "", reports=(report,)))
    again = await mirror.apply(Batch((), "", reports=(report,)))

    assert (first.changed, first.planned, again.changed) == (1, 1, 0)
    assert await kinds(storage) == ["appeared", "status", "step"]
    assert (await standing(storage)).steps == (step,)
    assert await planned(storage) == [("progress", "queued"), ("received", "superseded")]


async def test_a_report_in_the_same_batch_as_its_dossier_comes_after_it(storage: Storage, mirror: Mirror) -> None:
    report = ProgressReport(source="office", code=code(1), status=Status.DONE)

    applied = await mirror.apply(Batch((dossier(),), "", reports=(report,)))

    assert (applied.rows, applied.changed, applied.planned) == (2, 1, 1)
    assert (await standing(storage)).status is Status.DONE


async def test_a_report_about_an_unknown_dossier_is_named_and_not_kept(storage: Storage, mirror: Mirror) -> None:
    applied = await mirror.apply(
        Batch((), "", reports=(ProgressReport(source="office", code=code(7), status=Status.DONE),))
    )

    assert applied.missing == (code(7),)
    assert await storage.read(lambda tx: tx.dossiers.count()) == (0, 0)


async def test_a_late_report_is_shown_and_moves_nothing(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier(status=Status.DONE, updated_at=START + 2 * HOUR)))
    late = ProgressReport(source="office", code=code(1), status=Status.PROCESSING, at=START + HOUR)

    applied = await mirror.apply(Batch((), "", reports=(late,)))

    assert (applied.late, applied.planned) == ((code(1),), 0)
    assert (await standing(storage)).status is Status.DONE
    assert len(await storage.read(lambda tx: tx.dossiers.late_of("office", code(1)))) == 1


async def test_the_full_record_sent_again_does_not_undo_a_report(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier()))
    await mirror.apply(Batch((), "", reports=(ProgressReport(source="office", code=code(1), status=Status.DONE),)))

    await mirror.apply(batch(dossier()))

    assert (await standing(storage)).status is Status.DONE


async def test_a_sequence_taken_once_is_a_repetition_where_the_source_says_so(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(Batch((dossier(sequence=4),), "", once=True))

    applied = await mirror.apply(Batch((dossier(sequence=4, status=Status.DONE),), "", once=True))

    assert applied.repeated == (code(1),)
    assert (await standing(storage)).status is Status.RECEIVED


async def test_a_newer_version_that_says_nothing_new_still_keeps_the_older_out(
    storage: Storage, mirror: Mirror
) -> None:
    await mirror.apply(batch(dossier(updated_at=START)))
    await mirror.apply(batch(dossier(updated_at=START + 2 * HOUR)))

    applied = await mirror.apply(batch(dossier(status=Status.PROCESSING, updated_at=START + HOUR)))

    assert applied.late == (code(1),)
    assert (await standing(storage)).status is Status.RECEIVED


async def test_a_replay_leaves_cursor_and_freshness_and_notes_nothing_late(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(
        Batch((dossier(status=Status.DONE, updated_at=START + 2 * HOUR),), "file 2", as_of=START + 3 * HOUR)
    )

    old = dossier(status=Status.PROCESSING, updated_at=START)
    applied = await mirror.apply(Batch((old, dossier(2)), "file 1", as_of=START + 9 * HOUR), reading=Reading.AGAIN)

    state = await storage.read(lambda tx: tx.sources.get("office"))
    assert state is not None
    assert (state.cursor, state.fresh_at, applied.late, applied.changed) == ("file 2", START + 3 * HOUR, (), 1)
    assert await storage.read(lambda tx: tx.dossiers.late_of("office", code(1))) == []


async def test_freshness_is_the_moment_that_the_data_shows(storage: Storage, mirror: Mirror, time: Time) -> None:
    await mirror.apply(Batch((dossier(),), "page 1"))
    unfinished = await storage.read(lambda tx: tx.sources.get("office"))
    await mirror.apply(Batch((), "page 2", as_of=START + 11 * HOUR))
    await mirror.apply(Batch((), "page 3", as_of=START + 10 * HOUR))
    finished = await storage.read(lambda tx: tx.sources.get("office"))

    assert unfinished is not None
    assert finished is not None
    assert (unfinished.fresh_at, finished.fresh_at, finished.synced_at) == (None, START + 11 * HOUR, time())


async def test_a_reading_without_news_is_written_down_now_and_then(storage: Storage, mirror: Mirror) -> None:
    await mirror.apply(batch(dossier(), cursor="0"))
    cursors = []
    for number in range(1, MOST_PASSED + 3):
        await mirror.apply(batch(dossier(), cursor=str(number)))
        cursors.append(await mirror.cursor())
    await mirror.apply(Batch((), "end", as_of=START))

    assert cursors[:MOST_PASSED] == ["0"] * MOST_PASSED
    assert cursors[MOST_PASSED:] == [str(MOST_PASSED + 1)] * 2
    assert await mirror.cursor() == "end"


async def test_the_deadline_follows_the_rule_of_the_source(storage: Storage, time: Time) -> None:
    mirror = Mirror(
        "office", storage, planner(), time, SourceSettings(go_live=START, supplement_clock=SupplementClock.EXTEND)
    )
    time.pass_(days=2)
    await mirror.apply(batch(dossier(updated_at=START)))
    await mirror.apply(batch(dossier(status=Status.SUPPLEMENT, updated_at=MONDAY + HOUR)))
    waiting = await standing(storage)

    await mirror.apply(batch(dossier(status=Status.PROCESSING, updated_at=MONDAY + 4 * HOUR)))

    # From 09:00 to 12:00, of which the office works until 11:30.
    assert (waiting.due_at, (await standing(storage)).due_at) == (None, START + timedelta(days=5, hours=2.5))


async def test_a_pause_moves_the_deadline_by_the_hours_of_the_agency(storage: Storage, time: Time) -> None:
    short_days = CalendarSettings(agencies={"H32.15": OfficeSettings(hours=((clock(8), clock(10)),))})
    rules = SourceSettings(go_live=START, supplement_clock=SupplementClock.EXTEND)
    mirror = Mirror("office", storage, planner(), time, rules, calendars=Calendars(short_days))
    time.pass_(days=2)
    here, there = dossier(1, agency="H32.15.02"), dossier(2, agency="H32.16")
    paused = [replace(each, paused_at=MONDAY, updated_at=MONDAY) for each in (here, there)]
    await mirror.apply(batch(*paused))
    standing_still = [(await standing(storage, number)).due_at for number in (1, 2)]

    await mirror.apply(batch(*(replace(each, updated_at=MONDAY + 3 * HOUR) for each in (here, there))))

    due = [(await standing(storage, number)).due_at for number in (1, 2)]
    assert standing_still == [None, None]
    assert (await standing(storage)).pauses == (Wait(MONDAY, MONDAY + 3 * HOUR),)
    assert due == [START + timedelta(days=5, hours=hours) for hours in (2, 3)]
    await mirror.apply(batch(*(replace(each, place="Quầy 2", updated_at=MONDAY + 5 * HOUR) for each in (here, there))))
    assert [(await standing(storage, number)).due_at for number in (1, 2)] == due


async def test_what_was_promised_is_not_taken_back_by_a_shorter_wait(storage: Storage, time: Time) -> None:
    rules = SourceSettings(go_live=START, supplement_clock=SupplementClock.EXTEND)
    mirror = Mirror("office", storage, planner(), time, rules)
    time.pass_(days=2)
    promised = START + timedelta(days=8)
    await mirror.apply(batch(dossier(updated_at=START)))
    apology = Apology(
        id="XL-1", source="office", code=code(1), agency="", agency_name="", reason="overload",
        old_at=START + timedelta(days=5), new_at=promised, limit_at=START, form="", drafted_at=START,
    )  # fmt: skip
    await storage.write(lambda tx: tx.apologies.promise(apology))

    dates = []
    for status, at in ((Status.SUPPLEMENT, MONDAY), (Status.PROCESSING, MONDAY + HOUR)):
        await mirror.apply(batch(dossier(status=status, updated_at=at)))
        found = await standing(storage)
        dates.append((found.appointment, found.due_at))

    assert dates == [(promised, None), (promised, promised)]


async def test_dossiers_whose_progress_stands_still_are_listed_by_agency(
    storage: Storage, mirror: Mirror, time: Time
) -> None:
    old, new = START - timedelta(days=30), START
    await mirror.apply(
        batch(
            dossier(1, agency="H32.15", updated_at=old),
            dossier(2, agency="H32.15", updated_at=new),
            dossier(3, agency="H32.16", updated_at=old),
            dossier(4, agency="H32.16", updated_at=old, status=Status.RETURNED),
            dossier(5, agency="H32.16", updated_at=old + HOUR),
        )
    )
    before = time() - timedelta(days=15)

    counted = await storage.read(lambda tx: tx.dossiers.stale_by_agency(before=before))
    named = await storage.read(lambda tx: tx.dossiers.stale(before=before, agency="H32.16", limit=10))

    assert [(agency, number) for agency, _, number in counted] == [("H32.16", 2), ("H32.15", 1)]
    assert [each.code for each in named] == [code(3), code(5)]
