"""`/tinh-trang`: everybody sees how the service fares, few readings pay for many readers, and it stands without a
database."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import ClientSession
from playwright.async_api import Page

from bot.alarms import AlarmName
from bot.model.clock import utc_now
from bot.model.errors import StorageError
from bot.ports import Storage, Transaction
from bot.ports.watching import Alarm
from bot.public_status import Notices, Ways
from tests.support.making import Time
from tests.support.watching import Guard
from tests.support.whole import whole
from tests.web.axe import grave_violations
from tests.web.office import Office, open_office

T = TypeVar("T")
WAYS = Ways(schemes={"viettel": "sms", "webchat": "webchat", "thu": "email"})


class Counting:
    """A storage that counts what is read, and may be away."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.reads = 0
        self.is_away = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        self.reads += 1
        if self.is_away:
            raise StorageError("the database is away")
        return await self._storage.read(work)


@pytest.fixture
async def guard(sqlite_storage: Storage) -> Guard:
    made = Guard(sqlite_storage, time=Time(utc_now()))
    for name in WAYS.schemes:
        made.beats.beat(f"sender:{name}", every=60)
    await made.look()
    return made


def plain(page: str) -> str:
    text = re.sub(r"<[^>]*>", " ", page.partition("<main")[2].partition("</main>")[0])
    return " ".join(unescape(text).split())


async def seen(office: Office, path: str = "/tinh-trang") -> str:
    async with ClientSession() as http, http.get(office.url + path) as answer:
        assert answer.status == 200
        return await answer.text()


async def told(office: Office) -> dict[str, Any]:
    async with ClientSession() as http, http.get(f"{office.url}/tinh-trang.json") as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        return dict(await answer.json())


async def test_the_page_tells_state_ways_speed_and_incidents_in_both_languages(guard: Guard) -> None:
    now = guard.time.now
    over = Alarm("unsent", "viettel", now - timedelta(days=2), "viettel: 7 phút", "viettel", None, None)
    await guard.storage.write(lambda tx: tx.watch.raise_alarms([over]))
    ended = now - timedelta(days=2) + timedelta(minutes=35)
    await guard.storage.write(lambda tx: tx.watch.clear_alarms([("unsent", "viettel")], at=ended))
    async with open_office(guard.storage, notices=Notices(guard.watch, WAYS)) as office:
        page, start = plain(await seen(office)), await seen(office, "/")
        english = plain(await seen(office, "/tinh-trang?lang=en"))

    assert "Dịch vụ đang hoạt động bình thường." in page
    assert "SMS đang hoạt động Trang web đang hoạt động" in page
    assert "tin gửi đi chậm 35 phút" in page
    assert "The service is working normally." in english
    assert "messages left late 35 min" in english
    assert "viettel" not in page
    assert 'href="/tinh-trang"' in start


async def test_the_same_for_programs(guard: Guard) -> None:
    async with open_office(guard.storage, notices=Notices(guard.watch, WAYS)) as office:
        said = await told(office)

    assert said["state"] == "fine"
    assert said["channels"] == {"sms": "working", "webchat": "working", "email": "working"}
    assert (said["replies_24h"], said["sources"], said["incidents"]) == (None, [], [])


async def test_however_many_ask_the_database_is_read_once_in_half_a_minute(guard: Guard) -> None:
    counting: Any = Counting(guard.storage)
    async with open_office(counting, notices=Notices(guard.watch, WAYS), network_per_minute=1000) as office:
        before = counting.reads
        await asyncio.gather(*(seen(office) for _ in range(20)), *(told(office) for _ in range(20)))
        first = counting.reads - before
        office.clock.moved += timedelta(seconds=31)
        await asyncio.gather(*(seen(office) for _ in range(20)))
        second = counting.reads - before

    assert (first, second) == (1, 2)


async def test_while_the_database_is_away_the_page_stands_and_says_so(guard: Guard) -> None:
    counting: Any = Counting(guard.storage)
    async with open_office(counting, notices=Notices(guard.watch, WAYS)) as office:
        await seen(office)
        counting.is_away = True
        office.clock.moved += timedelta(seconds=31)
        page, said = plain(await seen(office)), await told(office)
        counting.is_away = False
        office.clock.moved += timedelta(seconds=31)
        again = await told(office)

    assert "Dịch vụ đang gián đoạn." in page
    assert "SMS đang hoạt động" in page
    assert (said["state"], again["state"]) == ("down", "fine")


async def test_before_the_first_look_nothing_is_claimed(sqlite_storage: Storage) -> None:
    guard = Guard(sqlite_storage)
    async with open_office(sqlite_storage, notices=Notices(guard.watch, WAYS)) as office:
        page, said = plain(await seen(office)), await told(office)

    assert "Chưa có thông tin." in page
    assert "đang hoạt động bình thường" not in page
    assert (said["state"], said["at"], said["channels"]) == ("down", None, {})


async def test_an_open_alarm_shows_that_it_is_being_mended(guard: Guard) -> None:
    await guard.storage.write(
        lambda tx: tx.watch.raise_alarms([Alarm(AlarmName.SOURCE, "office", guard.time.now, "x", "x")])
    )
    guard.time.pass_(minutes=5)
    async with open_office(guard.storage, notices=Notices(guard.watch, WAYS)) as office:
        found = guard.watch.readings
        assert found is not None
        guard.watch.readings = type(found)(at=guard.time.now, beats=guard.beats.listed())
        page = plain(await seen(office))

    assert "dữ liệu hồ sơ đến chậm đang khắc phục, 5 phút" in page
    assert "một số phần đang được khắc phục" in page


async def test_the_page_fits_a_phone_and_axe_finds_nothing_serious(guard: Guard, page: Page, axe: str) -> None:
    now = guard.time.now
    await guard.storage.write(lambda tx: tx.watch.raise_alarms([Alarm("unsent", "viettel", now, "x", "x")]))
    await page.set_viewport_size({"width": 360, "height": 740})
    async with open_office(guard.storage, notices=Notices(guard.watch, WAYS)) as office:
        await page.goto(f"{office.url}/tinh-trang")
        found = await grave_violations(page, axe)
        width = await page.evaluate("document.documentElement.scrollWidth")

    assert found == []
    assert width <= 360


async def test_the_whole_service_has_the_page_unless_it_is_told_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with whole(tmp_path, monkeypatch) as here:
        await here.app.watch.look()
        page = plain(await here.text("/tinh-trang"))

    assert "SMS đang hoạt động" in page
    assert "Dữ liệu từ phần mềm Một cửa chưa có" in page
    web = {"status": False, "port": here.app.plan.config.web.port, "key_file": tmp_path / "web.key"}
    async with whole(tmp_path, monkeypatch, web=web) as closed, closed.http.get(f"{closed.url}/tinh-trang") as answer:
        assert answer.status == 404
        assert "/tinh-trang" not in await closed.text("/")
