"""The month's figures and the list of what was late: by the source's rule, with the apologies. Both engines."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.calendars import Calendars
from bot.deadline_settings import CalendarSettings
from bot.lateness import Figures, Punctuality, above, days_late
from bot.model.apology import Act, Apology, ApologyState
from bot.model.clock import VIETNAM
from bot.model.course import SupplementClock
from bot.model.dossier import Dossier, Status, Step, Wait
from bot.model.message import DeliveryState, Situation
from bot.ports import Ended, Mirrored, Storage
from tests.support.making import code, dossier, message

CALENDARS = Calendars(CalendarSettings())
CLOCKS = {"office": SupplementClock.SOURCE, "national": SupplementClock.SUBTRACT}
LONG_AGO = datetime(2026, 1, 1, tzinfo=VIETNAM)


def at(day: int, hour: int = 8, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=VIETNAM)


DUE, END = at(10, 16), at(31)


def done(number: int, ended: datetime, due: datetime = DUE, **given: Any) -> Dossier:
    values: dict[str, Any] = {
        "status": Status.DONE,
        "agency": "H32.15",
        "appointment_at": due,
        "finished_at": ended,
    }
    return dossier(number, **values | given)


@pytest.fixture
def punctuality(storage: Storage) -> Punctuality:
    return Punctuality(storage, CALENDARS, CLOCKS)


async def mirror(storage: Storage, *dossiers: Dossier) -> None:
    kept = [Mirrored.of(each, 1)._replace(progressed_at=each.finished_at or LONG_AGO) for each in dossiers]
    await storage.write(lambda tx: tx.dossiers.save(kept, at=LONG_AGO))


async def month(punctuality: Punctuality, now: datetime = END) -> dict[str, Figures]:
    return {each.agency: each for each in await punctuality.month("2026-03", now=now)}


async def test_agencies_have_their_month_and_those_late_too_often_are_named(
    storage: Storage, punctuality: Punctuality
) -> None:
    await mirror(
        storage,
        *(done(number, at(9)) for number in range(1, 9)),
        done(10, at(10, 15)),
        done(11, at(11)),
        done(20, at(10, 15), agency="H32.16"),
        done(30, at(9, month=4), agency="H32.17"),
        dossier(40, status=Status.PROCESSING, agency="H32.16", appointment_at=at(12)),
    )

    found = await month(punctuality)

    first, second = found["H32.15"], found["H32.16"]
    assert first.ended == Ended(agency="H32.15", agency_name="UBND phường Vĩnh Hải", early=8, on_time=1, late=1)
    assert (first.judged, first.late_percent, first.owed) == (10, 10.0, 1)
    assert (second.ended.on_time, second.overdue, second.owed) == (1, 1, 1)
    assert "H32.17" not in found
    assert above(list(found.values()), 10.0) == []
    assert above(list(found.values()), 9.9) == [first]


async def test_waiting_is_taken_off_where_the_source_s_rule_says_so(storage: Storage, punctuality: Punctuality) -> None:
    two_days = (Wait(at(4, 8), at(6, 8)),)
    await mirror(
        storage,
        done(1, at(12, 15), waits=two_days, source="national"),
        done(2, at(13), waits=two_days, source="national"),
        done(3, at(12, 15), waits=two_days, source="office"),
        done(4, at(9), waits=(*two_days, Wait(at(6, 9), at(6, 10))), source="national"),
    )

    found = await month(punctuality)
    listed = await punctuality.late("2026-03", now=at(31), limit=10)

    assert found["H32.15"].ended == Ended(
        agency="H32.15", agency_name="UBND phường Vĩnh Hải", early=0, on_time=1, late=3
    )
    assert sorted(each.code for each in listed) == [code(2), code(3), code(4)]


async def test_a_promise_that_was_kept_is_on_time(storage: Storage, punctuality: Punctuality) -> None:
    await mirror(storage, dossier(1, status=Status.PROCESSING, agency="H32.15", appointment_at=at(10, 16)))
    await apologise(storage, 1, new_at=at(12, 17))
    await mirror(storage, done(1, at(12, 15)))

    figures = (await month(punctuality))["H32.15"]

    assert (figures.ended.on_time, figures.ended.late, figures.owed) == (1, 0, 1)
    assert (figures.apologised.approved, figures.apologised.sent) == (1, 0)


async def test_the_list_tells_who_has_it_how_late_it_is_and_whether_the_apology_arrived(
    storage: Storage, punctuality: Punctuality
) -> None:
    steps = (Step(holder="Lê Văn Tám", started_at=at(1)),)
    await mirror(
        storage,
        *(
            dossier(n, status=Status.PROCESSING, agency="H32.15", appointment_at=at(10, 16), steps=steps)
            for n in (1, 2)
        ),
    )
    await apologise(storage, 1, new_at=at(12, 17), state=DeliveryState.DELIVERED)

    first, second = await punctuality.late("2026-03", ["H32"], now=at(17, 9), limit=10)

    assert (first.code, first.apology, first.apology_reached) == (code(2), "", False)
    assert (second.code, second.apology, second.apology_reached) == (code(1), "XL-260303-0001", True)
    assert second.apology_sent_at == at(3)
    assert (second.holder, second.due_at) == ("Lê Văn Tám", at(12, 17))
    assert [days_late(each, CALENDARS, now=at(17, 9)) for each in (first, second)] == [5, 3]
    assert await punctuality.late("2026-03", ["H33"], now=at(17), limit=10) == []


async def apologise(
    storage: Storage, number: int, *, new_at: datetime, state: DeliveryState = DeliveryState.QUEUED
) -> None:
    """Approved, with a message in that state."""
    draft = Apology(
        id="",
        source="office",
        code=code(number),
        agency="H32.15",
        agency_name="UBND phường Vĩnh Hải",
        reason="overload",
        old_at=at(10, 16),
        new_at=new_at,
        limit_at=at(9, 17),
        form="Phiếu xin lỗi",
        drafted_at=at(3),
    )
    sent_at = at(3) if state is DeliveryState.DELIVERED else None
    (added,) = await storage.write(lambda tx: tx.apologies.add([draft], reopen=()))
    told = message(situation=Situation.APOLOGY, origin=added.origin, state=state, sent_at=sent_at)
    approved = replace(added, state=ApologyState.APPROVED, decided_at=at(3), decided_by="chín", message=told.id)
    await storage.write(lambda tx: tx.outbox.enqueue([told]))
    await storage.write(lambda tx: tx.apologies.save(approved, Act(at(3), "approved", "chín")))
    await storage.write(lambda tx: tx.apologies.promise(approved))
