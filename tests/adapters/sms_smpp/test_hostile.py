"""An SMSC that misbehaves, on a raw socket: nothing crashes, hangs or grows, and every message has an honest end."""

import asyncio
import socket
from collections import Counter
from typing import Any

import pytest

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.framing import pdu
from bot.model.message import Accepted, ChannelDown, Outcome
from tests.adapters.sms_smpp.support import (
    Opened,
    Scripted,
    delivery,
    item,
    linked,
    scripted,
    settings_for,
    wait_all,
)
from tests.adapters.sms_smpp.support import opened as opened_channel

LONG = "a" * 153 * 200
"""30 kB on the wire, in one message_payload."""
SHORT_PATIENCE: dict[str, Any] = {"response_timeout": 0.3, "reconnect_min": 30, "reconnect_max": 30}


def kinds(outcomes: list[Outcome]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


async def works(ours: Opened, connection: Scripted) -> None:
    sending = asyncio.create_task(ours.send_once_bound(item()))
    connection.accept(await connection.submit(), "works")
    assert await wait_all(sending) == [Accepted(("works",))]


async def with_little_room(ours: Opened) -> asyncio.Transport:
    """Our end of the bound connection, for which the system keeps hardly anything back."""
    session = await ours.channel.sender._pool.started()  # type: ignore[attr-defined]
    transport: asyncio.Transport = session._outlet._transport
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return transport


@pytest.mark.parametrize(
    ("body", "references"),
    [
        (b"", ()),
        (b"\0", ()),
        (b"no end", ("no end",)),
        (b"\xff\xfe\0", ("\xff\xfe",)),
        (b"7\0trailing rubbish", ("7",)),
        (b"x" * 60_000, ("x" * 65,)),
    ],
)
async def test_any_answer_with_status_ok_is_an_acceptance(body: bytes, references: tuple[str, ...]) -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item()))
        submit = await connection.expect(spec.SUBMIT_SM)

        connection.send(spec.SUBMIT_SM_RESP, submit.sequence, body)

        assert await wait_all(sending) == [Accepted(references)]
        await works(ours, connection)


async def test_a_delivery_without_any_text_is_heard_and_answered() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()

        connection.send(spec.DELIVER_SM, 1, delivery(""))

        assert (await connection.expect(spec.DELIVER_SM_RESP)).status == spec.OK
        assert [message.text for message in ours.events.messages] == [""]


@pytest.mark.parametrize("command", [0x00000777, 0x000000FF, spec.SUBMIT_SM, spec.BIND_TRANSCEIVER, spec.CANCEL_SM])
async def test_a_command_that_is_no_business_of_ours_is_refused(command: int) -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()

        connection.send(command, 5, b"\xff" * 100)

        nack = await connection.expect(spec.GENERIC_NACK)
        assert (nack.sequence, nack.status) == (5, spec.INVALID_COMMAND)
        await works(ours, connection)


@pytest.mark.parametrize(
    "command",
    [0x80000777, spec.QUERY_SM_RESP, spec.UNBIND_RESP, spec.ENQUIRE_LINK_RESP, spec.DELIVER_SM_RESP, 0xFFFFFFFF],
)
async def test_an_answer_to_nothing_changes_nothing(command: int) -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        for sequence in (0, 1, 2, 0xFFFFFFFF):
            connection.send(command, sequence, b"\xff" * 30)

        await works(ours, connection)


async def test_answers_with_wrong_numbers_leave_the_window_uncertain_and_the_link_alive() -> None:
    async with linked(window=2, **SHORT_PATIENCE) as (smsc, ours):
        connection = await smsc.bound()
        sending = [asyncio.create_task(ours.send(item())) for _ in range(2)]
        for _ in sending:
            submit = await connection.expect(spec.SUBMIT_SM)
            connection.send(spec.SUBMIT_SM_RESP, submit.sequence + 1_000_000, b"4711\0")

        assert kinds(await wait_all(*sending)) == {"Uncertain": 2}
        await works(ours, connection)


async def test_an_answer_that_comes_twice_counts_once() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item()))
        submit = await connection.expect(spec.SUBMIT_SM)

        connection.accept(submit, "first")
        connection.accept(submit, "second")

        assert await wait_all(sending) == [Accepted(("first",))]
        await works(ours, connection)


async def test_a_bind_answered_under_a_wrong_number_is_no_bind() -> None:
    async with linked(bind_timeout=0.2) as (smsc, ours):
        connection = await smsc.next()
        frame = await connection.expect(spec.BIND_TRANSCEIVER)
        connection.send(frame.command | spec.RESPONSE, frame.sequence + 7, b"script\0")

        await connection.closed()

        await works(ours, await smsc.bound())


@pytest.mark.parametrize("body", [b"", b"no end", b"script\0\x02\x10\x00\x09x"])
async def test_a_bind_may_be_answered_with_any_body(body: bytes) -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.next()
        frame = await connection.expect(spec.BIND_TRANSCEIVER)

        connection.send(frame.command | spec.RESPONSE, frame.sequence, body)

        await works(ours, connection)


async def test_an_smsc_that_hangs_up_at_once_is_tried_again() -> None:
    async with linked() as (smsc, ours):
        (await smsc.next()).writer.transport.abort()

        await works(ours, await smsc.bound())


async def test_a_nack_without_a_number_meets_nobody() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item()))
        submit = await connection.expect(spec.SUBMIT_SM)

        connection.send(spec.GENERIC_NACK, 0, status=spec.INVALID_COMMAND_LENGTH)
        connection.accept(submit, "42")

        assert await wait_all(sending) == [Accepted(("42",))]


async def test_on_a_half_open_line_no_more_than_one_window_becomes_uncertain() -> None:
    async with linked(window=3, **SHORT_PATIENCE) as (smsc, ours):
        await smsc.bound()

        outcomes = await wait_all(*(ours.send(item()) for _ in range(20)))

        assert kinds(outcomes) == {"Uncertain": 3, "ChannelDown": 17}
        assert ChannelDown("no answer to enquire_link") in outcomes


async def test_an_smsc_that_talks_but_does_not_listen_is_given_up_as_well() -> None:
    async with linked(window=3, **SHORT_PATIENCE) as (smsc, ours):
        connection = await smsc.bound()

        async def talk() -> None:
            while not connection.writer.transport.is_closing():
                connection.send(spec.ENQUIRE_LINK, 7)
                await asyncio.sleep(0.02)

        talking = asyncio.create_task(talk())
        outcomes = await wait_all(*(ours.send(item()) for _ in range(20)))
        talking.cancel()

        assert kinds(outcomes) == {"Uncertain": 3, "ChannelDown": 17}


async def test_an_smsc_that_swallows_submits_but_answers_for_the_link_keeps_it() -> None:
    async with linked(window=2, **SHORT_PATIENCE) as (smsc, ours):
        connection = await smsc.bound()
        sending = [asyncio.create_task(ours.send(item())) for _ in range(4)]
        for _ in range(2):
            await connection.expect(spec.SUBMIT_SM)

        # No further submit before it is answered.
        enquiry = await connection.expect(spec.ENQUIRE_LINK)
        connection.send(spec.ENQUIRE_LINK_RESP, enquiry.sequence)
        for _ in range(2):
            connection.accept(await connection.expect(spec.SUBMIT_SM), "1")

        assert kinds(await wait_all(*sending)) == {"Uncertain": 2, "Accepted": 2}


async def test_while_the_smsc_does_not_read_submits_wait_and_then_end_honestly() -> None:
    changes = {**SHORT_PATIENCE, "long_messages": "payload", "window": 2000}
    async with linked(receive_buffer=4096, **changes) as (smsc, ours):
        await smsc.bound()
        sending: list[asyncio.Task[Outcome]] = []
        held_back = 0
        transport = await with_little_room(ours)

        for _ in range(100):
            sending.append(asyncio.create_task(ours.send(item(LONG))))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            held_back = max(held_back, transport.get_write_buffer_size())
        found = kinds(await wait_all(*sending))

        assert found.keys() == {"Uncertain", "ChannelDown"}
        assert found["ChannelDown"] > 50, "what had not left is not in doubt"
        assert held_back < 64 * 1024 + 2 * len(LONG)


async def test_a_slow_reader_gets_everything_in_the_end() -> None:
    async with linked(receive_buffer=4096, long_messages="payload", response_timeout=5) as (smsc, ours):
        connection = await smsc.bound()
        sending = [asyncio.create_task(ours.send(item(LONG))) for _ in range(60)]
        await asyncio.sleep(0.1)

        for number in range(60):
            connection.accept(await connection.submit(), str(number))
            await asyncio.sleep(0.002)

        assert await wait_all(*sending) == [Accepted((str(number),)) for number in range(60)]


async def test_an_smsc_that_sends_and_never_reads_our_answers_is_given_up() -> None:
    async with linked(receive_buffer=4096, response_timeout=0.3) as (smsc, ours):
        connection = await smsc.bound()
        await with_little_room(ours)
        receipt = delivery("id:42 stat:DELIVRD err:000", esm_class=4)
        flood = b"".join(pdu(spec.DELIVER_SM, sequence, receipt) for sequence in range(1, 501))

        async def pour() -> None:
            while not connection.writer.transport.is_closing():
                connection.writer.write(flood)
                await connection.writer.drain()
                await asyncio.sleep(0)

        pouring = asyncio.create_task(pour())
        again = await smsc.bound()
        pouring.cancel()

        await asyncio.wait((pouring,))
        await works(ours, again)


async def test_closing_while_the_smsc_does_not_read_ends_at_once() -> None:
    async with scripted(receive_buffer=4096) as smsc:
        async with opened_channel(settings_for(smsc.port, long_messages="payload", window=2000)) as ours:
            await smsc.bound()
            sending = [asyncio.create_task(ours.send(item(LONG))) for _ in range(200)]
            await asyncio.sleep(0.2)
            closing = asyncio.get_running_loop().time()

        assert asyncio.get_running_loop().time() - closing < 1
        assert kinds(await wait_all(*sending)).keys() <= {"Uncertain", "ChannelDown"}


async def test_a_bad_optional_parameter_in_an_unknown_place_hurts_nobody() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        connection.send(spec.ALERT_NOTIFICATION, 1, b"\xff\xff\xff\xff")
        connection.send(spec.OUTBIND, 2, b"")
        connection.send(spec.DATA_SM, 3, b"\0\x01\x01849\0")
        connection.send(spec.DATA_SM, 4, b"\0\x01\x0184912345678\0\x03\x008041\0\x00\x01\x00" + b"\x04\x24\xff\xff")

        refused = [await connection.expect(spec.DATA_SM_RESP) for _ in range(2)]

        assert [answer.status for answer in refused] == [spec.INVALID_COMMAND_LENGTH, spec.INVALID_TLV_STREAM]
        await works(ours, connection)


async def test_a_delivery_by_data_sm_may_be_a_receipt() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        tlvs = codec.encode_tlvs({spec.TAG_RECEIPTED_MESSAGE_ID: b"42\0", spec.TAG_MESSAGE_STATE: b"\x02"})

        connection.send(spec.DATA_SM, 3, b"\0\x01\x0184912345678\0\x05\x00SOTNMT\0\x04\x00\x00" + tlvs)

        assert (await connection.expect(spec.DATA_SM_RESP)).status == spec.OK
        assert [receipt.reference for receipt in ours.events.receipts] == ["42"]
