"""What a message becomes on the wire: the three forms of long texts, and the sender that it names."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.addresses import source_of
from adapters.channels.sms_smpp.alphabet import decoded
from adapters.channels.sms_smpp.codec import Place, ShortMessage
from adapters.channels.sms_smpp.composing import Composed, Composer
from adapters.channels.sms_smpp.concatenation import Part, opened
from bot.model.clock import utc_now
from bot.model.message import Accepted, DeliveryState, OutboxItem, Rejected
from bot.model.sms import segment
from tests.adapters.sms_smpp.support import centre, item, linked, number, settings_for, wait_all
from tests.adapters.sms_smpp.support import opened as opened_channel

ACCENTED = "Kính gửi ông/bà: hồ sơ đã có kết quả, mời đến nhận tại bộ phận Một cửa. " * 3
PLAIN = "Kinh gui ong/ba: ho so da co ket qua, moi den nhan tai bo phan Mot cua [UBND]. " * 4


def composed(sent: OutboxItem, *, reference: int = 0x1FE, **changes: Any) -> Composed:
    result = Composer(settings_for(2775, **changes), utc_now, reference=reference).compose(sent)
    assert isinstance(result, Composed)
    return result


def messages(result: Composed) -> Sequence[ShortMessage]:
    return [codec.decode_short_message(body) for body in result.bodies]


@pytest.mark.parametrize("text", [PLAIN, ACCENTED])
def test_one_payload_carries_the_whole_and_counts_its_parts(text: str) -> None:
    result = composed(item(text), long_messages="payload")

    [message] = messages(result)
    assert message.tlvs[spec.TAG_MESSAGE_PAYLOAD] == message.octets
    assert decoded(message.data_coding, message.octets) == text
    assert message.esm_class == 0
    assert result.parts == len(segment(text).parts) > 1


def test_a_short_text_needs_no_payload() -> None:
    [message] = messages(composed(item("Ho so"), long_messages="payload"))

    assert message.octets == b"Ho so"
    assert spec.TAG_MESSAGE_PAYLOAD not in message.tlvs


def test_sar_parameters_say_what_a_header_would() -> None:
    parts = messages(composed(item(ACCENTED), long_messages="sar"))

    assert {part.esm_class for part in parts} == {0}
    assert [opened(part)[0] for part in parts] == [Part(0x1FF, len(parts), n) for n in range(1, len(parts) + 1)]
    assert "".join(part.octets.decode("utf-16-be") for part in parts) == ACCENTED


@pytest.mark.parametrize(("bits", "reference", "header"), [(8, 0xFF, 6), (16, 0x1FF, 7)])
def test_a_header_has_a_reference_of_as_many_bits_as_configured(bits: int, reference: int, header: int) -> None:
    parts = messages(composed(item(ACCENTED), udh_reference=bits))

    assert [opened(part)[0] for part in parts] == [Part(reference, len(parts), n) for n in range(1, len(parts) + 1)]
    assert {part.octets[0] + 1 for part in parts} == {header}
    assert max(len(part.octets) for part in parts) <= 140


def test_packed_parts_begin_at_a_septets_border_behind_their_header() -> None:
    [first, _] = messages(composed(item("A" * 161), alphabet="gsm7-packed"))

    assert first.octets[:6] == bytes([5, 0, 3, 0xFF, 2, 1])
    assert first.octets[6] == ord("A") << 1 & 0xFF
    assert len(first.octets) == 140


def test_references_go_round() -> None:
    composer = Composer(settings_for(2775, udh_reference=16), utc_now, reference=0xFFFE)

    seen = []
    for _ in range(3):
        result = composer.compose(item(ACCENTED))
        assert isinstance(result, Composed)
        part, _ = opened(messages(result)[0])
        assert part
        seen.append(part.reference)

    assert seen == [0xFFFF, 0, 1]


@pytest.mark.parametrize("form", ["udh", "payload", "sar"])
@pytest.mark.parametrize("alphabet", ["gsm7", "gsm7-packed", "latin-1"])
@pytest.mark.parametrize("text", [PLAIN, ACCENTED])
async def test_every_form_arrives_whole_and_its_receipts_come(form: str, alphabet: str, text: str) -> None:
    async with (
        centre(alphabet=alphabet) as smsc,
        opened_channel(settings_for(smsc.port, alphabet=alphabet, long_messages=form, udh_reference=16)) as ours,
    ):
        sent = item(text, to=number())

        outcome = await ours.send(sent)

        assert isinstance(outcome, Accepted)
        assert (len(outcome.references) == 1) is (form == "payload")
        assert [each["text"] for each in await smsc.texts(sent.address.value)] == [text]
        await ours.events.until(lambda events: len(events.receipts) == len(outcome.references))
        assert {receipt.state for receipt in ours.events.receipts} == {DeliveryState.DELIVERED}


@pytest.mark.parametrize(
    ("sender", "place"),
    [
        ("8041", Place(3, 0, "8041")),
        ("19001234", Place(3, 0, "19001234")),
        ("+8041", Place(3, 0, "8041")),
        ("0912345678", Place(1, 1, "0912345678")),
        ("+84912345678", Place(1, 1, "84912345678")),
        ("UBND-PHUONG", Place(5, 0, "UBND-PHUONG")),
        ("So TNMT", Place(5, 0, "So TNMT")),
    ],
)
async def test_a_message_goes_under_the_sender_it_names(sender: str, place: Place) -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()
        sending = asyncio.create_task(ours.send(item(sender=sender)))
        submit = await connection.submit()
        connection.accept(submit, "1")

        assert codec.decode_short_message(submit.body).source == place
        assert await wait_all(sending) == [Accepted(("1",))]


def test_a_message_that_names_none_goes_under_the_accounts_own() -> None:
    [message] = messages(composed(item(), source_addr="8041", source_ton=3, source_npi=9))

    assert message.source == Place(3, 9, "8041")


@pytest.mark.parametrize("sender", ["UBND-THANHPHO", "1" * 21, "Sở TNMT", "UBND\n"])
async def test_what_cannot_be_a_sender_rejects_the_message_and_is_not_repeated(sender: str) -> None:
    async with linked() as (smsc, ours):
        connection = await smsc.bound()

        outcome = await ours.send(item(sender=sender))

        assert isinstance(outcome, Rejected)
        assert not outcome.blocked
        assert "sender" in outcome.reason
        assert sender not in outcome.reason
        assert await connection.is_silent(0.05)


def test_the_reason_says_how_long_a_name_may_be() -> None:
    assert "11" in str(source_of("UBND-THANHPHO"))
