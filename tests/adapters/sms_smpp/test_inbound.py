"""What citizens write, to which number, and the words that only steer it to us."""

import asyncio
import logging
import re
import unicodedata
from typing import Any

import pytest

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.concatenation import Part, header
from adapters.keywords import Keywords
from bot.model.message import Accepted, DeliveryState, Uncertain
from tests.adapters.sms_smpp.support import TLV, centre, delivery, item, linked, number, opened, settings_for, wait_all


async def heard(*bodies: bytes, **changes: Any) -> list[tuple[str, str]]:
    """Number written to and text of what the deliveries bring; all are answered well."""
    async with linked(**changes) as (smsc, ours):
        connection = await smsc.bound()
        for sequence, body in enumerate(bodies, 1):
            connection.send(spec.DELIVER_SM, sequence, body)
        for _ in bodies:
            assert (await connection.expect(spec.DELIVER_SM_RESP)).status == spec.OK
        return [(message.to, message.text) for message in ours.events.messages]


async def test_the_number_written_to_is_told() -> None:
    assert await heard(delivery("HS 1"), delivery("HS 2", to="19001234")) == [("8041", "HS 1"), ("19001234", "HS 2")]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("HS H56.14-240823-0001", "H56.14-240823-0001"),
        ("hs  H56.14-240823-0001", "H56.14-240823-0001"),
        (" Hs\nH56.14-240823-0001 cua toi", "H56.14-240823-0001 cua toi"),
        ("Hồ sơ H56.14-240823-0001", "H56.14-240823-0001"),
        ("HO SO H56", "H56"),
        (unicodedata.normalize("NFD", "hồ sơ H56"), "H56"),
        ("HSX H56", "HSX H56"),
        ("H56 HS", "H56 HS"),
        ("ho H56", "ho H56"),
        ("HS", ""),
        ("hs\t", ""),
        ("", ""),
    ],
)
def test_a_leading_keyword_is_taken_away(text: str, rest: str) -> None:
    assert Keywords(("HS", "hồ sơ", "")).without(text) == rest


def test_the_longest_keyword_goes_first() -> None:
    assert Keywords(("UBND", "UBND Phuong")).without("ubnd phường H56") == "H56"


def test_each_short_code_has_its_own_keywords() -> None:
    keywords = Keywords({"8041": ["KH"], "8141": ["MC"]})

    assert keywords.without("KH H56", "8041") == "H56"
    assert keywords.without("KH H56", "8141") == "KH H56"
    assert keywords.without("KH H56", "9000") == "KH H56"


async def test_keywords_of_one_message_and_of_a_long_one_are_taken_away() -> None:
    parts = [
        delivery(header(Part(9, 2, place)) + text.encode("utf-16-be"), esm_class=spec.UDH_INDICATOR, coding=8)
        for place, text in ((1, "Hồ s"), (2, "ơ H56 đâu?"))
    ]

    texts = await heard(delivery("HS H56"), *parts, keywords=["hs", "ho so"])

    assert texts == [("8041", "H56"), ("8041", "H56 đâu?")]


async def test_messages_to_other_numbers_are_answered_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    texts = await heard(
        *(delivery("not ours", to="9999") for _ in range(3)),
        delivery(header(Part(9, 2, 1)) + b"half", esm_class=spec.UDH_INDICATOR, to="9999"),
        delivery("ours"),
        delivery("ours too", to="+19001234"),
        short_codes=["8041", "19001234"],
    )

    assert [text for _, text in texts] == ["ours", "ours too"]
    for hidden in ("9999", "84912345678", "not ours"):
        assert hidden not in caplog.text


async def test_the_line_about_dropped_messages_comes_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    async with linked(short_codes=["8041"]) as (smsc, _):
        connection = await smsc.bound()
        for sequence in range(1, 41):
            connection.send(spec.DELIVER_SM, sequence, delivery("not ours", to="9999"))
            await connection.expect(spec.DELIVER_SM_RESP)
        async with asyncio.timeout(20):
            while "dropped" not in caplog.text:
                await asyncio.sleep(0.02)

        connection.send(spec.DELIVER_SM, 41, delivery("not ours", to="9999"))
        await connection.expect(spec.DELIVER_SM_RESP)
        await asyncio.sleep(0.3)

    [line] = [record.message for record in caplog.records if "dropped" in record.message]
    assert re.fullmatch("[1-9][0-9]* messages to numbers that are not ours were dropped since the start", line)


async def test_receipts_are_heard_whatever_number_they_are_for() -> None:
    async with linked(short_codes=["8041"]) as (smsc, ours):
        connection = await smsc.bound()
        connection.send(spec.DELIVER_SM, 1, delivery("id:42 stat:DELIVRD err:000", esm_class=4, to="SOTNMT"))
        await connection.expect(spec.DELIVER_SM_RESP)

        assert [receipt.reference for receipt in ours.events.receipts] == ["42"]


@pytest.mark.parametrize("coding", [spec.LATIN_1, spec.UCS_2])
async def test_what_no_database_takes_is_left_out(coding: int) -> None:
    octets = "a\0b".encode("utf-16-be" if coding == spec.UCS_2 else "latin-1")

    assert await heard(delivery(octets, coding=coding)) == [("8041", "ab")]


async def test_a_receipt_after_a_restart_makes_the_uncertain_known() -> None:
    async with centre(delay=0.3) as smsc:
        sent = item(to=number("0007"))
        async with opened(settings_for(smsc.port, reference_tlv=TLV, reconnect_min=30)) as ours:
            assert isinstance(await ours.send(sent), Uncertain)
            assert not ours.events.receipts

        async with opened(settings_for(smsc.port, reference_tlv=TLV)) as ours:
            await ours.events.until(lambda events: bool(events.receipts))

            [receipt] = ours.events.receipts
            assert (receipt.item_id, receipt.state) == (sent.id, DeliveryState.DELIVERED)


async def test_a_receipt_makes_the_uncertain_known_where_only_the_standard_reference_comes_back() -> None:
    async with centre() as smsc, opened(settings_for(smsc.port)) as ours:
        sent = item(to=number("0007"))

        assert isinstance(await ours.send(sent), Uncertain)
        await ours.events.until(lambda events: bool(events.receipts))

        [receipt] = ours.events.receipts
        assert (receipt.item_id, receipt.state) == (sent.id, DeliveryState.DELIVERED)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (spec.OK, DeliveryState.ACCEPTED),
        (spec.INVALID_DESTINATION, DeliveryState.FAILED),
        (0x450, DeliveryState.ACCEPTED),
        (spec.THROTTLED, None),
    ],
)
async def test_a_late_answer_says_what_became_of_the_uncertain(status: int, state: DeliveryState | None) -> None:
    async with linked(response_timeout=0.2, statuses={"0x450": "duplicate"}) as (smsc, ours):
        connection = await smsc.bound()
        sent = item()
        sending = asyncio.create_task(ours.send(sent))
        submit = await connection.expect(spec.SUBMIT_SM)
        assert isinstance((await wait_all(sending))[0], Uncertain)

        connection.send(spec.SUBMIT_SM_RESP, submit.sequence, b"" if status else b"42\0", status=status)
        connection.send(spec.DELIVER_SM, 1, delivery("id:7 stat:ENROUTE", esm_class=4))
        await ours.events.until(lambda events: any(receipt.reference == "7" for receipt in events.receipts))

        late = [receipt for receipt in ours.events.receipts if receipt.reference != "7"]
        assert [(receipt.item_id, receipt.state) for receipt in late] == ([(sent.id, state)] if state else [])


@pytest.mark.parametrize(("ids", "form"), [("decimal", "same"), ("hex", "same"), ("hex-decimal", "decimal-to-hex")])
@pytest.mark.parametrize("receipts", ["text", "tlv", "both", "upper", "minimal"])
async def test_every_dialect_of_receipts_finds_its_message(ids: str, form: str, receipts: str) -> None:
    async with (
        centre(ids=ids, receipts=receipts, intermediate=True, unknown_tlvs=True) as smsc,
        opened(settings_for(smsc.port, receipt_ids=form)) as ours,
    ):
        outcome = await ours.send(item())
        assert isinstance(outcome, Accepted)
        await ours.events.until(
            lambda events: any(receipt.state is DeliveryState.DELIVERED for receipt in events.receipts)
        )

        states = [receipt.state for receipt in ours.events.receipts if receipt.reference in outcome.references]
        assert states == [DeliveryState.ACCEPTED, DeliveryState.DELIVERED]
