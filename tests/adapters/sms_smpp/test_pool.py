"""Several connections as one account: who sends, who hears, and what one of them takes with it when it falls."""

import asyncio

import pytest

from adapters.channels import sms_smpp
from adapters.channels.sms_smpp import codec, spec
from bot.model.errors import ChannelError
from bot.model.message import Accepted, ChannelDown, Uncertain
from bot.ports import Channel
from tests.adapters.sms_smpp.support import (
    PASSWORD,
    SOON,
    Centre,
    Script,
    Scripted,
    centre,
    delivery,
    item,
    linked,
    opened,
    scripted,
    settings_for,
    wait_all,
)

RECEIPT = delivery("id:42 stat:DELIVRD err:000 text:", esm_class=4)


async def bound_pair(smsc: Script) -> tuple[Scripted, Scripted]:
    """The transmitter and the receiver, in whatever order they come."""
    by_command: dict[int, Scripted] = {}
    for _ in range(2):
        connection = await smsc.next()
        frame = await connection.read()
        connection.send(frame.command | spec.RESPONSE, frame.sequence, b"script\0")
        by_command[frame.command] = connection
    return by_command[spec.BIND_TRANSMITTER], by_command[spec.BIND_RECEIVER]


async def test_sender_and_hearer_are_bound_apart_and_the_hearer_alone_names_the_number() -> None:
    async with linked(bind="separate", short_code="8041") as (smsc, _):
        binds = {}
        for _ in range(2):
            frame = await (await smsc.next()).read()
            binds[frame.command] = codec.decode_bind(frame.body)

    assert binds[spec.BIND_TRANSMITTER].address_range == ""
    assert binds[spec.BIND_RECEIVER].address_range == "8041"
    assert {bind.system_id for bind in binds.values()} == {"motcua"}


async def test_submits_leave_by_the_one_and_receipts_come_by_the_other() -> None:
    async with linked(bind="separate") as (smsc, ours):
        transmitter, receiver = await bound_pair(smsc)
        sending = asyncio.create_task(ours.send(item()))

        transmitter.accept(await transmitter.expect(spec.SUBMIT_SM), "42")
        receiver.send(spec.DELIVER_SM, 1, RECEIPT)

        assert await wait_all(sending) == [Accepted(("42",))]
        assert (await receiver.expect(spec.DELIVER_SM_RESP)).status == spec.OK
        assert [receipt.reference for receipt in ours.events.receipts] == ["42"]


async def test_without_its_hearer_an_account_still_sends_and_without_its_sender_it_still_hears() -> None:
    async with linked(bind="separate", reconnect_min=30, reconnect_max=30) as (smsc, ours):
        transmitter, receiver = await bound_pair(smsc)
        receiver.writer.transport.abort()
        sending = asyncio.create_task(ours.send(item()))
        transmitter.accept(await transmitter.expect(spec.SUBMIT_SM), "42")
        assert await wait_all(sending) == [Accepted(("42",))]

    async with linked(bind="separate", reconnect_min=30, reconnect_max=30) as (smsc, ours):
        transmitter, receiver = await bound_pair(smsc)
        transmitter.writer.transport.abort()
        receiver.send(spec.DELIVER_SM, 1, RECEIPT)
        assert (await receiver.expect(spec.DELIVER_SM_RESP)).status == spec.OK
        assert isinstance(await ours.send(item()), ChannelDown)


async def test_what_is_sent_goes_where_there_is_most_room() -> None:
    async with linked(binds=2, window=3) as (smsc, ours):
        first, second = await smsc.bound(), await smsc.bound()
        await until_bound(ours.channel, 2)
        sending = [asyncio.create_task(ours.send(item())) for _ in range(6)]

        submits = [(connection, await connection.expect(spec.SUBMIT_SM)) for connection in (first, second) * 3]
        assert await first.is_silent()
        for number, (connection, submit) in enumerate(submits):
            connection.accept(submit, str(number))

        assert all(isinstance(outcome, Accepted) for outcome in await wait_all(*sending))
        assert ours.channel.limits.window == 6


async def test_a_link_that_falls_takes_only_what_it_carried() -> None:
    async with linked(binds=2, window=2, reconnect_min=30, reconnect_max=30) as (smsc, ours):
        first, second = await smsc.bound(), await smsc.bound()
        await until_bound(ours.channel, 2)
        sending = [asyncio.create_task(ours.send(item())) for _ in range(6)]
        for _ in range(2):
            await first.expect(spec.SUBMIT_SM)
        carried = [await second.expect(spec.SUBMIT_SM) for _ in range(2)]

        first.writer.transport.abort()
        for submit in carried:
            second.accept(submit, "its own")
        for _ in range(2):
            second.accept(await second.expect(spec.SUBMIT_SM), "moved")
        outcomes = await wait_all(*sending)

    kinds = [type(outcome) for outcome in outcomes]
    assert kinds.count(Uncertain) == 2, "what the fallen link had carried"
    assert kinds.count(Accepted) == 4, "what waited for it went by the other"


async def test_the_channel_is_down_only_when_no_link_is_left() -> None:
    async with linked(binds=2, reconnect_min=30, reconnect_max=30) as (smsc, ours):
        first, second = await smsc.bound(), await smsc.bound()
        await until_bound(ours.channel, 2)

        first.writer.transport.abort()
        await until_bound(ours.channel, 1)
        sending = asyncio.create_task(ours.send(item()))
        second.accept(await second.expect(spec.SUBMIT_SM), "1")
        assert await wait_all(sending) == [Accepted(("1",))]

        second.writer.transport.abort()
        await until_bound(ours.channel, 0)
        assert isinstance(await ours.send(item()), ChannelDown)


async def test_deliveries_are_heard_on_every_link() -> None:
    async with linked(binds=3) as (smsc, ours):
        for number in range(3):
            connection = await smsc.bound()
            connection.send(spec.DELIVER_SM, 1, delivery(f"id:{number} stat:DELIVRD err:000", esm_class=4))
            assert (await connection.expect(spec.DELIVER_SM_RESP)).status == spec.OK

        assert {receipt.reference for receipt in ours.events.receipts} == {"0", "1", "2"}


async def test_a_fallen_link_comes_back_while_the_others_work_on() -> None:
    async with centre() as smsc, opened(settings_for(smsc.port, binds=3, bind="separate")) as ours:
        await until_links(smsc, 6)
        assert isinstance(await ours.send(item()), Accepted)
        await smsc.drop()
        await until_links(smsc, 6)

        assert isinstance(await ours.send_once_bound(item()), Accepted)
        await ours.events.until(lambda events: len(events.receipts) == 2)


async def test_check_tries_every_role() -> None:
    async with centre(accounts={"motcua": PASSWORD}) as smsc:
        line = await sms_smpp.check(settings_for(smsc.port, bind="separate"))

        assert "transmitter, receiver" in line
        assert (await smsc.stats())["binds"] == 2


async def test_check_says_which_role_is_refused() -> None:
    async with scripted() as smsc:
        checking = asyncio.create_task(sms_smpp.check(settings_for(smsc.port, bind="separate")))
        transmitter = await smsc.bound(spec.BIND_TRANSMITTER)
        transmitter.send(spec.UNBIND_RESP, (await transmitter.expect(spec.UNBIND)).sequence)
        await (await smsc.next()).bind(spec.BIND_FAILED, command=spec.BIND_RECEIVER)

        with pytest.raises(ChannelError, match=r"ESME_RBINDFAIL.*receiver"):
            await checking


async def until_bound(channel: Channel, count: int) -> None:
    async with asyncio.timeout(SOON):
        while sum(link.session is not None for _, link in channel.sender._pool._links) != count:  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)


async def until_links(smsc: Centre, count: int) -> None:
    async with asyncio.timeout(SOON):
        while (await smsc.stats())["links"] != count:
            await asyncio.sleep(0.02)
