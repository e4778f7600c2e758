"""Receipts in the dialects that SMSCs speak."""

from collections.abc import Mapping

import pytest

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import Place, ShortMessage
from adapters.channels.sms_smpp.receipt import ReceiptReader, is_receipt
from adapters.channels.sms_smpp.receipt_ids import IdForm
from adapters.channels.sms_smpp.recollection import Recollection, user_message_reference
from adapters.channels.sms_smpp.settings import ReceiptIds
from bot.model.message import DeliveryState as State
from bot.model.message import Receipt
from tests.adapters.sms_smpp.support import NOON, TLV

OUR_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
CARRIER_TLV = 0x1403
DATES = "submit date:2611240500 done date:2611240501"


def reader(*, form: ReceiptIds = "same", recollection: Recollection | None = None) -> ReceiptReader:
    return ReceiptReader(
        "sms",
        ids=IdForm(form),
        recollection=recollection or Recollection(),
        reference_tlv=TLV,
        carrier_tlv=CARRIER_TLV,
    )


def read(text: bytes, tlvs: Mapping[int, bytes] | None = None, *, esm_class: int = 0x04, coding: int = 0) -> Receipt:
    message = ShortMessage(Place(1, 1, "84912345678"), Place(5, 0, "SOTNMT"), text, esm_class, coding, tlvs=tlvs or {})
    assert is_receipt(message)
    return reader().read(message, NOON)


@pytest.mark.parametrize(
    ("text", "reference", "state", "reason"),
    [
        (
            f"id:1234567890 sub:001 dlvrd:001 {DATES} stat:DELIVRD err:000 text:Ho so",
            "1234567890",
            State.DELIVERED,
            "stat:DELIVRD err:000",
        ),
        (
            f"id:0A1B2C sub:001 dlvrd:000 {DATES} stat:UNDELIV err:011 Text:id:99 stat:DELIVRD",
            "0A1B2C",
            State.FAILED,
            "stat:UNDELIV err:011",
        ),
        (f"ID:7 SUB:001 DLVRD:001 {DATES.upper()} STAT:EXPIRED ERR:27", "7", State.EXPIRED, "stat:EXPIRED err:27"),
        ("id: 42 sub: 001 stat: DELIVRD err: 0 text: ", "42", State.DELIVERED, "stat:DELIVRD err:0"),
        ("id:42, stat:delivrd, err:000;", "42", State.DELIVERED, "stat:DELIVRD err:000"),
        ("id:42 stat:DELIVERED", "42", State.DELIVERED, "stat:DELIVERED err:-"),
        (
            "id:550e8400-e29b-41d4 stat:REJECTD err:0x45 text:",
            "550e8400-e29b-41d4",
            State.FAILED,
            "stat:REJECTD err:0x45",
        ),
        ("id:a_b@c stat:DELETED err:-1", "a_b@c", State.FAILED, "stat:DELETED err:-1"),
        ("id:42 stat:ACCEPTD err:000", "42", State.ACCEPTED, "stat:ACCEPTD err:000"),
        ("id:42 stat:ENROUTE err:000", "42", State.ACCEPTED, "stat:ENROUTE err:000"),
        ("id:42 stat:UNKNOWN err:VIETTEL-9", "42", State.ACCEPTED, "stat:UNKNOWN err:VIETTEL-9"),
        ("id:42 stat:SOMETHING err:1", "42", State.ACCEPTED, "stat:SOMETHING err:1"),
        ("id:42 sub:001 stat:DELIVRD err: text:abc", "42", State.DELIVERED, "stat:DELIVRD err:-"),
        ("id: sub:001 stat:DELIVRD", "", State.DELIVERED, "stat:DELIVRD err:-"),
        ("", "", State.ACCEPTED, "stat:UNKNOWN err:-"),
        ("id=42 stat=DELIVRD err=000", "42", State.DELIVERED, "stat:DELIVRD err:000"),
    ],
)
def test_text_receipts_are_read_in_any_dress(text: str, reference: str, state: State, reason: str) -> None:
    receipt = read(text.encode())

    assert (receipt.reference, receipt.state, receipt.reason) == (reference, state, reason)
    assert receipt.item_id == ""
    assert receipt.at == NOON


@pytest.mark.parametrize(
    ("code", "state", "word"),
    [
        (1, State.ACCEPTED, "ENROUTE"),
        (2, State.DELIVERED, "DELIVRD"),
        (3, State.EXPIRED, "EXPIRED"),
        (4, State.FAILED, "DELETED"),
        (5, State.FAILED, "UNDELIV"),
        (6, State.ACCEPTED, "ACCEPTD"),
        (7, State.ACCEPTED, "UNKNOWN"),
        (8, State.FAILED, "REJECTD"),
        (99, State.ACCEPTED, "UNKNOWN"),
    ],
)
def test_receipts_of_optional_parameters_need_no_text(code: int, state: State, word: str) -> None:
    receipt = read(
        b"",
        {
            spec.TAG_RECEIPTED_MESSAGE_ID: b"00FF\0",
            spec.TAG_MESSAGE_STATE: bytes([code]),
            spec.TAG_NETWORK_ERROR_CODE: b"\x03\x00\x0b",
        },
    )

    assert (receipt.reference, receipt.state, receipt.reason) == ("00FF", state, f"stat:{word} err:011")


def test_optional_parameters_go_before_the_text() -> None:
    tlvs = {spec.TAG_RECEIPTED_MESSAGE_ID: b"right", spec.TAG_MESSAGE_STATE: b"\x02"}

    receipt = read(b"id:wrong stat:UNDELIV err:004", tlvs)

    assert (receipt.reference, receipt.state, receipt.reason) == ("right", State.DELIVERED, "stat:DELIVRD err:004")


@pytest.mark.parametrize("value", [OUR_ID.encode(), OUR_ID.encode() + b"\0"])
def test_our_own_id_comes_back_in_the_vendor_parameter(value: bytes) -> None:
    assert read(b"id:42 stat:DELIVRD", {TLV: value, 0x1777: b"theirs"}).item_id == OUR_ID


@pytest.mark.parametrize("value", [b"", b"short", b"01ARZ3NDEKTSV4RRFFQ69G5FAU" + b"x", b"\xff" * 26])
def test_what_is_not_an_id_of_ours_is_not_taken_for_one(value: bytes) -> None:
    assert read(b"id:42 stat:DELIVRD", {TLV: value}).item_id == ""


def test_an_intermediate_receipt_is_never_final() -> None:
    assert read(b"id:42 stat:DELIVRD err:000", esm_class=0x20).state is State.ACCEPTED


def test_a_receipt_may_be_in_ucs_2() -> None:
    receipt = read("id:42 stat:DELIVRD err:000 text:hồ sơ".encode("utf-16-be"), coding=spec.UCS_2)

    assert (receipt.reference, receipt.state) == ("42", State.DELIVERED)


def test_a_receipt_without_its_mark_is_known_by_its_parameters() -> None:
    receipt = read(b"", {spec.TAG_RECEIPTED_MESSAGE_ID: b"42", spec.TAG_MESSAGE_STATE: b"\x02"}, esm_class=0)

    assert (receipt.reference, receipt.state) == ("42", State.DELIVERED)


def test_a_citizen_cannot_write_a_receipt() -> None:
    forged = ShortMessage(Place(1, 1, "84912345678"), Place(3, 0, "8041"), b"id:42 stat:DELIVRD err:000")

    assert not is_receipt(forged)


def test_nothing_long_gets_into_the_reason() -> None:
    receipt = read(b"id:" + b"9" * 200 + b" stat:" + b"X" * 90 + b" err:" + b"Y" * 90)

    assert len(receipt.reference) <= 65
    assert len(receipt.reason) <= len("stat: err:") + 32


@pytest.mark.parametrize(
    ("form", "response", "receipt"),
    [
        ("decimal-to-hex", "0A1B2C", "662316"),
        ("decimal-to-hex", "a1b2c", "0000662316"),
        ("decimal-to-hex", "0000A1B2C", "662316"),
        ("hex-to-decimal", "662316", "0A1B2C"),
        ("hex-to-decimal", "0000662316", "a1b2c"),
        ("hex-to-decimal", "662316", "0x0A1B2C"),
        ("hex-to-decimal", "0", "00"),
        ("same", "aB7", "aB7"),
        ("hex-to-decimal", "uuid-7", "uuid-7"),
        ("decimal-to-hex", "uuid-7", "uuid-7"),
    ],
)
def test_ids_of_two_bases_are_one_id(form: ReceiptIds, response: str, receipt: str) -> None:
    ids = IdForm(form)

    assert ids.of_response(response) == ids.of_receipt("", lambda: receipt) == ids.of_receipt(receipt, lambda: "")


@pytest.mark.parametrize("other", ["Ab7", "0aB7"])
def test_ids_that_differ_only_in_case_or_zeros_are_two_where_ids_are_no_numbers(other: str) -> None:
    assert IdForm("same").of_receipt("", lambda: other) != IdForm("same").of_response("aB7")


def test_a_parameter_that_has_the_responses_base_already_is_left_as_it_is() -> None:
    tlvs = {spec.TAG_RECEIPTED_MESSAGE_ID: b"00010\0", spec.TAG_MESSAGE_STATE: b"\x02"}
    message = ShortMessage(
        Place(1, 1, "84912345678"), Place(5, 0, "SOTNMT"), b"id:16 stat:DELIVRD err:000", 0x04, tlvs=tlvs
    )

    receipt = reader(form="decimal-to-hex").read(message, NOON)

    assert receipt.reference == IdForm("decimal-to-hex").of_response("10"), "0x10 is 16"


REFERENCE = user_message_reference(OUR_ID).to_bytes(2)


def remembered(*, known: bool = False, number: str = "+84912345678") -> Recollection:
    recollection = Recollection()
    recollection.sent(OUR_ID, number)
    if known:
        recollection.known(OUR_ID)
    return recollection


def meant(recollection: Recollection, text: bytes, *, source: str = "84912345678", to: str = "SOTNMT") -> str:
    tlvs = {spec.TAG_USER_MESSAGE_REFERENCE: REFERENCE, spec.TAG_MESSAGE_STATE: b"\x02"}
    message = ShortMessage(Place(1, 1, source), Place(5, 0, to), text, tlvs=tlvs)
    assert is_receipt(message)
    return reader(recollection=recollection).read(message, NOON).item_id


def test_a_receipt_without_any_id_is_known_by_the_reference_that_it_gives_back() -> None:
    assert meant(remembered(known=True), b"stat:DELIVRD") == OUR_ID


@pytest.mark.parametrize(("source", "to"), [("0912345678", "SOTNMT"), ("+84912345678", ""), ("SOTNMT", "84912345678")])
def test_the_number_may_be_written_in_any_way_and_on_either_side(source: str, to: str) -> None:
    assert meant(remembered(), b"stat:DELIVRD", source=source, to=to) == OUR_ID


def test_a_receipt_for_a_message_whose_response_never_came_is_known_by_its_reference() -> None:
    assert meant(remembered(), b"id:4711 stat:DELIVRD") == OUR_ID


def test_the_id_of_an_answered_message_goes_before_the_reference() -> None:
    assert meant(remembered(known=True), b"id:4711 stat:DELIVRD") == ""


def test_another_numbers_reference_means_nothing() -> None:
    assert meant(remembered(number="+84987654321"), b"stat:DELIVRD") == ""


def test_two_messages_with_one_reference_to_one_number_are_not_mixed_up() -> None:
    recollection = remembered()
    twin = next(str(n) for n in range(10**7) if user_message_reference(str(n)) == int.from_bytes(REFERENCE))
    recollection.sent(twin, "+84912345678")

    assert meant(recollection, b"stat:DELIVRD") == ""


def test_memory_is_bounded_and_the_latest_are_kept() -> None:
    recollection = remembered()
    for count in range(20_000):
        recollection.sent(f"{count}", f"+8491{count:07d}")
        recollection.known(f"{count}")

    assert meant(recollection, b"stat:DELIVRD") == ""
    assert recollection.item_of(user_message_reference("19999"), "0910019999", named=False) == "19999"
    assert len(recollection._sent) == 20_000


@pytest.mark.parametrize(
    ("text", "tlv", "carrier"),
    [
        (b"id:1 stat:DELIVRD err:000 telco:Viettel text:", b"", "viettel"),
        (b"id:1 stat:DELIVRD Carrier=VNPT err:000", b"", "vinaphone"),
        (b"id:1 stat:DELIVRD err:000 text:carrier:viettel", b"", ""),
        (b"id:1 stat:DELIVRD err:000 telco:elsewhere", b"", ""),
        (b"id:1 stat:DELIVRD err:000", b"MOBI\0", "mobifone"),
        (b"id:1 stat:DELIVRD err:000 telco:viettel", b"Vietnamobile", "vietnamobile"),
        (b"", b"", ""),
    ],
)
def test_a_receipt_may_name_the_carrier(text: bytes, tlv: bytes, carrier: str) -> None:
    whole = {spec.TAG_RECEIPTED_MESSAGE_ID: b"1", spec.TAG_MESSAGE_STATE: b"\2", spec.TAG_NETWORK_ERROR_CODE: b"\3\0\0"}

    assert read(text, {**whole, CARRIER_TLV: tlv} if tlv else whole).carrier == carrier


def test_a_text_that_ends_with_a_nul_is_read_without_it() -> None:
    receipt = read(b"id:42 sub:001 dlvrd:001 err:000 stat:DELIVRD\0")

    assert (receipt.state, receipt.reason) == (State.DELIVERED, "stat:DELIVRD err:000")
