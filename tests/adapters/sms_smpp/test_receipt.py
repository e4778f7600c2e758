"""Receipts in the dialects that SMSCs speak."""

from collections.abc import Mapping

import pytest

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import Place, ShortMessage
from adapters.channels.sms_smpp.receipt import is_receipt, receipt_of
from bot.model.message import DeliveryState as State
from bot.model.message import Receipt
from tests.adapters.sms_smpp.support import NOON, TLV

OUR_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
DATES = "submit date:2611240500 done date:2611240501"


def read(text: bytes, tlvs: Mapping[int, bytes] | None = None, *, esm_class: int = 0x04, coding: int = 0) -> Receipt:
    message = ShortMessage(Place(1, 1, "84912345678"), Place(5, 0, "SOTNMT"), text, esm_class, coding, tlvs=tlvs or {})
    assert is_receipt(message)
    return receipt_of(message, channel="sms", reference_tlv=TLV, at=NOON)


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
