"""Requests that come in the same moment are planned together, and none of them notices."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.api_sending import Sent, Token
from bot.api_wishes import ToPhone, Wish
from bot.ledger import balance
from bot.model.api import KeyKind
from bot.model.audit import GENESIS, digest_of
from bot.model.message import Situation
from bot.ports import Storage
from tests.web.api.rig import Rig, open_rig, to_phone

PHONES = [f"+8491{number:07d}" for number in range(40)]
VALUES = {"code": "H56.14-240823-0001", "agency": "UBND xã Mẫu", "place": "quầy 2"}


@pytest.fixture
async def any_api(storage: Storage) -> AsyncIterator[Rig]:
    """On every engine; nothing leaves."""
    async with open_rig(storage, sends=False) as opened:
        yield opened


async def test_many_at_once_have_each_its_message_and_its_entry_in_the_record(any_api: Rig) -> None:
    software = await any_api.software(KeyKind.LIVE)

    answers = await asyncio.gather(*(software.send(phone) for phone in PHONES))

    entries = [each for each in await any_api.recorded() if each.what == "notification.sent"]
    ids = {answer.said["notifications"][0]["id"] for answer in answers}
    assert {answer.status for answer in answers} == {202}
    assert {each.subject for each in entries} == ids
    assert len(ids) == len(entries) == len(PHONES)
    assert (await balance(any_api.storage)).balanced
    chain = await any_api.storage.read(lambda tx: tx.audit.chain(after=0, limit=100))
    before = [GENESIS, *(each.digest for each in chain)]
    assert [each.digest for each in chain] == [
        digest_of(each, number=each.number, previous=previous) for each, previous in zip(chain, before, strict=False)
    ]


async def test_what_is_refused_does_not_hold_up_what_comes_with_it(any_api: Rig) -> None:
    software = await any_api.software(KeyKind.LIVE)
    bodies = [to_phone(phone) for phone in PHONES[:6]]
    bodies[2]["to"]["values"] = {}
    bodies[4]["to"]["phone"] = "+842838222222"

    answers = await asyncio.gather(
        *(software.call("POST", "/notifications", body, Idempotency_Key=f"t{n}") for n, body in enumerate(bodies))
    )

    assert [answer.status for answer in answers] == [202, 202, 422, 202, 422, 202]
    assert await any_api.storage.read(lambda tx: tx.outbox.planned()) == 4
    again = await software.call("POST", "/notifications", to_phone(PHONES[2]), Idempotency_Key="t2")
    assert again.status == 202


async def test_one_token_many_times_at_once_is_one_message(any_api: Rig) -> None:
    software = await any_api.software(KeyKind.LIVE)

    answers = await asyncio.gather(*(software.send(Idempotency_Key="once") for _ in range(8)))

    assert {answer.status for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 7
    assert await any_api.storage.read(lambda tx: tx.outbox.planned()) == 1


async def test_a_key_that_the_gate_still_remembers_plans_nothing_once_it_is_revoked(any_api: Rig) -> None:
    software = await any_api.software(KeyKind.LIVE)
    before = await software.send(PHONES[0])

    await any_api.storage.write(lambda tx: tx.api.revoke(software.key.id, by="lan", at=any_api.clock()))
    after = await asyncio.gather(*(software.send(phone, Idempotency_Key=phone[-3:]) for phone in PHONES[1:5]))

    assert before.status == 202
    assert {(answer.status, answer.problem) for answer in after} == {(401, "unauthorized")}
    assert await any_api.storage.read(lambda tx: tx.outbox.planned()) == 1


async def test_where_one_breaks_the_transaction_the_others_are_planned_alone(any_api: Rig) -> None:
    software = await any_api.software(KeyKind.LIVE)

    def broken(sent: Sent) -> str:
        raise ZeroDivisionError

    async def send(number: int) -> object:
        wish = Wish(Situation.RESULT, ToPhone(PHONES[number], VALUES))
        answer = broken if number == 3 else lambda sent: "{}"
        return await any_api.app.api_sending.send(software.key, wish, Token(f"t{number}", b""), answer)

    outcomes = await asyncio.gather(*map(send, range(6)), return_exceptions=True)

    assert isinstance(outcomes.pop(3), ZeroDivisionError)
    assert all(isinstance(each, Sent) for each in outcomes)
    assert await any_api.storage.read(lambda tx: tx.outbox.planned()) == 5
