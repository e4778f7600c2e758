"""What became of a message is told to the software that planned it: in order, signed, until it is heard."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.callbacks import LADDER, Callbacks
from bot.model.api import KeyKind
from bot.model.message import DeliveryState
from bot.ports import Backlog, Settlement
from tests.web.api.receiver import Receiver, open_receiver
from tests.web.api.rig import Rig, Software

SECRET = "mcs_secret"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def told(api: Rig, url: str) -> Software:
    """A test key with an address."""
    software = await api.software()
    await api.storage.write(lambda tx: tx.api.call_back(software.key.id, url=url, secret=SECRET))
    return software


async def planned(software: Software, number: int = 1) -> list[str]:
    return [(await software.send()).said["notifications"][0]["id"] for _ in range(number)]


async def settle(api: Rig, item_id: str, state: DeliveryState, reason: str = "") -> None:
    """As a sender, or a receipt, would."""
    now = api.clock()
    later = now + timedelta(minutes=1)
    await api.storage.write(lambda tx: tx.outbox.claim("api-test", owner="o", now=now, lease_until=later, limit=100))
    settled = Settlement(item_id=item_id, owner="o", state=state, at=now, reason=reason)
    await api.storage.write(lambda tx: tx.outbox.settle([settled]))


def flow(api: Rig) -> Callbacks:
    assert api.app.callbacks
    return api.app.callbacks


async def backlog(api: Rig) -> Backlog:
    return await api.storage.read(lambda tx: tx.api.backlog())


async def test_from_the_request_to_the_signed_callback_by_itself(api: Rig, receiver: Receiver) -> None:
    software = await told(api, receiver.url)

    item_id = (await software.send("0912340002", Idempotency_Key="a")).said["notifications"][0]["id"]
    await software.until(item_id, "failed")
    while not receiver.heard:
        await flow(api).round()

    heard = receiver.heard[0]
    assert heard.is_signed_with(SECRET)
    assert not heard.is_signed_with("another")
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.headers["Motcua-Event-Id"] == heard.said["id"]
    assert heard.said["type"] == "notification.state"
    assert (heard.said["notification"]["id"], heard.state) == (item_id, "failed")
    assert b"0912" not in heard.body
    assert b"8491" not in heard.body


async def test_a_message_is_told_of_each_state_in_order_and_once(quiet_api: Rig, receiver: Receiver) -> None:
    software = await told(quiet_api, receiver.url)
    (item_id,) = await planned(software)

    await settle(quiet_api, item_id, DeliveryState.UNCERTAIN)
    first = [await flow(quiet_api).round() for _ in range(2)]
    await settle(quiet_api, item_id, DeliveryState.DELIVERED)
    second = [await flow(quiet_api).round() for _ in range(2)]

    assert (first, second) == ([1, 0], [1, 0])
    assert [each.state for each in receiver.heard] == ["uncertain", "delivered"]
    watched = await quiet_api.storage.read(lambda tx: tx.api.watched(after="", limit=9))
    assert watched == []


async def test_later_news_of_a_message_waits_for_the_earlier_one(quiet_api: Rig, receiver: Receiver) -> None:
    software, receiver.answers = await told(quiet_api, receiver.url), [404]
    item_id, other = await planned(software, 2)
    await settle(quiet_api, item_id, DeliveryState.UNCERTAIN)
    await flow(quiet_api).round()
    await settle(quiet_api, item_id, DeliveryState.DELIVERED)
    await settle(quiet_api, other, DeliveryState.DELIVERED)

    await flow(quiet_api).round()
    quiet_api.clock.moved += LADDER[0]
    await flow(quiet_api).round()
    await flow(quiet_api).round()

    said = [(each.said["notification"]["id"], each.state) for each in receiver.heard]
    assert said == [(item_id, "uncertain"), (other, "delivered"), (item_id, "uncertain"), (item_id, "delivered")]


async def test_it_is_tried_again_with_the_same_id_until_it_is_taken(quiet_api: Rig, receiver: Receiver) -> None:
    software, receiver.answers = await told(quiet_api, receiver.url), [500, 503, 429]
    (item_id,) = await planned(software)
    await settle(quiet_api, item_id, DeliveryState.DELIVERED)

    for _ in range(6):
        await flow(quiet_api).round()
        quiet_api.clock.moved += LADDER[3]

    assert len(receiver.heard) == 4
    assert len({each.said["id"] for each in receiver.heard}) == 1
    assert len({each.body for each in receiver.heard}) == 1
    assert all(each.is_signed_with(SECRET) for each in receiver.heard)
    kept = (await quiet_api.storage.read(lambda tx: tx.api.callbacks_of(software.key.id, limit=9)))[0]
    assert (kept.attempts, kept.answer) == (4, "204")
    assert (await backlog(quiet_api)) == Backlog(0, 0)


async def test_after_a_day_it_is_given_up_and_counted(quiet_api: Rig, receiver: Receiver) -> None:
    software, receiver.answers = await told(quiet_api, receiver.url), [500] * 100
    (item_id,) = await planned(software)
    await settle(quiet_api, item_id, DeliveryState.DELIVERED)

    for _ in range(30):
        await flow(quiet_api).round()
        quiet_api.clock.moved += timedelta(hours=1)

    assert len(receiver.heard) in range(22, 27)
    assert await backlog(quiet_api) == Backlog(0, 1)


async def test_an_address_that_is_away_is_not_asked_for_every_message(quiet_api: Rig, receiver: Receiver) -> None:
    software, receiver.answers = await told(quiet_api, receiver.url), [500]
    for item_id in await planned(software, 5):
        await settle(quiet_api, item_id, DeliveryState.DELIVERED)

    made = [await flow(quiet_api).round() for _ in range(3)]
    quiet_api.clock.moved += LADDER[0]
    after = await flow(quiet_api).round()

    assert made == [1, 0, 0]
    assert after == 5


async def test_an_answer_that_does_not_come_is_a_failure(quiet_api: Rig, receiver: Receiver) -> None:
    software, receiver.pause = await told(quiet_api, receiver.url), 2.0
    (item_id,) = await planned(software)
    await settle(quiet_api, item_id, DeliveryState.DELIVERED)

    await flow(quiet_api).round()

    kept = (await quiet_api.storage.read(lambda tx: tx.api.callbacks_of(software.key.id, limit=9)))[0]
    assert (kept.attempts, kept.answer, kept.ended_at) == (1, "timeout", None)


async def test_a_redirect_is_not_followed(quiet_api: Rig, receiver: Receiver) -> None:
    software, receiver.answers = await told(quiet_api, receiver.url), [302, 307]
    receiver.headers = {"Location": receiver.url + "/inside"}
    (item_id,) = await planned(software)
    await settle(quiet_api, item_id, DeliveryState.DELIVERED)

    await flow(quiet_api).round()

    assert len(receiver.heard) == 1
    kept = (await quiet_api.storage.read(lambda tx: tx.api.callbacks_of(software.key.id, limit=9)))[0]
    assert kept.answer == "302"


async def test_a_revoked_key_is_told_nothing_more(quiet_api: Rig, receiver: Receiver) -> None:
    software = await told(quiet_api, receiver.url)
    first, second = await planned(software, 2)
    await settle(quiet_api, first, DeliveryState.DELIVERED)
    await quiet_api.storage.write(lambda tx: tx.api.revoke(software.key.id, by="lan", at=quiet_api.clock()))
    await settle(quiet_api, second, DeliveryState.DELIVERED)

    await flow(quiet_api).round()

    assert receiver.heard == []
    assert await quiet_api.storage.read(lambda tx: tx.api.watched(after="", limit=9)) == []


async def test_a_key_without_an_address_costs_nothing(quiet_api: Rig) -> None:
    software = await quiet_api.software(KeyKind.TEST)
    (item_id,) = await planned(software)
    await settle(quiet_api, item_id, DeliveryState.DELIVERED)

    watched = await quiet_api.storage.read(lambda tx: tx.api.watched(after="", limit=9))

    assert watched == []
