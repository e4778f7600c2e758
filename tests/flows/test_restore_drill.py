"""The drill: the whole service under load is backed up beside its work, goes on, is killed, and comes back to the older
state. The SMS centre's own log is the judge: nobody gets the same words twice.
"""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import Plan, copies_of, read_plan
from bot.backup_format import Key
from bot.backups import Backups, Made
from bot.broadcasting import broadcasts_for
from bot.config import Config
from bot.ledger import balance
from bot.model.broadcast import BroadcastState
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, OutboxItem
from bot.plan import planner_for, reach_for
from bot.ports import Storage
from bot.ports.restoring import Doubt
from bot.restore_files import Order, Restored, restore
from bot.restoring import WAITED
from bot.texts import Library
from storage import open_storage
from tests.chaos.books import lines_of
from tests.chaos.family import Child, Family, family
from tests.chaos.house import SHORT_CODE, House
from tests.chaos.load import _approved
from tests.chaos.office import ASKED, PUSHED, Office, Record, session
from tests.support.postgres import PROGRAMS
from tests.support.storages import _database

KEY = Key(bytes(range(32)))
RATE = 120
"""Messages a second by the account: the broadcast lasts beyond the backup and beyond the kill."""
PEOPLE = 600
WITHIN = 40.0


@dataclass
class Drill:
    """The service, what it talks to, and what it was told."""

    house: House
    children: Family
    office: Office
    http: aiohttp.ClientSession
    records: list[Record] = field(default_factory=list)

    def configuration(self, url: str) -> dict[str, Any]:
        made = replace(self.house, url=url).configuration(self.house.slots[0])
        made |= {"contacts": {}, "deadlines": {"watch": False}, "backup": {"programs": str(PROGRAMS)}}
        made["channels"] = {"sms": made["channels"]["sms"] | {"rate": RATE}}
        plain: dict[str, Any] = json.loads(json.dumps(made, default=str))
        return plain

    def plan(self, url: str) -> Plan:
        return read_plan(Config.model_validate(self.configuration(url)))

    async def serve(self, url: str) -> Child:
        return await self.children.serve("service", self.configuration(url))

    async def dossiers(self, number: int) -> None:
        """New ones, told by both sources."""
        for _ in range(number):
            source = (ASKED, PUSHED)[len(self.records) % 2]
            self.records.append(self.office.receive(len(self.records) + 1, source, due_in=timedelta(days=9)))
        await self.pushed()

    async def steps(self) -> None:
        """Every dossier's next one."""
        for record in self.records:
            if not record.is_over:
                self.office.advance(record)
        await self.pushed()

    async def pushed(self) -> None:
        """The present state of all, as a vendor tells it again who is asked to."""
        await asyncio.gather(*(self.office.push(self.http, each) for each in self.records if each.source == PUSHED))

    async def ask(self, record: Record) -> None:
        """A citizen looks her dossier up by SMS."""
        body = {"from": f"+84{record.phone[1:]}", "to": SHORT_CODE, "text": f"HS {record.code}"}
        async with self.http.post(f"http://127.0.0.1:{self.house.smsc_control}/mo", json=body) as answer:
            await answer.read()

    def taken(self) -> Counter[tuple[str, str]]:
        """(phone, words) → how often the centre took them."""
        lines = [line for line in lines_of(self.house.smsc_log) if line["event"] == "submit" and line["message_id"]]
        return Counter((line["to"], line["text"]) for line in lines)

    def taken_ids(self) -> set[str]:
        return {line["reference"] for line in lines_of(self.house.smsc_log) if line["event"] == "submit"}

    def told(self, record: Record) -> int:
        """How many different messages this dossier's owner got about it."""
        return sum(phone.endswith(record.phone[1:]) and record.code in words for phone, words in self.taken())


@asynccontextmanager
async def drill(place: Path, url: str) -> AsyncIterator[Drill]:
    house = House.planned(place, url, is_split=False)
    settings = {"port": house.smsc, "control_port": house.smsc_control, "log": str(house.smsc_log), "log_flush": 0}
    office = Office([f"http://127.0.0.1:{house.slots[0].port}"], os.environ["MOTCUA_CHAOS_KEY"])
    async with family(place) as children, session() as http, office.open(house.office):
        await children.simulate("smsc", settings | {"delay": 0.3, "latency": 0.01})
        yield Drill(house, children, office, http)


async def until(true: Callable[[], Any], what: str) -> None:
    begun = time.monotonic()
    while True:
        found = true()
        if await found if asyncio.iscoroutine(found) else found:
            return
        assert time.monotonic() - begun < WITHIN, what
        await asyncio.sleep(0.1)


async def in_state(storage: Storage, state: DeliveryState) -> list[OutboxItem]:
    return await storage.read(lambda tx: tx.outbox.listed(state, limit=100_000))


async def doubts(storage: Storage) -> list[Doubt]:
    return await storage.read(lambda tx: tx.restores.doubts())


async def lost(it: Drill, url: str, place: Path) -> Made:
    """Load, the backup in the midst of it, more load that the backup does not know, and the kill."""
    plan = it.plan(url)
    async with open_storage(url) as storage:
        await storage.migrate()
        service = await it.serve(url)
        await it.dossiers(16)
        await until(lambda: all(map(it.told, it.records)), "the first news")
        planner = planner_for(plan, id_maker(utc_now), Library())
        broadcasts = broadcasts_for(plan, storage, reach_for(plan, planner), utc_now)
        phones = [f"+8491{number:06}5" for number in range(1, PEOPLE + 1)]
        await _approved(broadcasts, phones, [])
        await until(lambda: it.taken().total() > 80, "the broadcast has begun")

        made = await Backups(copies_of(plan.config), KEY, utc_now).make(place)

        before = it.taken().total()
        await it.steps()
        await it.dossiers(8)
        for record in it.records[:6]:
            await it.ask(record)
        await until(lambda: all(it.told(record) >= 2 for record in it.records[:16]), "news that the backup lacks")
        await until(lambda: it.taken().total() > before + 150, "more of the broadcast")
        await it.children.kill(service)
    return made


async def judged(it: Drill, url: str, done: Restored, made: Made) -> None:
    """The service on the older state: what it holds back, and that it works."""
    taken_before, ids_before = it.taken(), it.taken_ids()
    assert done.balanced
    assert done.marked.sources == (ASKED, PUSHED)
    assert done.marked.by_hand == (PUSHED,)
    assert len(done.marked.broadcasts) == 1
    async with open_storage(url) as storage:
        uncertain = await in_state(storage, DeliveryState.UNCERTAIN)
        assert {item.reason for item in uncertain} == {WAITED}
        assert ids_before & {item.id for item in uncertain}, "some of them had left: to send them again would be twice"
        assert not await in_state(storage, DeliveryState.QUEUED)

        await it.serve(url)
        await it.pushed()
        await until(lambda: _closed(storage), "the round of the source that is asked")
        assert await storage.write(lambda tx: tx.restores.close(PUSHED, at=utc_now()))
        held = await in_state(storage, DeliveryState.HELD)
        again = [item for item in held if _was_taken(item, taken_before)]
        assert len(again) >= 16, "news that citizens had got before, and would have got twice"

        # From here on everything is as ever.
        fresh = len(it.records)
        await it.dossiers(6)
        await until(lambda: all(map(it.told, it.records[fresh:])), "new events")
        await it.steps()
        await until(lambda: all(it.told(record) >= 2 for record in it.records[fresh:]), "the next step of new ones")
        await it.ask(it.records[fresh])
        await until(lambda: _answered(storage), "an answer to a citizen")

        assert {key: times for key, times in it.taken().items() if times > 1} == {}, "the same words twice"
        (broadcast,) = done.marked.broadcasts
        stopped = await storage.read(lambda tx: tx.broadcasts.in_states([BroadcastState.PAUSED]))
        assert [each.id for each in stopped] == [broadcast]
        books = await balance(storage)
        assert books.balanced
        # Receipts of the time before the kill that come only now say of some that they had arrived.
        still = {item.id for item in await in_state(storage, DeliveryState.UNCERTAIN)}
        arrived = {item.id for item in await in_state(storage, DeliveryState.DELIVERED)}
        assert {item.id for item in uncertain} <= still | (arrived & ids_before)
        figures = f"uncertain {len(uncertain)}, held {len(held)} (told before: {len(again)}), twice 0"
        print(f"\nbackup {made.size:,} bytes in {made.seconds:.2f} s; {figures}")


async def _closed(storage: Storage) -> bool:
    return ASKED not in {each.source for each in await doubts(storage)}


async def _answered(storage: Storage) -> bool:
    found = await storage.read(lambda tx: tx.conversations.outcomes())
    return sum(found.values()) >= 1


def _was_taken(item: OutboxItem, taken: Counter[tuple[str, str]]) -> bool:
    """The same words to the same phone; of a long message the centre has the parts."""
    return any(item.address.value.endswith(phone.lstrip("+")) and words in item.text for phone, words in taken)


def order_of(made: Made, url: str, **more: Any) -> Order:
    return Order(file=made.path, key=KEY, url=url, at=utc_now(), by="lan", programs=PROGRAMS, **more)


@pytest.mark.timeout(180)
async def test_a_return_to_an_older_state_sends_nothing_twice(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'motcua.db'}"
    async with drill(tmp_path, url) as it:
        made = await lost(it, url, tmp_path)

        done = await restore(order_of(made, url, replaces=True), it.plan(url))

        await judged(it, url, done, made)


@pytest.mark.timeout(180)
async def test_the_same_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    async with _database(postgres_url) as url, _database(postgres_url) as empty, drill(tmp_path, url) as it:
        made = await lost(it, url, tmp_path)

        done = await restore(order_of(made, empty), it.plan(empty))

        await judged(it, empty, done, made)
