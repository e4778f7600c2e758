"""The watch over deadlines: who is told, when, and how often. In the week of Monday, 2 March 2026."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from bot.calendars import Calendars
from bot.contacts import Contact, Contacts
from bot.deadline_settings import ApologySettings, CalendarSettings, DeadlineSettings, OfficeSettings, Role
from bot.deadlines import DeadlineWatch, Looked
from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.apology import Apology, ApologyState
from bot.model.clock import VIETNAM
from bot.model.dossier import Dossier, Status, Step
from bot.model.errors import StorageError
from bot.model.message import DeliveryState, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Due, Mirrored, Storage
from bot.settings import SourceSettings
from storage.apologies import Apologies
from storage.deadlines import Deadlines
from tests.support.making import Time, batch, code, dossier, numbered_ids, planner

RULES = DeadlineSettings()
APOLOGIES = ApologySettings(draft_days=2)
CALENDAR = CalendarSettings()


def at(day: int, hour: int = 8, minute: int = 0, *, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=VIETNAM)


LONG_AGO = at(1, month=2)


def contact(name: str, *roles: Role, **given: Any) -> Contact:
    values: dict[str, Any] = {"agencies": (), "ways": (Address("telegram", name),)}
    return Contact(name, frozenset(roles), **values | given)


STAFF = (
    contact("officer", Role.OFFICER, agencies=("H32.15",)),
    contact("head", Role.HEAD, agencies=("H32",)),
    contact("above", Role.SUPERVISOR),
)


@dataclass(slots=True)
class Office:
    """A mirror full of dossiers, and the watch over it."""

    storage: Storage
    time: Time
    contacts: Sequence[Contact] = STAFF
    rules: DeadlineSettings = RULES
    apologies: ApologySettings = APOLOGIES
    calendar: CalendarSettings = CALENDAR
    watch: DeadlineWatch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = self.watcher("one")

    def watcher(self, owner: str) -> DeadlineWatch:
        """A process that watches; each time a fresh one, as after a restart."""
        ids = numbered_ids()
        prefixed = f"{owner}-{self.time.now:%d%H%M}-"
        contacts = Contacts(self.contacts, {"telegram": "tg"}, lambda: prefixed + ids())
        return DeadlineWatch(
            self.storage,
            contacts,
            Calendars(self.calendar),
            self.rules,
            self.apologies,
            clock=self.time,
            new_id=lambda: prefixed + ids(),
        )

    async def mirror(self, *dossiers: Dossier, seen: datetime = LONG_AGO) -> None:
        kept = [Mirrored.of(each, 1)._replace(progressed_at=seen) for each in dossiers]
        await self.storage.write(lambda tx: tx.dossiers.save(kept, at=seen))

    async def look(self, moment: datetime | None = None) -> Looked:
        self.time.now = moment or self.time.now
        return await self.watcher("one").look()

    async def told(self, name: str, situation: Situation) -> list[OutboxItem]:
        found = []
        for state in (DeliveryState.QUEUED, DeliveryState.SUPPRESSED):
            found += await self.storage.read(lambda tx, s=state: tx.outbox.listed(s, limit=500))  # type: ignore[misc]
        return [each for each in found if each.address.value == name and each.situation is situation]

    async def drafts(self, state: ApologyState = ApologyState.DRAFT) -> list[Apology]:
        return await self.storage.read(lambda tx: tx.apologies.listed({state}, set(), limit=50))


def due(number: int, moment: datetime, **given: Any) -> Dossier:
    values: dict[str, Any] = {
        "status": Status.PROCESSING,
        "agency": "H32.15",
        "received_at": moment - timedelta(days=20),
        "appointment_at": moment,
    }
    return dossier(number, **values | given)


@pytest.fixture
def office(storage: Storage) -> Office:
    return Office(storage, Time(at(2)))


async def test_staff_are_told_in_the_morning_of_the_working_day_before_and_three_office_hours_before(
    office: Office,
) -> None:
    steps = (Step(holder="Lê Văn Tám", started_at=at(1)),)
    await office.mirror(due(1, at(5, 16, 30), steps=steps))
    before = [await office.look(moment) for moment in (at(3), at(4, 6, 59))]

    day_before = await office.look(at(4, 7, 0))
    (first,) = await office.told("officer", Situation.DUE_SOON)
    quiet = await office.look(at(5, 10, 59))
    near = await office.look(at(5, 13, 30))

    assert [each.near for each in before] == [0, 0]
    assert (day_before.near, quiet.near, near.near) == (1, 0, 1)
    assert code(1) in first.text
    assert "16:30 05/03/2026" in first.text
    assert "Lê Văn Tám" in first.text
    assert len(await office.told("head", Situation.DUE_SOON)) == 2
    assert await office.told("above", Situation.DUE_SOON) == []


async def test_a_stage_is_told_once_over_restarts_and_processes(office: Office) -> None:
    await office.mirror(due(1, at(3, 16)))

    looks = [await office.look(at(2, 8, minute)) for minute in range(3)]
    other = await office.watcher("two").look()

    assert [each.near for each in looks] == [1, 0, 0]
    assert other == Looked()
    assert len(await office.told("officer", Situation.DUE_SOON)) == 1


async def test_a_weekend_is_bridged(office: Office) -> None:
    await office.mirror(due(1, at(9, 8, 0)))

    friday = await office.look(at(6, 7, 0))
    told_again = [await office.look(moment) for moment in (at(6, 14, 59), at(6, 15, 0), at(7, 12), at(8, 23))]

    assert friday.near == 1
    assert [each.near for each in told_again] == [0, 1, 0, 0]


async def test_an_office_with_a_calendar_of_its_own_is_told_by_it(storage: Storage) -> None:
    own = CalendarSettings(agencies={"H32.15": OfficeSettings(days_off=(at(4).date(),))})
    office = Office(storage, Time(at(2)), calendar=own)
    await office.mirror(due(1, at(5, 16)), due(2, at(5, 16), agency="H32.16"))

    tuesday = await office.look(at(3, 8))
    (message,) = await office.told("head", Situation.DUE_SOON)
    wednesday = await office.look(at(4, 8))

    assert (tuesday.near, wednesday.near) == (1, 1)
    assert code(1) in message.text


async def test_many_dossiers_are_one_message_with_a_list(office: Office) -> None:
    await office.mirror(*(due(number, at(3, 16)) for number in range(1, 41)))

    looked = await office.look(at(2, 7, 30))

    (message,) = await office.told("officer", Situation.DUE_SOON)
    assert looked.near == 40
    assert "40" in message.text
    assert code(1) in message.text
    assert message.agency == "H32.15"
    assert len(message.text) < 1_000


async def test_each_contact_reads_of_the_own_agencies(office: Office) -> None:
    await office.mirror(due(1, at(3, 16)), due(2, at(3, 16), agency="H32.16"), due(3, at(3, 16), agency="H33.1"))

    await office.look(at(2, 7, 30))

    (officers,) = await office.told("officer", Situation.DUE_SOON)
    (heads,) = await office.told("head", Situation.DUE_SOON)
    assert (code(1) in officers.text, code(2) in officers.text) == (True, False)
    assert (code(1) in heads.text, code(2) in heads.text, code(3) in heads.text) == (True, True, False)


@pytest.mark.parametrize(
    "given",
    [
        {"status": Status.DONE},
        {"status": Status.SUPPLEMENT},
        {"paused_at": at(1)},
        {"appointment_at": None},
    ],
)
async def test_of_what_does_not_run_nobody_hears(office: Office, given: dict[str, Any]) -> None:
    await office.mirror(replace(due(1, at(3, 16)), **given))

    assert await office.look(at(2, 7, 30)) == Looked()


async def test_what_became_overdue_without_an_apology_is_told_to_the_unit_above_once(office: Office) -> None:
    await office.look(at(2))
    await office.mirror(due(1, at(3, 16)), due(2, at(3, 16)), due(3, at(4, 9)))

    looks = [await office.look(moment) for moment in (at(3, 15, 59), at(3, 16, 0), at(4, 8), at(4, 9, 30), at(5))]

    first, second = await office.told("above", Situation.OVERDUE)
    assert [each.overdue for each in looks] == [0, 2, 0, 1, 0]
    assert all(code(number) in first.text for number in (1, 2))
    assert code(3) in second.text
    assert await office.told("officer", Situation.OVERDUE) == []


async def test_what_was_overdue_before_the_watch_began_or_was_seen_floods_nobody(office: Office) -> None:
    await office.mirror(*(due(number, at(20, month=2)) for number in range(1, 30)))
    await office.mirror(due(40, at(27, 16, month=2)))
    first = await office.look(at(2))
    await office.mirror(due(50, at(2, 7)), seen=at(2, 8))

    second = await office.look(at(2, 8, 1))

    pressures = await office.storage.read(
        lambda tx: tx.deadlines.pressures(now=at(2, 9), soon=at(3), long=at(1, month=2))
    )
    assert (first.overdue, second.overdue) == (0, 0)
    assert [each.overdue for each in pressures] == [31]


async def test_what_came_near_while_the_service_stood_for_long_is_listed_and_not_told(office: Office) -> None:
    await office.look(at(2))
    await office.mirror(due(1, at(3, 16)), due(2, at(2, 16, month=4)))

    looked = await office.look(at(3, 8, month=4))

    assert looked.overdue == 1
    (message,) = await office.told("above", Situation.OVERDUE)
    assert code(2) in message.text


async def test_a_contact_with_a_digest_gets_one_list_a_working_day(storage: Storage) -> None:
    staff = (
        contact("head", Role.HEAD, digest=True, agencies=("H32.15",)),
        contact("above", Role.SUPERVISOR, digest=True),
    )
    office = Office(storage, Time(at(2)), contacts=staff)
    await office.look(at(2, 7, 0))
    await office.mirror(due(1, at(4, 16)), due(2, at(3, 16)), due(3, at(3, 16), agency="H33"))

    looks = [await office.look(moment) for moment in (at(3, 7, 14), at(3, 7, 15), at(3, 7, 16), at(4, 7, 15), at(7, 8))]

    messages = await office.told("head", Situation.DUE_SOON)
    drafts = await office.told("head", Situation.APOLOGY_DRAFT)
    (overdue,) = await office.told("above", Situation.OVERDUE)
    assert [bool(each.messages) for each in looks] == [False, True, False, True, False]
    assert len(messages) == 2
    assert (code(1) in messages[0].text, code(2) in messages[0].text, code(3) in messages[0].text) == (
        True,
        True,
        False,
    )
    assert len(drafts) == 2
    assert (code(2) in overdue.text, code(3) in overdue.text) == (True, True)


async def test_agencies_above_the_threshold_are_named_on_the_first_working_day_of_the_month(storage: Storage) -> None:
    office = Office(storage, Time(at(2)), contacts=(contact("above", Role.SUPERVISOR, agencies=("H32",)),))
    ended = [
        due(n, at(10, 16), status=Status.DONE, finished_at=at(10 + (n > 8), 9), agency="H32.15") for n in range(1, 11)
    ]
    good = [due(20 + n, at(10, 16), status=Status.DONE, finished_at=at(9), agency="H32.16") for n in range(9)]
    late = due(40, at(10, 16), status=Status.DONE, finished_at=at(12), agency="H32.16")
    await office.mirror(*ended, *good, late)

    looks = [await office.look(at(1, hour, minute, month=4)) for hour, minute in ((7, 0), (7, 15), (8, 0))]
    next_day = await office.look(at(2, 8, month=4))

    (message,) = await office.told("above", Situation.OVERDUE)
    assert [each.messages for each in [*looks, next_day]] == [0, 1, 0, 0]
    assert "03/2026" in message.text
    assert "20.0% (2/10)" in message.text
    assert "10.0%" not in message.text


async def test_drafts_appear_two_working_days_before_and_heads_are_told_of_them_together(office: Office) -> None:
    await office.mirror(due(1, at(6, 16)), due(2, at(6, 10)), due(3, at(9, 16)))

    looks = [await office.look(moment) for moment in (at(3, 16), at(4, 7, 0), at(4, 7, 1), at(5, 8))]

    first, second, third = await office.drafts()
    (one, _) = await office.told("head", Situation.APOLOGY_DRAFT)
    assert [each.drafted for each in looks] == [0, 2, 0, 1]
    assert [each.code for each in (first, second, third)] == [code(2), code(1), code(3)]
    assert (second.old_at, second.new_at) == (at(6, 16), at(11, 17))
    assert second.limit_at == at(5, 17)
    assert (second.reason, second.drafted_by) == ("overload", "")
    assert (first.id in one.text, second.id in one.text) == (True, True)
    assert await office.told("officer", Situation.APOLOGY_DRAFT) == []


async def test_a_draft_goes_when_it_is_needless_and_comes_back_with_the_deadline(office: Office) -> None:
    await office.mirror(due(1, at(6, 16)))
    await office.look(at(4))
    await office.mirror(due(1, at(6, 16), status=Status.SUPPLEMENT))

    gone = await office.look(at(4, 9))
    (withdrawn,) = await office.drafts(ApologyState.WITHDRAWN)
    await office.mirror(due(1, at(6, 16)))
    back = await office.look(at(4, 10))

    assert (gone.withdrawn, withdrawn.why) == (1, "a supplement was asked for")
    assert back.drafted == 1
    assert [each.id for each in await office.drafts()] == [withdrawn.id]


async def test_many_that_one_head_is_told_of_are_one_message_and_the_others_are_noted_in_short_transactions(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = (contact("head", Role.HEAD, agencies=("H32.15",)),)
    office = Office(storage, Time(at(2)), contacts=staff, apologies=APOLOGIES)
    many = [due(n, at(6, 16)) for n in range(1, 701)]
    others = [due(1_000 + n, at(6, 16), agency="H33") for n in range(1_200)]
    await office.mirror(*many, *others)
    await office.look(at(3))
    sizes = sizes_noted(monkeypatch)

    looked = await office.look(at(4, 8))

    assert looked.drafted == 1_900
    assert len(await office.told("head", Situation.APOLOGY_DRAFT)) == 1
    assert sorted(sizes) == [200, 500, 500, 700]


async def test_what_was_drafted_before_the_end_of_a_look_is_not_drafted_or_told_again(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = (
        contact("one", Role.HEAD, agencies=("H32.15",)),
        contact("two", Role.HEAD, agencies=("H33",)),
    )
    office = Office(storage, Time(at(2)), contacts=staff, apologies=APOLOGIES)
    await office.mirror(
        *(due(n, at(6, 16)) for n in range(1, 301)), *(due(1_000 + n, at(6, 16), agency="H33") for n in range(300))
    )
    await office.look(at(3))
    with monkeypatch.context() as broken:
        sizes_noted(broken, breaks_at=2)
        with pytest.raises(RuntimeError):
            await office.look(at(4, 8))

    again = await office.look(at(4, 8, 1))

    assert again.drafted == 300
    assert [len(await office.told(name, Situation.APOLOGY_DRAFT)) for name in ("one", "two")] == [1, 1]


def sizes_noted(monkeypatch: pytest.MonkeyPatch, breaks_at: int = 0) -> list[int]:
    """How many drafts each transaction keeps; the `breaks_at`-th fails in its middle."""
    sizes: list[int] = []
    add = Apologies.add

    async def counted(self: Apologies, drafts: Sequence[Apology], **given: Any) -> list[Apology]:
        sizes.append(len(drafts))
        kept = await add(self, drafts, **given)
        if len(sizes) == breaks_at:
            raise RuntimeError
        return kept

    monkeypatch.setattr(Apologies, "add", counted)
    return sizes


async def test_without_apologies_there_are_no_drafts(storage: Storage) -> None:
    office = Office(storage, Time(at(2)), apologies=ApologySettings(enabled=False))
    await office.mirror(due(1, at(3, 16)))

    assert (await office.look(at(2, 8))).drafted == 0


async def test_a_source_that_moves_the_date_once_more_is_named_to_the_unit_above(office: Office) -> None:
    mirror = Mirror("office", office.storage, planner(), office.time, SourceSettings(go_live=at(1)))
    for day in (5, 9, 12):
        await mirror.apply(batch(due(1, at(day, 16), received_at=at(2), updated_at=at(2) + timedelta(hours=day))))

    looks = [await office.look(at(2, 12, minute)) for minute in (0, 5)]

    (message,) = await office.told("above", Situation.OVERDUE)
    assert [each.again for each in looks] == [1, 0]
    assert code(1) in message.text
    assert "16:00 12/03/2026" in message.text


async def test_dates_moved_long_ago_are_sought_once_an_hour_and_after_a_failure(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, sought = office.watcher("one"), []

    async def looked(self: Deadlines, *, since: datetime, **_: int) -> list[Due]:
        sought.append(office.time.now - since)
        if len(sought) == 3:
            raise StorageError
        return []

    monkeypatch.setattr(Deadlines, "postponed_again", looked)
    for minute in (0, 1, 2, 3, 61, 62):
        office.time.now = at(2) + timedelta(minutes=minute)
        with suppress(StorageError):
            await watch.look()

    whole = timedelta(days=1)
    assert sought == [
        whole,
        timedelta(minutes=11),
        timedelta(minutes=11),
        timedelta(minutes=12),
        whole,
        timedelta(minutes=11),
    ]


async def test_whom_nobody_can_reach_is_counted(storage: Storage) -> None:
    office = Office(storage, Time(at(2)), contacts=(contact("head", Role.HEAD, ways=(Address("zalo", "head"),)),))
    await office.mirror(due(1, at(3, 16)))

    await office.look(at(2, 8))

    (first, _) = await office.told("head", Situation.DUE_SOON), await office.told("head", Situation.APOLOGY_DRAFT)
    assert [each.state for each in first] == [DeliveryState.SUPPRESSED]
    assert (await balance(storage)).balanced


async def test_it_looks_by_itself_and_survives_a_database_that_is_away(
    sqlite_storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    office = Office(sqlite_storage, Time(at(2)), rules=DeadlineSettings(every=0.001, digest_at=time(6)))
    await office.mirror(due(1, at(3, 16)))

    running = asyncio.create_task(office.watcher("one").run())
    async with asyncio.timeout(20):
        while not await office.told("officer", Situation.DUE_SOON):
            await asyncio.sleep(0.01)
    running.cancel()

    assert [each for each in caplog.records if each.levelname == "ERROR"] == []
