"""Long texts and alphabets in all their forms, and the receipts' many dialects."""

import re
from itertools import pairwise

import pytest

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.framing import pdu
from adapters.simulators.smsc.alphabet import packed, unpacked
from tests.adapters.sms_smpp.support import Centre, centre, number
from tests.adapters.smsc.support import Client, bound, submit

ACCENTED = "Hồ sơ của ông/bà đã có kết quả, mời đến nhận. " * 4
CARRIER = 0x1403


async def shown(smsc: Centre, client: Client, *bodies: bytes) -> str:
    """What the phone 84912345678 shows after these submits."""
    for sequence, body in enumerate(bodies, 2):
        client.write(pdu(spec.SUBMIT_SM, sequence, body))
    [text] = await smsc.texts("+84912345678")
    return str(text["text"])


def slices(octets: bytes, size: int) -> list[bytes]:
    return [octets[start:end] for start, end in pairwise([*range(0, len(octets), size), len(octets)])]


async def test_a_long_text_in_one_message_payload_is_whole() -> None:
    async with centre() as smsc, bound(smsc) as client:
        body = submit(octets=b"", coding=8, tlvs={spec.TAG_MESSAGE_PAYLOAD: ACCENTED.encode("utf-16-be")})

        assert await shown(smsc, client, body) == ACCENTED


async def test_sar_parameters_tie_parts_together_in_any_order() -> None:
    async with centre() as smsc, bound(smsc) as client:
        parts = slices(ACCENTED.encode("utf-16-be"), 134)
        bodies = [
            submit(
                octets=part,
                coding=8,
                tlvs={
                    spec.TAG_SAR_REFERENCE: (0x1234).to_bytes(2),
                    spec.TAG_SAR_TOTAL: bytes([len(parts)]),
                    spec.TAG_SAR_NUMBER: bytes([place]),
                },
            )
            for place, part in enumerate(parts, 1)
        ]

        assert len(bodies) > 2
        assert await shown(smsc, client, *reversed(bodies)) == ACCENTED


@pytest.mark.parametrize("wide", [False, True])
async def test_headers_with_references_of_8_and_16_bits_tie_parts_together(*, wide: bool) -> None:
    async with centre() as smsc, bound(smsc) as client:
        parts = slices(ACCENTED.encode("utf-16-be"), 132)
        start = b"\x06\x08\x04\x12\x34" if wide else b"\x05\x00\x03\x34"
        bodies = [
            submit(octets=start + bytes([len(parts), place]) + part, coding=8, esm_class=spec.UDH_INDICATOR)
            for place, part in enumerate(parts, 1)
        ]

        assert await shown(smsc, client, *bodies) == ACCENTED


@pytest.mark.parametrize(
    ("alphabet", "octets", "text"),
    [
        # The example that everybody knows: "hellohello" in nine octets.
        ("gsm7-packed", bytes.fromhex("E8329BFD4697D9EC37"), "hellohello"),
        ("gsm7", b"\x00\x1b\x65\x02", "@€$"),
        ("latin-1", "Mã $ é".encode("latin-1"), "Mã $ é"),
        ("ascii", b"Ho so @$", "Ho so @$"),
    ],
)
async def test_the_default_alphabet_is_a_setting(alphabet: str, octets: bytes, text: str) -> None:
    async with centre(alphabet=alphabet) as smsc, bound(smsc) as client:
        assert await shown(smsc, client, submit(octets=octets)) == text


@pytest.mark.parametrize("coding", [0x08, 0x18, 0x19])
async def test_ucs_2_has_several_numbers(coding: int) -> None:
    async with centre() as smsc, bound(smsc) as client:
        assert await shown(smsc, client, submit(octets="Đã có".encode("utf-16-be"), coding=coding)) == "Đã có"


async def test_packed_septets_begin_at_a_septets_boundary_after_a_header() -> None:
    header = b"\x05\x00\x03\x07\x02"
    first, second = packed(b"A" * 153, header=6), packed(b"Bc", header=6)

    async with centre(alphabet="gsm7-packed") as smsc, bound(smsc) as client:
        bodies = [
            submit(octets=header + bytes([place]) + part, esm_class=spec.UDH_INDICATOR)
            for place, part in enumerate((first, second), 1)
        ]

        assert await shown(smsc, client, *bodies) == "A" * 153 + "Bc"
    assert len(first) == 134
    # One bit of filling: the first septet stands in the upper seven bits.
    assert packed(b"A", header=6) == bytes([0x41 << 1])


@pytest.mark.parametrize("length", range(1, 25))
@pytest.mark.parametrize("header", [0, 6, 7])
def test_packing_keeps_every_septet_but_an_at_sign_that_looks_like_padding(length: int, header: int) -> None:
    septets = bytes(place % 127 + 1 for place in range(length))

    assert unpacked(packed(septets, header=header), header=header) == septets


def spelled(message: codec.ShortMessage, octets: bytes, alphabet: str, header: int) -> str:
    """For characters that are the same in GSM-7 and ASCII."""
    if message.data_coding == spec.UCS_2:
        return octets.decode("utf-16-be")
    if alphabet == "latin-1":
        return octets.decode("latin-1")
    return (unpacked(octets, header=header) if alphabet == "gsm7-packed" else octets).decode("ascii")


@pytest.mark.parametrize("alphabet", ["gsm7", "gsm7-packed", "latin-1", "ascii"])
@pytest.mark.parametrize("text", ["HS H56.14-240823-0001", "Cảm ơn", "Ω tới", "à bientôt # " * 20, "Ho so " * 40])
async def test_citizens_write_in_the_centres_alphabet(alphabet: str, text: str) -> None:
    async with centre(alphabet=alphabet) as smsc, bound(smsc) as client:
        _, answer = await smsc.write(number(), text)
        assert answer["id"]

        left, pieces = 1, []
        while left:
            message = codec.decode_short_message((await client.taken(spec.DELIVER_SM)).body)
            header = message.octets[:6] if message.esm_class else b""
            left = header[4] - header[5] if header else 0
            pieces.append(spelled(message, message.octets[len(header) :], alphabet, len(header)))

        assert "".join(pieces) == text


async def receipts_of(
    dialect: str, number_of: int = 1, to: str = "84912345678", **changes: object
) -> tuple[str, list[codec.ShortMessage]]:
    """A submit's id, and its receipts."""
    async with centre(receipts=dialect, **changes) as smsc, bound(smsc) as client:
        taken = await client.ask(spec.SUBMIT_SM, submit(to), 2)
        deliveries = [await client.taken(spec.DELIVER_SM) for _ in range(number_of)]
        return codec.first_text(taken.body), [codec.decode_short_message(each.body) for each in deliveries]


@pytest.mark.parametrize(
    ("dialect", "pattern"),
    [
        ("text", r"id:{id} sub:001 dlvrd:001 submit date:\d{{10}} done date:\d{{10}} stat:DELIVRD err:000 text:Ho so"),
        ("upper", r"ID:{id} SUB:001 DLVRD:001 SUBMIT DATE:\d{{10}} DONE DATE:\d{{10}} STAT:DELIVRD ERR:000 TEXT:Ho so"),
        ("minimal", r"id:{id} stat:DELIVRD"),
        ("tlv", ""),
    ],
)
async def test_receipts_come_in_words(dialect: str, pattern: str) -> None:
    message_id, [receipt] = await receipts_of(dialect)

    assert receipt.esm_class == spec.TYPE_RECEIPT
    assert re.fullmatch(pattern.format(id=message_id), receipt.octets.decode())
    assert (spec.TAG_RECEIPTED_MESSAGE_ID in receipt.tlvs) == (dialect == "tlv")


async def test_receipts_come_in_parameters() -> None:
    message_id, [receipt] = await receipts_of("both", to="84912340009")

    assert receipt.tlvs[spec.TAG_RECEIPTED_MESSAGE_ID] == message_id.encode() + b"\0"
    assert receipt.tlvs[spec.TAG_MESSAGE_STATE] == bytes([spec.EXPIRED])
    assert receipt.tlvs[spec.TAG_NETWORK_ERROR_CODE] == b"\x03\x00\x1b"
    assert b"stat:EXPIRED err:027" in receipt.octets


@pytest.mark.parametrize(
    ("ids", "answered_in", "receipted_in"), [("decimal", 10, 10), ("hex", 16, 16), ("hex-decimal", 16, 10)]
)
async def test_ids_are_written_in_either_base(ids: str, answered_in: int, receipted_in: int) -> None:
    message_id, [receipt] = await receipts_of("minimal", ids=ids)

    named = receipt.octets.decode().split()[0].removeprefix("id:")
    assert int(message_id, answered_in) == int(named, receipted_in)
    assert int(message_id, answered_in) > 10**18


async def test_an_intermediate_receipt_comes_before_the_final_one() -> None:
    message_id, [first, last] = await receipts_of("both", 2, intermediate=True)

    assert (first.esm_class, last.esm_class) == (spec.TYPE_INTERMEDIATE, spec.TYPE_RECEIPT)
    assert first.octets.decode().startswith(f"id:{message_id} ")
    assert b"stat:ENROUTE" in first.octets
    assert first.tlvs[spec.TAG_MESSAGE_STATE] == bytes([spec.ENROUTE])
    assert last.tlvs[spec.TAG_MESSAGE_STATE] == bytes([spec.DELIVERED])


async def test_a_receipt_names_the_carrier_even_of_a_number_that_moved() -> None:
    _, [settled] = await receipts_of("both", carrier_tlv=CARRIER)
    _, [moved] = await receipts_of("both", carrier_tlv=CARRIER, ported={"+84912345678": "Viettel"})

    assert settled.tlvs[CARRIER] == b"vinaphone"
    assert moved.tlvs[CARRIER] == b"Viettel"


async def test_unheard_of_parameters_stand_everywhere() -> None:
    async with centre(unknown_tlvs=True) as smsc, bound(smsc) as client:
        taken = await client.ask(spec.SUBMIT_SM, submit(), 2)
        receipt = codec.decode_short_message((await client.taken(spec.DELIVER_SM)).body)
        await smsc.write(number(), "HS")
        written = codec.decode_short_message((await client.taken(spec.DELIVER_SM)).body)

        assert taken.body.partition(b"\0")[2]
        for message in (receipt, written):
            assert {0x0FFE: b"", 0x3FFD: b"\x01\x02\x03"}.items() <= message.tlvs.items()
