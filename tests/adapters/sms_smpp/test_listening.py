"""What the SMSC delivers: receipts and citizens' messages, through lost links and failing storage."""

import asyncio
import logging
import random
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.channels import sms_smpp
from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.concatenation import Part, header
from adapters.channels.sms_smpp.link import Link
from bot.model.clock import utc_now
from bot.model.errors import ChannelError
from bot.model.message import Accepted, ChannelDown, OutboxItem
from tests.adapters.sms_smpp.support import (
    PASSWORD,
    SOON,
    TLV,
    Centre,
    Events,
    centre,
    delivery,
    free_port,
    item,
    linked,
    number,
    opened,
    scripted,
    settings_for,
)

QUESTION = "Cho tôi hỏi hồ sơ H56.14-240823-0001 nộp ngày 12/11 đến đâu rồi, bao giờ có kết quả? " * 3
SHORT = "HS H56.14-240823-0001"


async def test_a_citizens_message_is_heard_and_acknowledged() -> None:
    async with centre() as smsc, opened(settings_for(smsc.port)) as ours:
        sender = number()

        status, answer = await smsc.write(sender, SHORT, wait=True)

        assert status == 202
        assert answer["id"]
        [message] = ours.events.messages
        assert (message.channel, message.sender.key, message.text) == ("sms", f"sms:{sender}", SHORT)


async def test_a_long_vietnamese_text_comes_and_goes_whole() -> None:
    async with centre() as smsc, opened(settings_for(smsc.port)) as ours:
        citizen = number()
        await smsc.write(citizen, QUESTION, wait=True)
        [message] = ours.events.messages

        outcome = await ours.send(item(message.text, to=message.sender.value))

        assert isinstance(outcome, Accepted)
        asked, answered = (await smsc.texts(citizen, after=0))[0], (await smsc.texts(citizen, after=1))[0]
        assert asked["text"] == answered["text"] == QUESTION
        assert (asked["from"], answered["from"], answered["state"]) == (citizen, "SOTNMT", "delivered")


async def test_an_smsc_that_delivers_one_by_one_still_gets_a_long_message_through() -> None:
    async with centre(deliver_window=1) as smsc, opened(settings_for(smsc.port, hold_parts=0.1)) as ours:
        status, _ = await smsc.write(number(), QUESTION, wait=True)

        assert status == 202
        assert {message.text for message in ours.events.messages} == {QUESTION}
        assert len({message.message_id for message in ours.events.messages}) == 1
        assert (await smsc.stats())["mo_refused"] > 0


async def test_no_part_is_acknowledged_before_the_whole_is_durable() -> None:
    async with linked(hold_parts=60) as (smsc, ours):
        connection = await smsc.bound()
        connection.send(spec.DELIVER_SM, 1, part(1, b"xin "))
        connection.send(spec.ENQUIRE_LINK, 99)
        assert (await connection.read()).command == spec.ENQUIRE_LINK_RESP

        connection.send(spec.DELIVER_SM, 2, part(2, b"chao"))
        answers = [await connection.expect(spec.DELIVER_SM_RESP) for _ in range(2)]

        assert [(answer.sequence, answer.status) for answer in answers] == [(1, spec.OK), (2, spec.OK)]
        assert [message.text for message in ours.events.messages] == ["xin chao"]


async def test_a_long_message_that_stays_incomplete_is_handed_on_as_it_is() -> None:
    async with linked(hold_parts=0.1, join_timeout=0.5) as (smsc, ours):
        connection = await smsc.bound()

        connection.send(spec.DELIVER_SM, 1, part(1, b"H56.14-240823-0001"))

        assert (await connection.expect(spec.DELIVER_SM_RESP)).status == spec.RX_TEMPORARY
        await ours.events.until(lambda events: bool(events.messages))
        assert [message.text for message in ours.events.messages] == ["H56.14-240823-0001…"]


async def test_a_message_whose_acknowledgement_was_lost_comes_again_with_the_same_id() -> None:
    events = Events(gate=asyncio.Event())
    assert events.gate
    async with scripted() as smsc, opened(settings_for(smsc.port), events=events):
        connection = await smsc.bound()
        connection.send(spec.DELIVER_SM, 1, delivery(SHORT))
        connection.send(spec.ENQUIRE_LINK, 2)
        await connection.expect(spec.ENQUIRE_LINK_RESP)
        connection.writer.transport.abort()
        events.gate.set()

        again = await smsc.bound()
        again.send(spec.DELIVER_SM, 1, delivery(SHORT))
        assert (await again.expect(spec.DELIVER_SM_RESP)).status == spec.OK

        first, second = events.messages
        assert first.message_id == second.message_id
        smsc.hang_up()


async def test_the_same_words_minutes_later_are_another_message() -> None:
    now = utc_now()
    async with scripted() as smsc, opened(settings_for(smsc.port), clock=lambda: now) as ours:
        connection = await smsc.bound()
        for sequence in (1, 2):
            connection.send(spec.DELIVER_SM, sequence, delivery(SHORT))
            await connection.expect(spec.DELIVER_SM_RESP)
            now += timedelta(minutes=2)

        first, second = ours.events.messages
        assert first.message_id != second.message_id
        smsc.hang_up()


async def test_what_could_not_be_stored_is_not_acknowledged_and_comes_again() -> None:
    events = Events(failing=2)
    async with centre() as smsc, opened(settings_for(smsc.port), events=events) as ours:
        status, _ = await smsc.write(number(), SHORT, wait=True)

        assert status == 202
        assert [message.text for message in events.messages] == [SHORT]
        assert (await smsc.stats())["mo_refused"] == 2
        assert isinstance(await ours.send(item()), Accepted), "the link stayed"
        assert (await smsc.stats())["binds"] == 1


async def test_receipts_that_were_not_acknowledged_come_again_after_a_lost_link(tmp_path: Path) -> None:
    events = Events(gate=asyncio.Event())
    assert events.gate
    async with centre(tmp_path / "log") as smsc, opened(settings_for(smsc.port), events=events) as ours:
        outcomes = [await ours.send(item()) for _ in range(20)]
        references = {outcome.references[0] for outcome in outcomes if isinstance(outcome, Accepted)}
        await until_counted(smsc, "receipt_sent", 20)

        await smsc.drop()
        await ours.send_once_bound(item(to=number("0003")))
        events.gate.set()
        await until_counted(smsc, "receipt_taken", 20)

        assert {receipt.reference for receipt in events.receipts} == references
        assert {line["message_id"] for line in await smsc.journal("receipt_taken")} == references
        assert len(references) == 20


async def test_receipts_of_an_earlier_process_are_heard_by_the_next() -> None:
    async with centre(delay=0.3) as smsc:
        async with opened(settings_for(smsc.port)) as ours:
            outcome = await ours.send(item())
            assert isinstance(outcome, Accepted)
            assert not ours.events.receipts

        async with opened(settings_for(smsc.port)) as ours:
            await ours.events.until(lambda events: bool(events.receipts))

            assert [receipt.reference for receipt in ours.events.receipts] == list(outcome.references)


async def test_a_wrong_password_is_told_and_tried_again_until_it_is_right() -> None:
    port, control_port = free_port(), free_port()
    async with opened(settings_for(port)) as ours:
        async with centre(port=port, control_port=control_port, accounts={"motcua": "other"}) as smsc:
            await until_counted(smsc, "binds_refused", 2)
            outcome = await ours.send(item())
            assert outcome == ChannelDown("not bound: bind refused: ESME_RINVPASWD (0x0E)")

        async with centre(port=port, control_port=control_port, accounts={"motcua": PASSWORD}):
            assert isinstance(await ours.send_once_bound(item()), Accepted)


async def test_an_unknown_account_is_told() -> None:
    async with centre(accounts={"other": "x"}) as smsc, opened(settings_for(smsc.port)) as ours:
        assert await ours.send(item()) == ChannelDown("not bound: bind refused: ESME_RINVSYSID (0x0F)")


async def test_the_pauses_between_attempts_grow_and_are_spread() -> None:
    settings = settings_for(free_port(), reconnect_min=1, reconnect_max=60)

    def nothing(*_: object) -> None: ...

    def pauses(jitter: float) -> list[float]:
        link = Link(settings, heard=nothing, late=nothing, lost=nothing, jitter=lambda: jitter)
        return [link._pause(failures) for failures in range(1, 9)]

    assert pauses(1.0) == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pauses(0.0) == [0.5, 1, 2, 4, 8, 16, 30, 30]


async def test_check_binds_once_and_parts() -> None:
    async with centre(accounts={"motcua": PASSWORD}) as smsc:
        line = await sms_smpp.check(settings_for(smsc.port))

        assert str(smsc.port) in line
        stats = await smsc.stats()
        assert (stats["binds"], stats["links"]) == (1, 0)


@pytest.mark.parametrize(("accounts", "reason"), [({"motcua": "other"}, "RINVPASWD"), ({"other": "x"}, "RINVSYSID")])
async def test_check_says_why_the_bind_was_refused(accounts: dict[str, str], reason: str) -> None:
    async with centre(accounts=accounts) as smsc:
        with pytest.raises(ChannelError, match=reason):
            await sms_smpp.check(settings_for(smsc.port))


async def test_check_says_that_nobody_is_there() -> None:
    with pytest.raises(ChannelError, match="cannot connect"):
        await sms_smpp.check(settings_for(free_port()))


async def test_the_password_is_handed_over_to_be_kept_out_of_logs_and_seen_nowhere_else() -> None:
    settings = settings_for(free_port())

    async with sms_smpp.open("sms", settings) as channel:
        assert channel.secrets == (PASSWORD,)
        assert PASSWORD not in repr(channel) + repr(settings)
        assert (channel.limits.window, channel.limits.receipts, channel.limits.plain) == (100, True, True)


async def test_no_secret_number_or_text_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    events = Events(failing=1)
    citizen, words = number(), "bi mat cua toi"
    async with centre() as smsc:
        async with opened(settings_for(smsc.port, response_timeout=0.3, reference_tlv=TLV), events=events) as ours:
            for ending in ("7777", "0001", "0006", "0007", "0008"):
                await ours.send_once_bound(item(words, to=f"+8491{citizen[5:8]}{ending}"))
            await smsc.write(citizen, words, wait=True)
            await smsc.drop()
            await ours.send_once_bound(item(words, to=citizen))
        async with opened(settings_for(free_port(), password=SecretStr("another-secret"))) as ours:
            await ours.send(item(words, to=citizen))
    async with linked() as (script, _):
        connection = await script.bound()
        connection.send(spec.DELIVER_SM, 1, delivery(words)[:-2])
        await connection.expect(spec.DELIVER_SM_RESP)

    logged = "\n".join(f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records)
    assert "bound" in logged
    for hidden in (PASSWORD, "another-secret", citizen[1:], citizen[3:8], words):
        assert hidden not in logged


async def test_under_random_drops_nothing_accepted_lacks_its_receipt(tmp_path: Path) -> None:
    rng = random.Random(7)
    async with centre(tmp_path / "log", delay=0.01) as smsc:
        async with opened(settings_for(smsc.port, window=50, reference_tlv=TLV, reconnect_min=0.01)) as ours:
            items = [item(to=number()) for _ in range(600)]

            async def sender(mine: list[OutboxItem]) -> None:
                for each in mine:
                    await ours.send_once_bound(each)

            async with asyncio.TaskGroup() as tasks:
                for start in range(30):
                    tasks.create_task(sender(items[start::30]))
                for _ in range(6):
                    await asyncio.sleep(rng.uniform(0.02, 0.06))
                    await smsc.drop()
            taken = {line["reference"] for line in await smsc.journal("submit")}
            await ours.events.until(lambda events: {receipt.item_id for receipt in events.receipts} >= taken)

        submits = await smsc.journal("submit")
        assert len({line["reference"] for line in submits}) == len(submits), "nothing was sent twice"


async def test_no_delivery_however_mangled_goes_unanswered_or_breaks_the_link() -> None:
    rng = random.Random(11)
    receipt = {spec.TAG_RECEIPTED_MESSAGE_ID: b"42", spec.TAG_MESSAGE_STATE: b"\x02", TLV: b"x" * 26}
    sound = [
        delivery(SHORT),
        delivery("hồ sơ", coding=8),
        part(1, b"xin "),
        delivery("id:42 stat:DELIVRD err:000 text:", esm_class=4, tlvs=receipt),
    ]

    def mangled() -> bytes:
        octets = bytearray(rng.choice(sound))
        for _ in range(rng.randrange(6)):
            octets[rng.randrange(len(octets))] = rng.randrange(256)
        return bytes(octets[: rng.randrange(len(octets) + 1)] if rng.random() < 0.3 else octets)

    async with linked(hold_parts=0.2, join_timeout=0.5) as (smsc, ours):
        connection = await smsc.bound()
        for sequence in range(1, 3001):
            connection.send(rng.choice((spec.DELIVER_SM, spec.DATA_SM)), sequence, mangled())

        answered = {(await connection.read()).sequence for _ in range(3000)}

        assert answered == set(range(1, 3001))
        assert ours.events.all


def part(place: int, octets: bytes) -> bytes:
    return delivery(header(Part(9, 2, place)) + octets, esm_class=spec.UDH_INDICATOR)


async def until_counted(smsc: Centre, name: str, count: int) -> None:
    async with asyncio.timeout(SOON):
        while True:
            if (await smsc.stats())[name] >= count:
                return
            await asyncio.sleep(0.02)
