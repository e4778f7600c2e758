"""Delivery receipts: what an SMSC says later about a message, in the dialects met in practice.

Source: SMPP 3.4 appendix B (text), 5.3.2.12, 5.3.2.17, 5.3.2.31 and 5.3.2.35 (optional parameters), 5.2.28 (states).
"""

import re
from collections.abc import Mapping
from datetime import datetime

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.alphabet import general
from adapters.channels.sms_smpp.codec import ShortMessage
from adapters.channels.sms_smpp.receipt_ids import IdForm
from adapters.channels.sms_smpp.recollection import Recollection
from bot.model.carrier import carrier_named
from bot.model.message import DeliveryState, Receipt

_LONGEST_WORD = 65
"""Octets of a message id with its end; longer words are no ids."""
_TEXT_FIELD = re.compile(r"\btext\s*[:=]", re.IGNORECASE)
_FIELD = re.compile(
    r"\b(id|stat|err|telco|carrier)\s*[:=]\s*(?!(?:sub|dlvrd|submit|done|stat|err|text)\b)([^\s,;\0]+)", re.IGNORECASE
)
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


_MARKS = frozenset({spec.TAG_RECEIPTED_MESSAGE_ID, spec.TAG_USER_MESSAGE_REFERENCE})
"""One of these beside a message_state makes a receipt."""


def meaning_of(code: int) -> tuple[str, DeliveryState]:
    """The word for a message_state, and what it is to us: `accepted` for all that is not final."""
    word = _CODES.get(code, "UNKNOWN")
    return word, _STATES.get(word, DeliveryState.ACCEPTED)


def is_receipt(message: ShortMessage) -> bool:
    """By esm_class, or by the optional parameters where an SMSC leaves esm_class empty.

    Never by the text alone: a citizen could write one.
    """
    if message.esm_class & spec.MESSAGE_TYPE in (spec.TYPE_RECEIPT, spec.TYPE_INTERMEDIATE):
        return True
    return spec.TAG_MESSAGE_STATE in message.tlvs and not _MARKS.isdisjoint(message.tlvs)


class ReceiptReader:
    """Reads the receipts of one account. `reference_tlv` brings our id back, `carrier_tlv` the citizen's carrier."""

    def __init__(
        self,
        channel: str,
        *,
        ids: IdForm,
        recollection: Recollection,
        reference_tlv: int | None = None,
        carrier_tlv: int | None = None,
    ) -> None:
        self._channel = channel
        self._ids = ids
        self._recollection = recollection
        self._reference_tlv = reference_tlv
        self._carrier_tlv = carrier_tlv

    def read(self, message: ShortMessage, at: datetime) -> Receipt:
        """The receipt; `reference` and `item_id` are both empty where the message names neither.

        Optional parameters go before the text. `at` is when we heard of it: the receipt's own dates come without a
        time zone.
        """
        tlvs = message.tlvs
        fields = _Fields(message)
        word = _CODES.get(int.from_bytes(tlvs.get(spec.TAG_MESSAGE_STATE, b"")), "")
        word = word or fields.get("stat").upper()[:16] or "UNKNOWN"
        error = _network_error(tlvs) or fields.get("err")[:16]
        reference = self._ids.of_receipt(
            _c_string(tlvs.get(spec.TAG_RECEIPTED_MESSAGE_ID, b"")), lambda: fields.get("id")
        )
        final = message.esm_class & spec.MESSAGE_TYPE != spec.TYPE_INTERMEDIATE
        return Receipt(
            channel=self._channel,
            reference=reference,
            item_id=self._item_id(message, named=bool(reference)),
            state=_STATES.get(word, DeliveryState.ACCEPTED) if final else DeliveryState.ACCEPTED,
            reason=f"stat:{word} err:{error or '-'}",
            at=at,
            carrier=self._carrier(message, fields),
        )

    def _item_id(self, message: ShortMessage, *, named: bool) -> str:
        tlvs = message.tlvs
        if self._reference_tlv is not None and (ours := _our_id(tlvs.get(self._reference_tlv, b""))):
            return ours
        value = tlvs.get(spec.TAG_USER_MESSAGE_REFERENCE)
        if value is None or len(value) != 2:
            return ""
        meant, item_of = int.from_bytes(value), self._recollection.item_of
        # The citizen's number stands where they write from; some SMSCs leave both numbers as in the submit.
        found = item_of(meant, message.source.digits, named=named)
        return found or item_of(meant, message.destination.digits, named=named)

    def _carrier(self, message: ShortMessage, fields: "_Fields") -> str:
        if self._carrier_tlv is not None and (value := message.tlvs.get(self._carrier_tlv)):
            return carrier_named(_c_string(value))
        text = message.octets.lower()
        if b"telco" in text or b"carrier" in text:
            return carrier_named(fields.get("carrier") or fields.get("telco"))
        return ""


class _Fields:
    """The text's fields, read when the first is asked for."""

    def __init__(self, message: ShortMessage) -> None:
        self._message = message
        self._fields: dict[str, str] | None = None

    def get(self, name: str) -> str:
        """Empty where the text has no such field."""
        if self._fields is None:
            self._fields = _fields(self._message)
        return self._fields.get(name, "")


def _fields(message: ShortMessage) -> dict[str, str]:
    """By name in lower case, without what the text quotes of the message itself."""
    encoding = "utf-16-be" if general(message.data_coding) == spec.UCS_2 else "latin-1"
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
