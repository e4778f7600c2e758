"""The alarm about guessing, and what is forgotten in time: on every engine."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from bot.config import ConversationSettings, LookupSettings, Strangers
from bot.guarding import MISS
from bot.guess_watch import GuessWatch
from bot.lookup import Asker, seek
from bot.model.errors import StorageError
from bot.model.message import InboundMessage
from bot.model.person import Address, Binding, Proof
from bot.ports import ConversationState, Mirrored, Storage, Trace
from bot.sure_of_time import SureOfTime
from tests.support.making import OWNER_PHONE, START, Time, code, dossier

RULES = LookupSettings(
    strangers=Strangers.LEVEL, alarm_failures=60, alarm_senders=10, alarm_window=600, binding_days=180
)
TALK = ConversationSettings(keep_text_days=30)


class Desk:
    """A watch with its storage, and citizens who ask."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.time = Time()
        self.watch = GuessWatch(storage, RULES, TALK, clock=self.time)

    async def fail(self, times: int, senders: Sequence[str]) -> None:
        """So many attempts at codes that do not exist, by these senders in turn, each when it is not held up."""
        for number in range(times):
            await self.miss(senders[number % len(senders)])

    async def miss(self, sender: str) -> None:
        trace = Trace(MISS, f"telegram:{sender}")
        await self.storage.write(lambda tx: tx.guards.note([trace], at=self.time()))

    async def ask(self, number: str, sender: str, *, factor: str = "") -> None:
        asker = Asker(Address("telegram", sender))
        await self.storage.write(
            lambda tx: seek(
                tx,
                number,
                asker,
                RULES,
                now=self.time(),
                stale_after={},
                factor=factor,
                is_tightened=self.watch.is_on,
            )
        )


@pytest.fixture
def desk(storage: Storage) -> Desk:
    return Desk(storage)


MANY = [str(number) for number in range(1000, 1030)]


async def test_many_failures_of_many_senders_are_an_alarm(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    await desk.fail(60, MANY)

    await desk.watch.look()

    assert desk.watch.is_on
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "60 failed look-ups of 30 senders in 10 min" in record.message
    assert "H32" not in record.message
    assert "1000" not in record.message


async def test_it_is_told_once_however_long_it_lasts(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        await desk.fail(60, MANY)
        await desk.watch.look()

    assert len(caplog.records) == 1


async def test_real_attempts_raise_it_in_spite_of_their_waits(desk: Desk) -> None:
    for sender in MANY:
        for number in range(3):
            await desk.ask(code(9000 + number), sender)

    await desk.watch.look()

    assert desk.watch.is_on


async def test_one_citizen_who_mistypes_again_and_again_is_no_alarm(desk: Desk) -> None:
    await desk.fail(200, ["1001"])

    await desk.watch.look()

    assert not desk.watch.is_on


async def test_many_citizens_who_mistype_once_are_no_alarm(desk: Desk) -> None:
    await desk.fail(59, [str(number) for number in range(59)])

    await desk.watch.look()

    assert not desk.watch.is_on


async def test_failures_long_ago_are_no_alarm(desk: Desk) -> None:
    await desk.fail(100, MANY)
    desk.time.pass_(seconds=601)

    await desk.watch.look()

    assert not desk.watch.is_on


async def test_it_stays_until_failures_are_down_to_less_than_half(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await desk.fail(60, MANY)
    await desk.watch.look()
    desk.time.pass_(seconds=601)
    await desk.fail(30, MANY)
    await desk.watch.look()
    during = desk.watch.is_on
    desk.time.pass_(seconds=601)
    await desk.fail(29, MANY)
    await desk.watch.look()

    assert (during, desk.watch.is_on) == (True, False)
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.INFO]


async def test_honest_strangers_who_see_nothing_meanwhile_do_not_keep_the_alarm_up(desk: Desk) -> None:
    dossiers = [Mirrored.of(dossier(number), 1) for number in range(1, 101)]
    await desk.storage.write(lambda tx: tx.dossiers.add(dossiers, at=START))
    await desk.fail(60, MANY)
    await desk.watch.look()
    desk.time.pass_(seconds=601)
    for number in range(1, 101):
        await desk.ask(code(number), str(5000 + number))

    await desk.watch.look()

    assert not desk.watch.is_on


async def test_wrong_factors_to_dossiers_that_exist_are_failures_too(desk: Desk) -> None:
    dossiers = [Mirrored.of(dossier(number), 1) for number in range(1, 61)]
    await desk.storage.write(lambda tx: tx.dossiers.add(dossiers, at=START))
    for number in range(1, 61):
        await desk.ask(code(number), MANY[number % 30], factor="9999")

    await desk.watch.look()

    assert desk.watch.is_on


async def test_silent_bindings_old_texts_and_old_attempts_are_forgotten(desk: Desk) -> None:
    silent, heard = Address("zalo", "1"), Address("zalo", "2")
    for address in (silent, heard):
        await bind(desk, address, START)
    desk.time.pass_(days=181)
    await write(desk, heard, "xin chào")
    await desk.fail(2, ["1001"])
    desk.time.pass_(days=31)

    await desk.watch.tidy()

    assert await binding(desk, silent) is None
    assert await binding(desk, heard) is not None
    assert (await desk.storage.read(lambda tx: tx.guards.spread(since=START))).failures == 0
    assert [each.text for each in await desk.storage.read(lambda tx: tx.conversations.thread(heard, limit=5))] == []


async def test_what_is_young_stays(desk: Desk) -> None:
    chat = Address("zalo", "2")
    await bind(desk, chat, START)
    await write(desk, chat, "xin chào")
    await desk.fail(2, ["1001"])
    desk.time.pass_(days=29)

    await desk.watch.tidy()

    assert await binding(desk, chat) is not None
    assert (await desk.storage.read(lambda tx: tx.guards.spread(since=START))).failures == 2
    assert [each.text for each in await desk.storage.read(lambda tx: tx.conversations.thread(chat, limit=5))] == [
        "xin chào"
    ]


async def test_tidying_happens_once_an_hour(desk: Desk) -> None:
    await desk.watch.tidy()
    await bind(desk, Address("zalo", "1"), START - timedelta(days=400))
    desk.time.pass_(minutes=59)
    await desk.watch.tidy()
    before = await binding(desk, Address("zalo", "1"))
    desk.time.pass_(minutes=2)
    await desk.watch.tidy()

    assert before is not None
    assert await binding(desk, Address("zalo", "1")) is None


async def test_where_the_clock_is_doubted_nothing_is_tidied(desk: Desk) -> None:
    seconds = [0.0]
    sure = SureOfTime(desk.storage, clock=desk.time, monotonic=lambda: seconds[0])
    watch = GuessWatch(desk.storage, RULES, TALK, clock=desk.time, sure=sure)
    await bind(desk, Address("zalo", "1"), START)
    desk.time.pass_(days=900)

    await watch.tidy()
    doubted = await binding(desk, Address("zalo", "1"))
    seconds[0] += 86_400
    desk.time.pass_(days=1)
    await watch.tidy()

    assert doubted is not None
    assert await binding(desk, Address("zalo", "1")) is None


async def test_it_looks_by_itself_and_survives_a_database_that_is_away(
    sqlite_storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(sqlite_storage)
    shaky = Shaky(sqlite_storage)
    watch = GuessWatch(shaky, RULES, TALK, clock=desk.time, every=0.01)  # type: ignore[arg-type]
    await desk.fail(60, MANY)

    async with asyncio.timeout(20):
        running = asyncio.create_task(watch.run())
        while not watch.is_on:
            await asyncio.sleep(0.01)
        running.cancel()

    assert "the watch over guessing could not work: StorageError at" in caplog.text


class Shaky:
    """A database that is away at first."""

    def __init__(self, inner: Storage) -> None:
        self._inner = inner
        self._times = 0
        self.write = inner.write

    async def read(self, work: object) -> object:
        self._times += 1
        if self._times < 3:
            raise StorageError("away")
        return await self._inner.read(work)  # type: ignore[arg-type, var-annotated]


async def bind(desk: Desk, address: Address, at: datetime) -> None:
    made = Binding(address, OWNER_PHONE, Proof.CODE, at, at, "zalo")
    await desk.storage.write(lambda tx: tx.people.bind(made))


async def binding(desk: Desk, address: Address) -> Binding | None:
    return await desk.storage.read(lambda tx: tx.people.binding(address))


async def write(desk: Desk, sender: Address, text: str) -> None:
    message = InboundMessage(channel=sender.scheme, message_id=text, sender=sender, text=text, at=desk.time())
    await desk.storage.write(lambda tx: tx.conversations.first_time(message))
    await desk.storage.write(lambda tx: tx.conversations.save(sender, ConversationState(), at=desk.time()))
