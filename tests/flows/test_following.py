"""A source is asked again and again; what fails is noted, dated answers go on, and nothing is doubled after."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.conversation import Conversation, Manner
from bot.following import follow
from bot.ledger import balance
from bot.mirror import Mirror
from bot.model.dossier import Dossier, Status
from bot.model.errors import SourceError
from bot.model.ids import id_maker
from bot.model.message import InboundMessage
from bot.model.person import Address
from bot.ports import Batch, Source, Storage
from bot.settings import SourceSettings
from tests.support.making import OWNER_PHONE, START, Time, code, dossier, planner

RULES = SourceSettings(go_live=START - timedelta(days=1), pause=0.0, stale_after=1800)


class Office:
    """A one-stop software that can be switched off; hands out what changed since the cursor, and then the time."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.events: list[Dossier] = []
        self.down = False
        self.asked = asyncio.Event()

    async def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        self.asked.set()
        if self.down:
            raise SourceError("không nối được / cannot be reached")
        taken = int(cursor or 0)
        for begin in range(taken, len(self.events), 10):
            piece = self.events[begin : begin + 10]
            yield Batch(tuple(piece), str(begin + len(piece)))
        yield Batch((), str(len(self.events)), as_of=self.time())

    async def round(self) -> None:
        """Two more times of asking: the second shows that the first was dealt with to its end."""
        for _ in range(2):
            self.asked.clear()
            await self.asked.wait()


async def answer(storage: Storage, time: Time, number: int) -> str:
    manner = Manner(code(1), plain={"sms": True}, stale_after={"office": timedelta(seconds=RULES.stale_after)})
    talk = Conversation(storage, manner, clock=time, new_id=id_maker(time))
    await talk.handle(
        [
            InboundMessage(
                channel="sms", message_id=f"{number}", sender=Address("sms", OWNER_PHONE), text=code(1), at=time()
            )
        ]
    )
    (item,) = await storage.read(lambda tx: tx.outbox.of_origins([f"inbound:sms:{number}"]))
    return item.text


async def test_an_hour_without_the_source_is_said_and_caught_up_without_doubles(storage: Storage) -> None:
    time = Time()
    office = Office(time)
    office.events = [dossier(number, updated_at=START) for number in range(1, 31)]
    mirror = Mirror("office", storage, planner(id_maker(time)), time, RULES)
    source = Source(name="office", source=office)
    following = asyncio.create_task(follow(source, mirror, storage, RULES, time))
    try:
        await office.round()
        fresh = await answer(storage, time, 1)

        office.down = True
        await office.round()
        for number in range(1, 31):
            office.events.append(
                dossier(number, status=Status.PROCESSING, updated_at=START + timedelta(minutes=number))
            )
        time.pass_(hours=1)
        await office.round()
        failures = await storage.read(lambda tx: tx.sources.failures())
        dated = await answer(storage, time, 2)

        office.down = False
        await office.round()
        caught_up = await answer(storage, time, 3)
    finally:
        following.cancel()

    assert "da duoc tiep nhan" in fresh
    assert "So lieu luc 08:00 22/11/2026" in fresh
    assert "luc 08:00 22/11/2026, nay co the da khac. Khi do: da duoc tiep nhan" in dated
    assert failures["office"].since == START
    assert failures["office"].last_at == START + timedelta(hours=1)
    assert "dang duoc xu ly" in caught_up
    assert "So lieu luc 09:00 22/11/2026" in caught_up
    assert await storage.read(lambda tx: tx.sources.failures()) == {}
    books = await balance(storage)
    assert books.balanced
    assert books.planned == 30 + 30 + 3
    assert await storage.read(lambda tx: tx.dossiers.count()) == (30, 60)


async def test_a_mistake_in_an_adapter_is_noted_without_its_words(
    sqlite_storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    time, asked = Time(), asyncio.Event()

    class Broken:
        async def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
            asked.set()
            raise ValueError("Nguyễn Thị Ánh 0912345678")
            yield

    mirror = Mirror("office", sqlite_storage, planner(), time, RULES)
    following = asyncio.create_task(follow(Source(name="office", source=Broken()), mirror, sqlite_storage, RULES, time))
    for _ in range(3):
        asked.clear()
        await asked.wait()
    following.cancel()

    failures = await sqlite_storage.read(lambda tx: tx.sources.failures())
    assert failures["office"].reason.endswith("ValueError")
    assert "0912345678" not in caplog.text
    assert "Nguyễn" not in caplog.text


async def test_a_hint_ends_the_pause(sqlite_storage: Storage) -> None:
    time = Time()
    office, hint = Office(time), asyncio.Event()

    async def changed() -> None:
        await hint.wait()
        hint.clear()

    rules = replace_pause(RULES, 3600.0)
    mirror = Mirror("office", sqlite_storage, planner(), time, rules)
    source = replace(Source(name="office", source=office), changed=changed)
    following = asyncio.create_task(follow(source, mirror, sqlite_storage, rules, time))
    await asyncio.wait_for(office.asked.wait(), 5)
    office.asked.clear()

    hint.set()
    await asyncio.wait_for(office.asked.wait(), 5)

    following.cancel()


def replace_pause(rules: SourceSettings, seconds: float) -> SourceSettings:
    return rules.model_copy(update={"pause": seconds})
