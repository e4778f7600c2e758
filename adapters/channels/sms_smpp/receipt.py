"""Delivery receipts: what an SMSC says later about a message, in the dialects met in practice.

Source: SMPP 3.4 appendix B (text), 5.3.2.12, 5.3.2.31 and 5.3.2.35 (optional parameters), 5.2.28 (states).
"""

import re
from collections.abc import Mapping
from datetime import datetime

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import ShortMessage
from bot.model.message import DeliveryState, Receipt

_LONGEST_WORD = 65
"""Octets of a message id with its end; longer words are no ids."""
_TEXT_FIELD = re.compile(r"\btext\s*[:=]", re.IGNORECASE)
_FIELD = re.compile(r"\b(id|stat|err)\s*[:=]\s*(?!(?:sub|dlvrd|submit|done|stat|err|text)\b)([^\s,;]+)", re.IGNORECASE)
_OUR_ID = re.compile(rb"[0-9A-HJKMNP-TV-Z]{26}\0?")

_CODES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
_STATES = {
    "DELIVRD": DeliveryState.DELIVERED,
    "DELIVERED": DeliveryState.DELIVERED,
    "EXPIRED": DeliveryState.EXPIRED,
    "DELETED": DeliveryState.FAILED,
    "UNDELIV": DeliveryState.FAILED,
    "UNDELIVERABLE": DeliveryState.FAILED,
    "UNDELIVERED": DeliveryState.FAILED,
    "REJECTD": DeliveryState.FAILED,
    "REJECTED": DeliveryState.FAILED,
    "FAILED": DeliveryState.FAILED,
}
"""Every other word (ENROUTE, ACCEPTD, BUFFRED, UNKNOWN, a provider's own) leaves the message where it is:
accepted, and not known to have arrived."""


def is_receipt(message: ShortMessage) -> bool:
    """By esm_class, or by the optional parameters where an SMSC leaves esm_class empty.

    Never by the text alone: a citizen could write one.
    """
    if message.esm_class & spec.MESSAGE_TYPE in (spec.TYPE_RECEIPT, spec.TYPE_INTERMEDIATE):
        return True
    return spec.TAG_RECEIPTED_MESSAGE_ID in message.tlvs and spec.TAG_MESSAGE_STATE in message.tlvs


def receipt_of(message: ShortMessage, *, channel: str, reference_tlv: int | None, at: datetime) -> Receipt:
    """The receipt; `reference` and `item_id` are both empty where the message names neither.

    Optional parameters go before the text. `at` is when we heard of it: the receipt's own dates come without
    a time zone. Ids stay as they are written, hexadecimal or decimal.
    """
    tlvs = message.tlvs
    reference = _c_string(tlvs.get(spec.TAG_RECEIPTED_MESSAGE_ID, b""))
    word = _CODES.get(int.from_bytes(tlvs.get(spec.TAG_MESSAGE_STATE, b"")), "")
    error = _network_error(tlvs)
    if not (reference and word and error):
        fields = _fields(message)
        reference = reference or fields.get("id", "")
        word = word or fields.get("stat", "UNKNOWN").upper()[:16]
        error = fields.get("err", error)[:16]
    final = message.esm_class & spec.MESSAGE_TYPE != spec.TYPE_INTERMEDIATE
    return Receipt(
        channel=channel,
        reference=reference,
        item_id=_our_id(tlvs.get(reference_tlv, b"")) if reference_tlv is not None else "",
        state=_STATES.get(word, DeliveryState.ACCEPTED) if final else DeliveryState.ACCEPTED,
        reason=f"stat:{word} err:{error or '-'}",
        at=at,
    )


def _fields(message: ShortMessage) -> dict[str, str]:
    """The text's fields in lower case, without what it quotes of the message itself."""
    encoding = "utf-16-be" if message.data_coding == spec.UCS_2 else "latin-1"
    text = _TEXT_FIELD.split(message.octets.decode(encoding, "replace"), maxsplit=1)[0]
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        fields.setdefault(name.lower(), value[:_LONGEST_WORD])
    return fields


def _network_error(tlvs: Mapping[int, bytes]) -> str:
    value = tlvs.get(spec.TAG_NETWORK_ERROR_CODE, b"")
    return f"{int.from_bytes(value[1:]):03d}" if len(value) == 3 else ""


def _c_string(octets: bytes) -> str:
    return octets.split(b"\0", 1)[0].decode("latin-1")[:_LONGEST_WORD]


def _our_id(octets: bytes) -> str:
    return octets.rstrip(b"\0").decode("ascii") if _OUR_ID.fullmatch(octets) else ""
