"""A chat whose provider cannot be reached: what waits there goes the next way, and each person is told of it once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.blocked_watch import BlockedWatch
from bot.ledger import balance
from bot.model.message import Alternative, DeliveryState, OutboxItem, Situation
from bot.model.person import Address
from bot.ports import Storage
from bot.texts import Catalogue
from tests.support.making import START, Time, message, numbered_ids

CHAT = Address("telegram", "4711")
PHONE = Address("sms", "+84912345678")


@dataclass
class Sender:
    name: str = "telegram"
    failing_since: datetime | None = None


def watch(storage: Storage, sender: Sender, clock: Time) -> BlockedWatch:
    return BlockedWatch(
        storage,
        [sender],
        {"telegram": "Telegram"},
        after=timedelta(minutes=10),
        catalogue=Catalogue.load("vi"),
        plain=lambda scheme: scheme == "sms",
        clock=clock,
        new_id=numbered_ids(),
    )


async def waiting(storage: Storage, number: int) -> None:
    ways = (Alternative("sms", PHONE, "Ho so da co ket qua"),)
    items = [message(channel="telegram", address=CHAT, alternatives=ways) for _ in range(number)]
    await storage.write(lambda tx: tx.outbox.enqueue(items))


async def queued(storage: Storage) -> list[OutboxItem]:
    return await storage.read(lambda tx: tx.outbox.listed(DeliveryState.QUEUED, limit=99))


async def test_nothing_moves_while_a_chat_works_or_fails_only_for_a_short_time(storage: Storage) -> None:
    clock, sender = Time(), Sender()
    await waiting(storage, 1)

    working = await watch(storage, sender, clock).look()
    sender.failing_since = START - timedelta(minutes=9)
    failing = await watch(storage, sender, clock).look()

    assert (working, failing) == (0, 0)
    assert [item.address for item in await queued(storage)] == [CHAT]


async def test_what_waits_for_a_blocked_chat_goes_by_sms_and_its_reader_is_told_once(storage: Storage) -> None:
    clock, sender = Time(), Sender(failing_since=START - timedelta(minutes=11))
    await waiting(storage, 2)
    watching = watch(storage, sender, clock)

    first = await watching.look()
    await waiting(storage, 1)
    second = await watching.look()
    items = await queued(storage)

    assert (first, second) == (2, 1)
    assert {item.address for item in items} == {PHONE}
    notices = [item for item in items if item.situation is Situation.NOTICE]
    assert len(notices) == 1
    assert "Telegram" in notices[0].text
    assert notices[0].text.isascii()
    assert (await balance(storage)).balanced


async def test_another_outage_is_told_again(storage: Storage) -> None:
    clock, sender = Time(), Sender(failing_since=START - timedelta(minutes=11))
    watching = watch(storage, sender, clock)
    await waiting(storage, 1)
    await watching.look()

    sender.failing_since = None
    await watching.look()
    between = watching.blocked
    clock.pass_(days=1)
    sender.failing_since = clock.now - timedelta(minutes=11)
    await waiting(storage, 1)
    await watching.look()

    assert between == frozenset()
    assert watching.blocked == {"telegram"}
    assert sum(item.situation is Situation.NOTICE for item in await queued(storage)) == 2
