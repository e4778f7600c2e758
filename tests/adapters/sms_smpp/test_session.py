"""The link, against an SMSC that follows a script."""

import asyncio
import logging
import socket

import pytest

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.framing import Frame, pdu
from bot.model.message import Accepted, ChannelDown, DeliveryState, Outcome, Rejected, Uncertain
from tests.adapters.sms_smpp.support import (
    Events,
    Opened,
    Scripted,
    delivery,
    item,
    linked,
    opened,
    scripted,
    settings_for,
    wait_all,
)

RECEIPT = delivery("id:42 sub:001 dlvrd:001 stat:DELIVRD err:000 text:", esm_class=4)


async def test_the_bind_says_who_we_are() -> None:
    async with linked(system_type="VMA", short_code="8041") as (smsc, _):
        connection = await smsc.next()

        bind = codec.decode_bind((await connection.bind()).body)

        assert bind == codec.Bind("motcua", "s3cr3t!x", "VMA", 0x34, 0, 0, "8041")


async def test_the_window_is_respected_and_refilled() -> None:
    async with linked(window=3) as (smsc, ours):
        connection = await smsc.bound()
        sending = [asyncio.create_task(ours.send(item())) for _ in range(5)]

        first = [await connection.expect(spec.SUBMIT_SM) for _ in range(3)]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await connection.read()
        connection.accept(first[1], "b")
        fourth = await connection.expect(spec.SUBMIT_SM)
        for submit in (first[0], first[2], fourth):
            connection.accept(submit, "x")
        connection.accept(await connection.expect(spec.SUBMIT_SM), "last")

        assert all(isinstance(outcome, Accepted) for outcome in await wait_all(*sending))


async def test_answers_in_any_order_find_their_submits() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        items = [item(f"so {number}") for number in range(4)]
        sending = [asyncio.create_task(ours.send(each)) for each in items]

        submits = [await connection.expect(spec.SUBMIT_SM) for _ in items]
        for submit in reversed(submits):
            connection.accept(submit, codec.decode_short_message(submit.body).octets.decode())

        assert await wait_all(*sending) == [Accepted((f"so {number}",)) for number in range(4)]


async def test_answers_cut_up_and_glued_together_are_understood() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = [asyncio.create_task(ours.send(item())) for _ in range(2)]
        first, second = [await connection.expect(spec.SUBMIT_SM) for _ in sending]

        stream = pdu(spec.SUBMIT_SM_RESP, first.sequence, b"1\0") + pdu(spec.SUBMIT_SM_RESP, second.sequence, b"2\0")
        for octets in (stream[:5], stream[5:19], stream[19:]):
            connection.writer.write(octets)
            await asyncio.sleep(0.02)

        assert await wait_all(*sending) == [Accepted(("1",)), Accepted(("2",))]


async def test_a_link_that_falls_leaves_the_window_uncertain_and_the_rest_unsent() -> None:
    async with linked(window=2) as (smsc, ours):
        connection = await smsc.bound()
        sending = [asyncio.create_task(ours.send(item())) for _ in range(5)]
        for _ in range(2):
            await connection.expect(spec.SUBMIT_SM)

        connection.writer.transport.abort()
        outcomes = await wait_all(*sending)

        assert [type(outcome) for outcome in outcomes] == [Uncertain] * 2 + [ChannelDown] * 3
        again = await smsc.bound()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await again.read()


async def test_silence_after_a_submit_is_uncertain() -> None:
    async with linked(response_timeout=0.3) as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item()))

        await connection.expect(spec.SUBMIT_SM)

        assert await wait_all(sending) == [Uncertain("part 1: no answer within 0.3 s")]


async def test_an_answer_after_the_time_makes_the_uncertain_known() -> None:
    async with linked(response_timeout=0.3) as (smsc, ours):
        connection = await smsc.bound()
        late = item()
        sending = asyncio.create_task(ours.send(late))
        submit = await connection.expect(spec.SUBMIT_SM)
        assert isinstance((await wait_all(sending))[0], Uncertain)

        connection.accept(submit, "late-42")
        await ours.events.until(lambda events: bool(events.receipts))

        [receipt] = ours.events.receipts
        assert (receipt.item_id, receipt.reference, receipt.state) == (late.id, "late-42", DeliveryState.ACCEPTED)


async def test_an_answer_that_nobody_waits_for_harms_nothing() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        connection.send(spec.SUBMIT_SM_RESP, 4242, b"stray\0")
        connection.send(spec.GENERIC_NACK, 4243, status=spec.SYSTEM_ERROR)
        connection.send(spec.DELIVER_SM_RESP, 4244)

        assert isinstance(await sent(ours, connection), Accepted)


async def test_an_answer_without_an_id_is_an_acceptance() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item()))
        submit = await connection.expect(spec.SUBMIT_SM)

        connection.send(spec.SUBMIT_SM_RESP, submit.sequence)

        assert await wait_all(sending) == [Accepted(())]


async def test_a_generic_nack_refuses_the_submit_it_names() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item()))
        submit = await connection.expect(spec.SUBMIT_SM)

        connection.send(spec.GENERIC_NACK, submit.sequence, status=spec.INVALID_MESSAGE_LENGTH)

        assert await wait_all(sending) == [Rejected("ESME_RINVMSGLEN (0x01)")]


async def test_their_enquire_link_is_answered() -> None:
    async with linked() as (smsc, _):
        connection = await smsc.bound()

        connection.send(spec.ENQUIRE_LINK, 77)

        assert await connection.read() == Frame(spec.ENQUIRE_LINK_RESP, spec.OK, 77, b"")


async def test_a_silent_link_is_tried_and_kept_while_it_answers() -> None:
    async with linked(enquire_link=0.1) as (smsc, ours):
        connection = await smsc.bound()

        for _ in range(3):
            enquiry = await connection.expect(spec.ENQUIRE_LINK)
            connection.send(spec.ENQUIRE_LINK_RESP, enquiry.sequence)

        assert isinstance(await sent(ours, connection), Accepted)


async def test_a_link_that_no_longer_answers_is_given_up_and_made_anew() -> None:
    async with linked(enquire_link=0.1, response_timeout=0.2) as (smsc, _):
        connection = await smsc.bound()

        await connection.expect(spec.ENQUIRE_LINK)

        await smsc.bound()


async def test_an_smsc_that_unbinds_us_is_answered_and_bound_again() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()

        connection.send(spec.UNBIND, 9)

        assert (await connection.read()).command == spec.UNBIND_RESP
        await connection.closed()
        again = await smsc.bound()
        assert isinstance(await sent(ours, again), Accepted)


async def test_closing_unbinds() -> None:
    async with scripted() as smsc:
        async with opened(settings_for(smsc.port)) as ours:
            connection = await smsc.bound()
            assert isinstance(await sent(ours, connection), Accepted)

            async def goodbye() -> None:
                unbind = await connection.expect(spec.UNBIND)
                connection.send(spec.UNBIND_RESP, unbind.sequence)
                await connection.closed()

            parting = asyncio.create_task(goodbye())
        await parting


async def test_no_delay_is_set_on_the_socket() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        await sent(ours, connection)
        session = await ours.channel.sender._pool.started()  # type: ignore[attr-defined]

        option = session._outlet._transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

        assert option


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", spec.INVALID_COMMAND_LENGTH),
        (RECEIPT[:20], spec.INVALID_COMMAND_LENGTH),
        (RECEIPT[:-10], spec.INVALID_MESSAGE_LENGTH),
        (RECEIPT + b"\x14\x00\x00\x09x", spec.INVALID_TLV_STREAM),
        (delivery(b"\xffshort", esm_class=0x40), spec.INVALID_MESSAGE_LENGTH),
    ],
)
async def test_a_malformed_delivery_is_refused_and_the_link_lives(body: bytes, status: int) -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()

        connection.send(spec.DELIVER_SM, 5, body)
        answer = await connection.expect(spec.DELIVER_SM_RESP)

        assert (answer.sequence, answer.status) == (5, status)
        assert isinstance(await sent(ours, connection), Accepted)
        assert ours.events.all == []


@pytest.mark.parametrize("length", [0, 15, 70_000])
async def test_octets_out_of_step_end_the_link_with_a_word_and_a_new_one_is_made(
    length: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item()))
        await connection.expect(spec.SUBMIT_SM)

        connection.writer.write(length.to_bytes(4) + bytes(12))

        assert (await connection.expect(spec.GENERIC_NACK)).status == spec.INVALID_COMMAND_LENGTH
        assert isinstance((await wait_all(sending))[0], Uncertain)
        assert str(length) in caplog.text
        await smsc.bound()


async def test_a_command_that_is_not_for_us_gets_a_generic_nack() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()

        connection.send(0x00000003, 6, b"query_sm")
        nack = await connection.expect(spec.GENERIC_NACK)

        assert (nack.sequence, nack.status) == (6, spec.INVALID_COMMAND)
        assert isinstance(await sent(ours, connection), Accepted)


async def test_notices_that_need_no_answer_get_none() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        connection.send(spec.ALERT_NOTIFICATION, 1, b"\x01\x0184912345678\0\x00\x00\0")
        connection.send(spec.OUTBIND, 2, b"smsc\0pw\0")

        assert isinstance(await sent(ours, connection), Accepted)


async def test_a_message_in_a_data_sm_is_heard_and_answered() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        payload = codec.encode_tlvs({spec.TAG_MESSAGE_PAYLOAD: "Hồ sơ".encode("utf-16-be")})

        connection.send(spec.DATA_SM, 3, b"\0\x01\x0184912345678\0\x03\x008041\0\x00\x01\x08" + payload)
        answer = await connection.expect(spec.DATA_SM_RESP)

        assert (answer.sequence, answer.status) == (3, spec.OK)
        assert [message.text for message in ours.events.messages] == ["Hồ sơ"]


async def test_a_delivery_is_answered_only_after_it_is_durable() -> None:
    events = Events(gate=asyncio.Event())
    assert events.gate
    async with linked(events=events) as (smsc, _):
        connection = await smsc.bound()
        connection.send(spec.DELIVER_SM, 1, RECEIPT)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await connection.read()

        events.gate.set()

        assert (await connection.expect(spec.DELIVER_SM_RESP)).status == spec.OK
        assert len(events.receipts) == 1


async def test_what_comes_while_a_batch_is_made_durable_is_the_next_batch() -> None:
    events = Events(gate=asyncio.Event())
    assert events.gate
    async with linked(events=events) as (smsc, _):
        connection = await smsc.bound()
        for sequence in range(1, 1201):
            connection.send(spec.DELIVER_SM, sequence, RECEIPT)
        connection.send(spec.ENQUIRE_LINK, 9999)
        assert (await connection.read()).command == spec.ENQUIRE_LINK_RESP, "all of it has been read"

        events.gate.set()
        answers = [await connection.expect(spec.DELIVER_SM_RESP) for _ in range(1200)]

        assert [answer.sequence for answer in answers] == list(range(1, 1201))
        assert max(events.batches) == 500
        assert len(events.batches) <= 4


async def test_a_receipt_that_names_no_message_is_answered_and_left(caplog: pytest.LogCaptureFixture) -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()

        connection.send(spec.DELIVER_SM, 1, delivery("stat:DELIVRD err:000", esm_class=4))

        assert (await connection.expect(spec.DELIVER_SM_RESP)).status == spec.OK
        assert ours.events.all == []
        assert "names no message" in caplog.text


async def test_a_bind_that_is_never_answered_ends_in_time_and_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with linked(bind_timeout=0.2) as (smsc, ours):
        await (await smsc.next()).expect(spec.BIND_TRANSCEIVER)

        outcome = await ours.send(item())

        assert outcome == ChannelDown(
            "not bound: không kết nối và đăng nhập được trong 0.2 giây / no connection and bind in time"
        )
        again = await smsc.bound()
        assert isinstance(await sent(ours, again), Accepted)


async def sent(ours: Opened, connection: Scripted) -> Outcome:
    """The outcome of a message that the SMSC takes: the link works."""
    sending = asyncio.create_task(ours.send_once_bound(item()))
    connection.accept(await connection.expect(spec.SUBMIT_SM), "works")
    return (await wait_all(sending))[0]
