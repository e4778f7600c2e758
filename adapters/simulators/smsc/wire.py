"""The deliver_sm bodies that the centre sends: receipts in three dialects, and citizens' messages."""

import time
from functools import lru_cache

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.alphabet import decoded
from adapters.channels.sms_smpp.codec import Place, ShortMessage, encode_short_message
from adapters.channels.sms_smpp.concatenation import Part, header
from adapters.simulators.smsc.fates import ERRORS, STATE_CODES
from adapters.simulators.smsc.settings import Settings
from bot.model.sms import encode_part, segment

_GSM_NETWORK = 3
_QUOTED = 20
"""Characters of the message that a receipt repeats."""
_MESSAGE_TON, _MESSAGE_NPI = 1, 1
_ENCODINGS = {spec.DEFAULT_ALPHABET: "GSM-7", spec.UCS_2: "UCS-2"}
_SHORT_CODE = Place(3, 0, "")


def text_of(data_coding: int, octets: bytes) -> tuple[str, str]:
    """The text and its encoding's name."""
    return decoded(data_coding, octets), _ENCODINGS.get(data_coding) or f"data_coding {data_coding}"


def receipt_body(
    settings: Settings, message: ShortMessage, message_id: str, state: str, text: str, submitted_at: float
) -> bytes:
    """The receipt for a submit, in the dialect of the settings."""
    tlvs: dict[int, bytes] = {}
    if settings.echo:
        tlvs = {tag: value for tag, value in message.tlvs.items() if _is_echoed(tag)}
    if settings.receipts != "text":
        tlvs[spec.TAG_RECEIPTED_MESSAGE_ID] = message_id.encode() + b"\0"
        tlvs[spec.TAG_MESSAGE_STATE] = bytes([STATE_CODES[state]])
        tlvs[spec.TAG_NETWORK_ERROR_CODE] = bytes([_GSM_NETWORK, 0, ERRORS[state]])
    octets = b""
    if settings.receipts != "tlv":
        octets = _words(message_id, state, text, submitted_at).encode("ascii", "replace")
    return encode_short_message(
        ShortMessage(
            source=message.destination,
            destination=message.source,
            octets=octets,
            esm_class=spec.TYPE_RECEIPT,
            tlvs=tlvs,
        )
    )


def mo_bodies(sender: str, to: str, text: str, *, reference: int) -> list[bytes]:
    """A citizen's text as the parts that a phone would send."""
    segmented = segment(text)
    octets = [encode_part(part, segmented.encoding) for part in segmented.parts]
    total = len(octets)
    if total > 1:
        octets = [header(Part(reference, total, number)) + part for number, part in enumerate(octets, 1)]
    message = ShortMessage(
        source=Place(_MESSAGE_TON, _MESSAGE_NPI, sender.lstrip("+")),
        destination=_SHORT_CODE._replace(digits=to),
        octets=b"",
        esm_class=spec.UDH_INDICATOR if total > 1 else 0,
        data_coding=spec.UCS_2 if segmented.encoding == "UCS-2" else spec.DEFAULT_ALPHABET,
    )
    return [encode_short_message(message._replace(octets=part)) for part in octets]


def _is_echoed(tag: int) -> bool:
    return tag == spec.TAG_USER_MESSAGE_REFERENCE or tag in spec.VENDOR_TAGS


def _words(message_id: str, state: str, text: str, submitted_at: float) -> str:
    arrived = "001" if state == "DELIVRD" else "000"
    return (
        f"id:{message_id} sub:001 dlvrd:{arrived} submit date:{_minute(int(submitted_at) // 60)} "
        f"done date:{_minute(int(time.time()) // 60)} stat:{state} err:{ERRORS[state]:03d} text:{text[:_QUOTED]}"
    )


@lru_cache(maxsize=64)
def _minute(minutes: int) -> str:
    """`YYMMDDhhmm`, in UTC."""
    return time.strftime("%y%m%d%H%M", time.gmtime(minutes * 60))
