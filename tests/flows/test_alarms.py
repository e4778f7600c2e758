"""Alarms: raised once, told to the operators in one message, told again in time, cleared when their cause is gone."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.alarms import TITLES, AlarmName, Alarms, Cause, Changed
from bot.config import WatchSettings
from bot.contacts import Contact, Contacts
from bot.deadline_settings import Role
from bot.model.errors import StorageError
from bot.model.message import DeliveryState, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Storage
from bot.texts import Catalogue
from tests.support.making import Time, numbered_ids
from tests.support.watching import Guard, operators

ALL = frozenset(AlarmName)


class Desk:
    def __init__(self, storage: Storage, contacts: Contacts | None) -> None:
        self.storage = storage
        self.time = Time()
        self.alarms = Alarms(storage, contacts, clock=self.time)

    async def stand(self, *causes: Cause, looked: frozenset[AlarmName] = ALL) -> Changed:
        return await self.alarms.stand(causes, looked=looked)

    async def told(self) -> list[OutboxItem]:
        return await self.storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=100))


@pytest.fixture
def desk(storage: Storage) -> Desk:
    return Desk(storage, operators("hai", "ba"))


def cause(name: AlarmName = AlarmName.UNSENT, subject: str = "sms/push", detail: str = "12 phút") -> Cause:
    return Cause(name, subject, detail, "12 min")


async def test_a_cause_is_stored_logged_and_told_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        changed = await desk.stand(cause())
        desk.time.pass_(minutes=1)

    assert [(each.name, each.subject) for each in changed.open] == [("unsent", "sms/push")]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    told = await desk.told()
    assert [(item.situation, item.address.value) for item in told] == [
        (Situation.ALARM, "900"),
        (Situation.ALARM, "901"),
    ]
    assert "tin chờ gửi quá lâu" in told[0].text
    assert "12 phút" in told[0].text


async def test_alarms_that_are_raised_together_are_one_message(desk: Desk) -> None:
    await desk.stand(cause(), cause(AlarmName.CLOCK, "jump", "nhảy 60 giây"), cause(subject="zalo/push"))

    first, _ = await desk.told()
    assert first.text.count("tin chờ gửi quá lâu") == 1
    assert "đồng hồ" in first.text
    assert "nhảy 60 giây" in first.text


async def test_an_alarm_that_lasts_is_told_again_after_six_hours(desk: Desk) -> None:
    await desk.stand(cause())
    desk.time.pass_(hours=5, minutes=59)
    await desk.stand(cause(detail="6 giờ"))
    before = len(await desk.told())
    desk.time.pass_(minutes=1)
    await desk.stand(cause(detail="6 giờ"))

    assert (before, len(await desk.told())) == (2, 4)
    assert "6 giờ" in (await desk.told())[-1].text


async def test_it_is_cleared_when_its_cause_is_gone(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    await desk.stand(cause())

    changed = await desk.stand()

    assert changed.open == []
    assert [each.subject for each in changed.cleared] == ["sms/push"]
    assert caplog.records[-1].levelno == logging.WARNING


async def test_what_was_not_looked_at_stays_as_it_was(desk: Desk) -> None:
    await desk.stand(cause(), cause(AlarmName.CLOCK, "jump"))

    changed = await desk.stand(looked=frozenset({AlarmName.CLOCK}))

    assert [each.name for each in changed.open] == ["unsent"]


async def test_one_that_comes_and_goes_is_told_once_an_hour_at_most(desk: Desk) -> None:
    numbers = []
    for _ in range(130):
        await desk.stand(cause())
        await desk.stand()
        desk.time.pass_(minutes=1)
        numbers.append(len(await desk.told()))

    assert (numbers[0], numbers[58], numbers[-1]) == (2, 2, 6)


async def test_a_warning_is_no_alarm(desk: Desk) -> None:
    changed = await desk.stand(replace(cause(), is_warning=True))

    assert changed.open == []
    assert await desk.told() == []


async def test_without_an_operator_it_is_stored_all_the_same(storage: Storage) -> None:
    for contacts in (None, operators()):
        desk = Desk(storage, contacts)

        changed = await desk.stand(cause())

        assert len(changed.open) == 1
        assert await desk.told() == []


async def test_an_alarm_that_cannot_be_put_into_words_is_still_raised(
    storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    contact = Contact("x", frozenset({Role.OPERATOR}), (), (Address("telegram", "1"),), language="klingon")
    desk = Desk(storage, Contacts([contact], {"telegram": "telegram"}, numbered_ids()))

    changed = await desk.stand(cause())

    assert len(changed.raised) == 1
    assert "could not be told" in caplog.text


async def test_two_processes_raise_it_once(desk: Desk) -> None:
    other = Alarms(desk.storage, operators("hai", "ba"), clock=desk.time)

    await asyncio.gather(desk.stand(cause()), other.stand([cause()], looked=ALL), return_exceptions=True)

    assert len(await desk.storage.read(lambda tx: tx.watch.alarms())) == 1


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_alarm_fits_an_sms(language: str) -> None:
    for titles in TITLES.values():
        values = {"name": titles[language == "en"], "detail": "x" * 300, "count": "1"}

        rendered = Catalogue.load(language).render("push.alarm", values, plain=True)

        assert rendered.parts <= 2


def test_every_alarm_has_a_title() -> None:
    assert set(TITLES) == set(AlarmName)


# The watch as it runs


async def test_a_database_that_is_away_is_logged_once_known_and_over_when_it_is_back(
    sqlite_storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    away = Away(sqlite_storage)
    guard = Guard(away, settings=WatchSettings(every=0.01))  # type: ignore[arg-type]
    running = asyncio.create_task(guard.watch.run())

    async with asyncio.timeout(20):
        while not guard.watch.alarms:
            await asyncio.sleep(0.01)
        known = [each.name for each in guard.watch.alarms]
        await asyncio.sleep(0.05)
        away.is_away = False
        while guard.watch.alarms or guard.watch.looked_at is None:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])

    assert known == ["database"]
    assert caplog.text.count("alarm database: away") == 1
    assert "alarm database is over" in caplog.text


@pytest.mark.parametrize("leads", [True, False])
async def test_a_database_that_can_be_read_and_not_written_is_an_alarm_too(
    leads: bool, sqlite_storage: Storage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process holds it, or its disk is full: looks go on, and nothing is taken or answered."""
    monkeypatch.setattr("bot.watch._SOON", 0.01)
    monkeypatch.setattr("bot.writable.PATIENCE", 0.0)  # the clock of the guard stands still
    held = Held(sqlite_storage)
    guard = Guard(held, settings=WatchSettings(every=0.01))  # type: ignore[arg-type]
    guard.watch._leads = lambda: leads
    running = asyncio.create_task(guard.watch.run())

    async with asyncio.timeout(20):
        while not guard.watch.writable.since:
            if guard.watch.is_lost:  # known already
                break
            await asyncio.sleep(0.01)
        known = [each.name for each in guard.watch.alarms]
        was_lost = guard.watch.is_lost
        await asyncio.sleep(0.1)
        early = caplog.text.count("alarm database is over")
        held.is_held = False
        while guard.watch.alarms:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])

    assert known == ["database"]
    assert was_lost
    assert early == 0, "that it can be read ends nothing"
    assert caplog.text.count("alarm database: held") == 1
    assert caplog.text.count("alarm database is over") == 1


class Held:
    """A database that is read as ever, and takes nothing."""

    def __init__(self, inner: Storage) -> None:
        self._inner = inner
        self.read = inner.read
        self.is_held = True

    async def write(self, work: Any) -> Any:
        if self.is_held:
            raise StorageError("held by another process")
        return await self._inner.write(work)


async def test_a_watch_that_ends_in_order_is_not_missed(sqlite_storage: Storage) -> None:
    guard = Guard(sqlite_storage, settings=WatchSettings(every=0.01))
    running = asyncio.create_task(guard.watch.run())
    async with asyncio.timeout(20):
        while not await sqlite_storage.read(lambda tx: tx.watch.beats()):
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])

    assert await sqlite_storage.read(lambda tx: tx.watch.beats()) == []


async def test_of_two_processes_one_stands_over_the_alarms_and_both_know_them(sqlite_storage: Storage) -> None:
    one = Guard(sqlite_storage)
    two = Guard(sqlite_storage, time=one.time, owner="two")
    two.beats.of("talks", every=1.0)
    await one.look()
    await two.look()
    one.time.pass_(minutes=2)
    one.beats.beat("other", every=600)
    await one.look()
    await two.look()
    one.time.pass_(minutes=1)
    await one.look()
    await two.look()

    assert [each.subject for each in two.watch.alarms] == ["talks"]
    assert one.watch.alarms == two.watch.alarms


async def test_a_watch_that_no_longer_looks_says_so(sqlite_storage: Storage) -> None:
    guard = Guard(sqlite_storage)
    fresh = guard.watch.is_still
    await guard.look()
    guard.time.now += timedelta(minutes=5)
    looking = guard.watch.is_still
    guard.time.now += timedelta(seconds=1)

    assert (fresh, looking, guard.watch.is_still) == (False, False, True)


class Away:
    """A database that is away until it is told to be back."""

    def __init__(self, inner: Storage) -> None:
        self._inner = inner
        self.is_away = True

    async def read(self, work: object) -> object:
        if self.is_away:
            raise StorageError("away")
        return await self._inner.read(work)  # type: ignore[arg-type, var-annotated]

    async def write(self, work: object) -> object:
        if self.is_away:
            raise StorageError("away")
        return await self._inner.write(work)  # type: ignore[arg-type, var-annotated]
