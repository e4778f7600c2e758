"""Messages on their way out: what goes over the wire, and what each answer means."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.channels import sms_smpp
from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.composing import validity
from adapters.channels.sms_smpp.concatenation import Part, opened
from adapters.channels.sms_smpp.outcomes import VERDICTS, Rulings, Verdict
from adapters.channels.sms_smpp.recollection import user_message_reference
from bot.model.errors import ConfigError
from bot.model.message import Accepted, ChannelDown, DeliveryState, Outcome, Rejected, Retry, Uncertain
from bot.model.sms import segment
from tests.adapters.sms_smpp.support import (
    TLV,
    Opened,
    Scripted,
    centre,
    free_port,
    item,
    linked,
    number,
    settings_for,
    wait_all,
)
from tests.adapters.sms_smpp.support import opened as opened_channel

ACCENTED = "Kính gửi ông/bà: hồ sơ đã có kết quả, mời đến nhận tại bộ phận Một cửa. " * 3
PLAIN = "Kinh gui ong/ba: ho so da co ket qua, moi den nhan tai bo phan Mot cua [UBND]. " * 4
NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


async def test_a_submit_says_what_the_settings_and_the_message_say() -> None:
    async with linked(source_addr="8041", source_ton=3, source_npi=1, reference_tlv=TLV) as (smsc, ours):
        connection = await smsc.bound()
        sent = item("Ho so {1}", to="+84912345678", expires_in=2 * 86_400 + 3661)
        sending = asyncio.create_task(ours.send(sent))

        submit = await connection.expect(spec.SUBMIT_SM)
        connection.accept(submit, "42")
        await wait_all(sending)

        message = codec.decode_short_message(submit.body)
        assert message == codec.ShortMessage(
            source=codec.Place(3, 1, "8041"),
            destination=codec.Place(1, 1, "84912345678"),
            octets=b"Ho so \x1b(1\x1b)",
            registered_delivery=1,
            validity=message.validity,
            tlvs={
                spec.TAG_USER_MESSAGE_REFERENCE: user_message_reference(sent.id).to_bytes(2),
                TLV: sent.id.encode(),
            },
        )
        assert message.validity.startswith("0000020101")
        assert message.validity.endswith("R")


@pytest.mark.parametrize(
    ("form", "ahead", "written"),
    [
        ("relative", timedelta(hours=26, minutes=3, seconds=4), "000001020304000R"),
        ("relative", timedelta(seconds=-5), "000000000100000R"),
        ("relative", timedelta(days=400), "000030000000000R"),
        ("absolute", timedelta(hours=1), "261124060000000+"),
        ("none", timedelta(hours=1), ""),
    ],
)
def test_the_expiry_is_told_in_the_form_that_the_smsc_reads(form: str, ahead: timedelta, written: str) -> None:
    assert validity(NOON + ahead, NOON, form) == written


@pytest.mark.parametrize(("text", "coding"), [(PLAIN, 0), (ACCENTED, 8)])
async def test_a_long_text_goes_in_parts_under_one_reference(text: str, coding: int) -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item(text)))
        total = len(segment(text).parts)

        parts = []
        for reference in range(total):
            submit = await connection.expect(spec.SUBMIT_SM)
            connection.accept(submit, f"id-{reference}")
            parts.append(codec.decode_short_message(submit.body))

        assert await wait_all(sending) == [Accepted(tuple(f"id-{n}" for n in range(total)))]
        places = [opened(part)[0] for part in parts]
        assert places == [Part(places[0].reference, total, n) for n in range(1, total + 1) if places[0]]
        assert {part.data_coding for part in parts} == {coding}
        assert len({part.tlvs[spec.TAG_USER_MESSAGE_REFERENCE] for part in parts}) == 1
        assert max(len(part.octets) for part in parts) <= (160 if coding == 0 else 140)


async def test_two_long_messages_have_two_references() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        seen = set()
        for _ in range(3):
            sending = asyncio.create_task(ours.send(item(ACCENTED)))
            for _ in segment(ACCENTED).parts:
                submit = await connection.expect(spec.SUBMIT_SM)
                connection.accept(submit, "1")
                seen.add(codec.decode_short_message(submit.body).octets[3])
            await wait_all(sending)

        assert len(seen) == 3


async def answered(ours: Opened, connection: Scripted, status: int) -> Outcome:
    sending = asyncio.create_task(ours.send(item()))
    submit = await connection.expect(spec.SUBMIT_SM)
    connection.send(spec.SUBMIT_SM_RESP, submit.sequence, status=status)
    return (await wait_all(sending))[0]


async def test_every_status_of_the_specification_has_its_outcome() -> None:
    kinds = {
        Verdict.THROTTLED: Retry,
        Verdict.RETRY: Retry,
        Verdict.REJECTED: Rejected,
        Verdict.DOWN: ChannelDown,
    }
    for status, verdict in VERDICTS.items():
        if verdict is Verdict.THROTTLED:
            continue
        async with linked() as (smsc, ours):
            outcome = await answered(ours, await smsc.bound(), status)

            assert outcome == kinds[verdict](spec.status_name(status))
    assert set(VERDICTS) | {spec.OK} == set(spec.STATUS_NAMES)


@pytest.mark.parametrize("status", [0x0400, 0x04FF, 0x0500, 0x77, 0xFFFFFFFF])
async def test_a_status_of_unknown_meaning_rejects(status: int) -> None:
    async with linked() as (smsc, ours):
        outcome = await answered(ours, await smsc.bound(), status)

        assert outcome == Rejected(f"status (0x{status:02X})")


async def test_the_configuration_knows_a_providers_own_statuses() -> None:
    async with linked(statuses={"0x0450": "retry", "1025": "down"}) as (smsc, ours):
        connection = await smsc.bound()

        assert await answered(ours, connection, 0x450) == Retry("status (0x450)")
        assert await answered(ours, connection, 1025) == ChannelDown("status (0x401)")


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ({"do": "retry", "after": 60}, Retry("status (0x450)", 60)),
        ({"do": "throttled", "after": 90}, Retry("status (0x450)", 90, counts=False)),
        ("rejected", Rejected("status (0x450)")),
        ("blocked", Rejected("status (0x450)", blocked=True)),
        ("duplicate", Accepted(reason="status (0x450)")),
        ("down", ChannelDown("status (0x450)")),
    ],
)
async def test_a_status_may_mean_anything_in_the_table(rule: str | dict[str, object], outcome: Outcome) -> None:
    async with linked(statuses={"0x0400-0x04FF": rule}) as (smsc, ours):
        assert await answered(ours, await smsc.bound(), 0x450) == outcome


def test_one_status_goes_before_a_range_and_a_narrow_range_before_a_wide_one() -> None:
    rulings = Rulings({"0-0xFFFF": "down", "0x0400-0x04FF": "retry", "0x0450": "blocked", "1000-1100": "duplicate"})

    found = [rulings.of(status).verdict for status in (0x0450, 0x04FF, 1050, 0x0B, 0x10000)]

    assert found == [Verdict.BLOCKED, Verdict.RETRY, Verdict.DUPLICATE, Verdict.DOWN, Verdict.REJECTED]


def test_what_is_not_configured_keeps_the_meaning_of_the_specification() -> None:
    rulings = Rulings({"0x0400-0x04FF": "retry"})

    assert [rulings.of(status).verdict for status in (0x58, 0x0B)] == [Verdict.THROTTLED, Verdict.REJECTED]


@pytest.mark.parametrize("key", ["ESME_X", "0x04FF-0x0400"])
def test_a_status_that_is_none_is_an_error_one_can_read(key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        Rulings({key: "retry"})


@pytest.mark.parametrize("statuses", [{"ESME_X": "retry"}, {"0x45": "perhaps"}, {"0x45": {"do": "retry", "after": 0}}])
def test_a_mistake_in_the_table_is_found_when_the_configuration_is_read(statuses: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="statuses"):
        settings_for(free_port(), statuses=statuses)


async def test_a_part_that_they_have_already_counts_as_taken() -> None:
    async with linked(statuses={"0x0450": "duplicate"}) as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item(ACCENTED[:100])))
        first = await connection.expect(spec.SUBMIT_SM)
        connection.send(spec.SUBMIT_SM_RESP, first.sequence, status=0x450)
        connection.accept(await connection.expect(spec.SUBMIT_SM), "2")

        assert await wait_all(sending) == [Accepted(("2",), reason="status (0x450)")]


async def test_a_later_part_does_not_wait_longer_than_a_send_may_take() -> None:
    async with linked(statuses={"0x0450": {"do": "retry", "after": 60}}) as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item(ACCENTED[:100])))
        connection.accept(await connection.expect(spec.SUBMIT_SM), "1")
        second = await connection.expect(spec.SUBMIT_SM)
        connection.send(spec.SUBMIT_SM_RESP, second.sequence, status=0x450)

        assert await wait_all(sending) == [Uncertain("part 2: status (0x450)", ("1",))]


async def test_throttling_asks_for_more_and_more_patience() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()

        # A few refusals may be about a few handsets.
        first = [await answered(ours, connection, spec.THROTTLED) for _ in range(5)][-1]
        await asyncio.sleep(1.05)
        second = await answered(ours, connection, spec.QUEUE_FULL)

        assert first == Retry("ESME_RTHROTTLED (0x58)", 1.0, counts=False)
        assert second == Retry("ESME_RMSGQFUL (0x14)", 2.0, counts=False)


async def test_a_later_part_that_is_refused_leaves_the_message_uncertain_with_what_was_taken() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item(ACCENTED)))
        connection.accept(await connection.expect(spec.SUBMIT_SM), "first")

        second = await connection.expect(spec.SUBMIT_SM)
        connection.send(spec.SUBMIT_SM_RESP, second.sequence, status=spec.INVALID_DESTINATION)

        assert await wait_all(sending) == [Uncertain("part 2: ESME_RINVDSTADR (0x0B)", ("first",))]


async def test_a_link_that_falls_between_parts_leaves_the_message_uncertain() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item(ACCENTED)))
        connection.accept(await connection.expect(spec.SUBMIT_SM), "first")
        await connection.expect(spec.SUBMIT_SM)

        connection.writer.transport.abort()

        [outcome] = await wait_all(sending)
        assert isinstance(outcome, Uncertain)
        assert outcome.references == ("first",)


async def test_a_first_part_that_is_refused_sends_nothing_more() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item(ACCENTED)))
        first = await connection.expect(spec.SUBMIT_SM)
        connection.send(spec.SUBMIT_SM_RESP, first.sequence, status=spec.INVALID_DESTINATION)

        assert await wait_all(sending) == [Rejected("ESME_RINVDSTADR (0x0B)")]
        connection.send(spec.ENQUIRE_LINK, 1)
        assert (await connection.read()).command == spec.ENQUIRE_LINK_RESP


async def test_a_later_part_is_offered_again_while_the_smsc_is_busy() -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item(ACCENTED[:100])))
        connection.accept(await connection.expect(spec.SUBMIT_SM), "1")
        busy = await connection.expect(spec.SUBMIT_SM)
        connection.send(spec.SUBMIT_SM_RESP, busy.sequence, status=spec.THROTTLED)

        again = await connection.expect(spec.SUBMIT_SM)
        connection.accept(again, "2")

        assert again.body == busy.body
        assert await wait_all(sending) == [Accepted(("1", "2"))]


@pytest.mark.parametrize("address", ["", "8041", "0912345678", "+84", "+84 912 345 678", "+8491234567890123", "+84abc"])
async def test_what_is_no_number_is_rejected_without_a_word_to_the_smsc(address: str) -> None:
    sent = item(to=address or "-")

    async with sms_smpp.open("sms", settings_for(free_port())) as channel:
        outcome = await channel.sender.send(sent)

    assert outcome == Rejected("the address is not an international number")


async def test_a_text_of_too_many_parts_is_rejected() -> None:
    async with linked() as (smsc, ours):
        await smsc.bound()

        assert isinstance(await ours.send(item("a" * 153 * 256)), Rejected)


async def test_without_a_listener_the_channel_is_down() -> None:
    async with sms_smpp.open("sms", settings_for(free_port())) as channel:
        async with asyncio.timeout(10):
            first = await channel.sender.send(item())
        async with asyncio.timeout(0.1):
            second = await channel.sender.send(item())

    assert first == second == ChannelDown("not bound: nobody keeps the link open")


async def test_while_the_smsc_is_away_the_channel_is_down_at_once() -> None:
    async with opened_channel(settings_for(free_port(), reconnect_min=30)) as ours, asyncio.timeout(20):
        outcomes = [await ours.send(item()) for _ in range(3)]

    assert all(isinstance(outcome, ChannelDown) and "cannot connect" in outcome.reason for outcome in outcomes)


async def test_a_send_that_is_given_up_leaves_the_window() -> None:
    async with linked(window=1) as (smsc, ours):
        connection = await smsc.bound()
        first = asyncio.create_task(ours.send(item("first")))
        submit = await connection.expect(spec.SUBMIT_SM)
        waiting = asyncio.create_task(ours.send(item("waits")))
        third = asyncio.create_task(ours.send(item("third")))
        await asyncio.sleep(0)

        first.cancel()
        waiting.cancel()
        await asyncio.wait([first, waiting])
        connection.accept(submit, "1")
        last = await connection.expect(spec.SUBMIT_SM)
        connection.accept(last, "2")

        assert codec.decode_short_message(last.body).octets == b"third"
        assert await wait_all(third) == [Accepted(("2",))]


@pytest.mark.parametrize(
    ("ending", "state", "reason"),
    [
        ("7777", DeliveryState.DELIVERED, "stat:DELIVRD err:000"),
        ("0002", DeliveryState.FAILED, "stat:UNDELIV err:011"),
        ("0004", DeliveryState.DELIVERED, "stat:DELIVRD err:000"),
        ("0005", DeliveryState.DELIVERED, "stat:DELIVRD err:000"),
        ("0009", DeliveryState.EXPIRED, "stat:EXPIRED err:027"),
    ],
)
@pytest.mark.parametrize("dialect", ["text", "tlv", "both"])
async def test_accepted_parts_get_their_receipts(ending: str, state: DeliveryState, reason: str, dialect: str) -> None:
    async with centre(receipts=dialect, slow_delay=0.2) as smsc, opened_channel(settings_for(smsc.port)) as ours:
        short = await ours.send(item("Ho so", to=number(ending)))
        long = await ours.send(item(ACCENTED, to=number(ending)))

        assert isinstance(short, Accepted)
        assert isinstance(long, Accepted)
        assert (len(short.references), len(long.references)) == (1, len(segment(ACCENTED).parts))
        references = {*short.references, *long.references}
        await ours.events.until(lambda events: len(events.receipts) >= len(references))
        assert {receipt.reference for receipt in ours.events.receipts} == references
        assert {(receipt.state, receipt.reason) for receipt in ours.events.receipts} == {(state, reason)}


async def test_a_refused_number_is_rejected() -> None:
    async with centre() as smsc, opened_channel(settings_for(smsc.port)) as ours:
        assert await ours.send(item(to=number("0001"))) == Rejected("ESME_RINVDSTADR (0x0B)")


async def test_a_throttled_message_is_taken_at_the_third_time() -> None:
    async with centre() as smsc, opened_channel(settings_for(smsc.port)) as ours:
        throttled = item(ACCENTED, to=number("0006"))

        outcomes = [await ours.send(throttled) for _ in range(3)]

        assert [type(outcome) for outcome in outcomes] == [Retry, Retry, Accepted]
        assert [text["text"] for text in await smsc.texts(throttled.address.value)] == [ACCENTED]


async def test_a_swallowed_message_is_uncertain_and_no_receipt_comes() -> None:
    async with centre() as smsc, opened_channel(settings_for(smsc.port, response_timeout=0.3)) as ours:
        outcome = await ours.send(item(to=number("0008")))

        assert isinstance(outcome, Uncertain)
        assert (await smsc.stats())["accepted"] == 0


async def test_a_message_lost_with_its_link_is_uncertain_until_its_receipt_comes(tmp_path: Path) -> None:
    async with (
        centre(tmp_path / "log") as smsc,
        opened_channel(settings_for(smsc.port, reference_tlv=TLV)) as ours,
    ):
        dropped = item(to=number("0007"))

        outcome = await ours.send(dropped)

        assert isinstance(outcome, Uncertain)
        await ours.events.until(lambda events: bool(events.receipts))
        [receipt] = ours.events.receipts
        assert (receipt.item_id, receipt.state) == (dropped.id, DeliveryState.DELIVERED)
        [line] = await smsc.journal("submit")
        assert (line["reference"], line["status"]) == (dropped.id, None)


async def test_too_fast_is_throttled_slows_us_down_and_everything_arrives_in_the_end() -> None:
    async with centre(rate=100) as smsc, opened_channel(settings_for(smsc.port)) as ours:
        waiting = [item(to=number()) for _ in range(250)]
        refusals = 0

        async with asyncio.timeout(30):
            while waiting:
                outcomes = await asyncio.gather(*(ours.send(each) for each in waiting))
                again = [each for each, outcome in zip(waiting, outcomes, strict=True) if isinstance(outcome, Retry)]
                assert [each for each in outcomes if not isinstance(each, Accepted | Retry)] == []
                refusals += len(again)
                waiting = again
                await asyncio.sleep(0.3 if again else 0)

        stats = await smsc.stats()
        assert stats["accepted"] == 250
        assert 0 < stats["throttled"] < 3 * 250
