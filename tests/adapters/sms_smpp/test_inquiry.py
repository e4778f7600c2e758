"""Asking about messages whose receipt stays away."""

import asyncio
import logging

import pytest

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.codec import Place, Queried, Query
from adapters.channels.sms_smpp.inbox import Inbox
from adapters.channels.sms_smpp.inquiry import Inquiry
from bot.model.clock import utc_now
from bot.model.message import Accepted, DeliveryState
from tests.adapters.sms_smpp.support import (
    Opened,
    Scripted,
    centre,
    delivery,
    item,
    linked,
    number,
    opened,
    settings_for,
    wait_all,
)


async def accepted(ours: Opened, connection: Scripted, message_id: str = "0A") -> str:
    """The id of a message that the SMSC took."""
    sent = item()
    sending = asyncio.create_task(ours.send(sent))
    connection.accept(await connection.submit(), message_id)
    assert isinstance((await wait_all(sending))[0], Accepted)
    return sent.id


def tell(connection: Scripted, sequence: int, state: int, error: int = 0) -> None:
    date = "2611240501000" if state != spec.ENROUTE else ""
    connection.send(spec.QUERY_SM_RESP, sequence, codec.encode_queried(Queried("0A", date, state, error)))


@pytest.mark.parametrize(
    ("state", "error", "expected", "reason"),
    [
        (spec.DELIVERED, 0, DeliveryState.DELIVERED, "stat:DELIVRD err:000 query_sm"),
        (spec.UNDELIVERABLE, 11, DeliveryState.FAILED, "stat:UNDELIV err:011 query_sm"),
        (spec.EXPIRED, 27, DeliveryState.EXPIRED, "stat:EXPIRED err:027 query_sm"),
        (spec.REJECTED, 0, DeliveryState.FAILED, "stat:REJECTD err:000 query_sm"),
    ],
)
async def test_a_final_state_that_was_asked_for_is_a_receipt(
    state: int, error: int, expected: DeliveryState, reason: str
) -> None:
    async with linked(query=0.05, receipt_ids="decimal-to-hex") as (smsc, ours):
        connection = await smsc.bound()
        item_id = await accepted(ours, connection)

        question = await connection.expect(spec.QUERY_SM)
        tell(connection, question.sequence, state, error)
        await ours.events.until(lambda events: bool(events.receipts))

        assert codec.decode_query(question.body) == Query("0A", Place(5, 0, "SOTNMT")), "the id as the SMSC wrote it"
        [receipt] = ours.events.receipts
        assert (receipt.item_id, receipt.reference, receipt.state) == (item_id, "A", expected)
        assert receipt.reason == reason


async def test_a_message_under_way_is_asked_for_three_times_with_doubling_waits() -> None:
    async with linked(query=0.1) as (smsc, ours):
        connection = await smsc.bound()
        await accepted(ours, connection)
        loop = asyncio.get_running_loop()
        began, asked = loop.time(), []

        for _ in range(3):
            question = await connection.expect(spec.QUERY_SM)
            asked.append(loop.time() - began)
            tell(connection, question.sequence, spec.ENROUTE)

        assert await connection.is_silent(0.3)
        assert asked[1] - asked[0] >= 0.2
        assert asked[2] - asked[1] >= 0.4
        assert ours.events.all == []


async def test_a_message_with_its_receipt_is_not_asked_for() -> None:
    async with linked(query=0.1) as (smsc, ours):
        connection = await smsc.bound()
        await accepted(ours, connection)

        connection.send(spec.DELIVER_SM, 1, delivery("id:0A stat:DELIVRD err:000", esm_class=4))
        await connection.expect(spec.DELIVER_SM_RESP)

        assert await connection.is_silent(0.3)


async def test_an_intermediate_receipt_ends_no_waiting() -> None:
    async with linked(query=0.1) as (smsc, ours):
        connection = await smsc.bound()
        await accepted(ours, connection)

        connection.send(spec.DELIVER_SM, 1, delivery("id:0A stat:ENROUTE err:000", esm_class=0x20))
        await connection.expect(spec.DELIVER_SM_RESP)

        assert (await connection.read()).command == spec.QUERY_SM


@pytest.mark.parametrize(
    ("command", "status"), [(spec.GENERIC_NACK, spec.INVALID_COMMAND), (spec.QUERY_SM_RESP, spec.INVALID_COMMAND)]
)
async def test_an_smsc_that_does_not_know_the_question_is_asked_no_more(
    command: int, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with linked(query=0.05) as (smsc, ours):
        connection = await smsc.bound()
        for message_id in ("1", "2"):
            await accepted(ours, connection, message_id)

        question = await connection.expect(spec.QUERY_SM)
        connection.send(command, question.sequence, status=status)

        assert await connection.is_silent(0.3)
        await accepted(ours, connection, "3")
        assert await connection.is_silent(0.3)
    assert sum("does not know query_sm" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize("body", [b"", b"0A\0", b"0A\0date", b"0A\0date\0\x02"])
async def test_an_answer_cut_off_or_a_refusal_is_no_receipt(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with linked(query=0.05) as (smsc, ours):
        connection = await smsc.bound()
        await accepted(ours, connection)

        first = await connection.expect(spec.QUERY_SM)
        connection.send(spec.QUERY_SM_RESP, first.sequence, body)
        second = await connection.expect(spec.QUERY_SM)
        connection.send(spec.QUERY_SM_RESP, second.sequence, status=spec.QUERY_FAILED)
        third = await connection.expect(spec.QUERY_SM)
        tell(connection, third.sequence, spec.DELIVERED)
        await ours.events.until(lambda events: bool(events.receipts))

        assert len(ours.events.receipts) == 1
        assert "cannot be understood" in caplog.text


async def test_a_question_that_is_never_answered_is_asked_again_and_the_rest_goes_on() -> None:
    async with linked(query=0.05, response_timeout=0.2) as (smsc, ours):
        connection = await smsc.bound()
        await accepted(ours, connection)

        await connection.expect(spec.QUERY_SM)
        assert (await connection.read()).command == spec.QUERY_SM
        await accepted(ours, connection)


async def test_nothing_is_asked_where_nothing_is_configured(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        await accepted(ours, connection)

        assert await connection.is_silent(0.4)


async def test_memory_is_bounded_and_the_oldest_gives_way() -> None:
    inquiry = Inquiry("sms", Inbox(), utc_now, seconds=60)

    for count in range(20_005):
        inquiry.accepted("item", f"{count}", f"{count}", Place(5, 0, "SOTNMT"))

    assert sum(map(len, inquiry._waiting)) == 20_000
    assert "4" not in inquiry._waiting[0]
    assert "20004" in inquiry._waiting[0]


async def test_a_receipt_that_was_lost_on_the_way_is_had_for_the_asking() -> None:
    async with centre() as smsc, opened(settings_for(smsc.port, query=0.1)) as ours:
        await smsc.post("fault", {"kind": "lost-receipt"})
        silent = item(to=number())

        outcome = await ours.send(silent)
        await ours.events.until(lambda events: bool(events.receipts))

        assert isinstance(outcome, Accepted)
        [receipt] = ours.events.receipts
        assert (receipt.item_id, receipt.reference) == (silent.id, outcome.references[0])
        assert receipt.state is DeliveryState.DELIVERED
