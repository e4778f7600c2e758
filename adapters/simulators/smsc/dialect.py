"""Receipts, in the dialects that centres speak."""

import time
from functools import lru_cache

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import ShortMessage, encode_short_message
from adapters.simulators.smsc.register import ERRORS, STATE_CODES, Submitted, network_error
from adapters.simulators.smsc.settings import Settings
from bot.model.carrier import hinted

_QUOTED = 20
"""Characters of the message that a receipt repeats."""
UNHEARD_OF = {0x0FFE: b"", 0x3FFD: b"\x01\x02\x03"}
"""Optional parameters that nobody knows: one reserved and empty, one some vendor's."""


def response_id(number: int, settings: Settings) -> str:
    """A message's id as the response to the submit says it."""
    return str(number) if settings.ids == "decimal" else f"{number:X}"


def receipt_id(number: int, settings: Settings) -> str:
    """The same id as receipts say it."""
    return f"{number:X}" if settings.ids == "hex" else str(number)


def receipt(settings: Settings, taken: Submitted, *, final: bool = True) -> bytes:
    """The body of the deliver_sm that says what became of a message, or that it is on its way."""
    state = taken.course.state if final else "ENROUTE"
    octets = b""
    if settings.receipts != "tlv":
        octets = _words(settings, taken, state).encode("ascii", "replace")
    return encode_short_message(
        ShortMessage(
            source=taken.message.destination,
            destination=taken.message.source,
            octets=octets,
            esm_class=spec.TYPE_RECEIPT if final else spec.TYPE_INTERMEDIATE,
            tlvs=_tlvs(settings, taken, state),
        )
    )


def _tlvs(settings: Settings, taken: Submitted, state: str) -> dict[int, bytes]:
    tlvs: dict[int, bytes] = dict(UNHEARD_OF) if settings.unknown_tlvs else {}
    if settings.echo:
        tlvs |= {tag: value for tag, value in taken.message.tlvs.items() if _is_echoed(tag)}
    if settings.receipts in ("tlv", "both"):
        tlvs[spec.TAG_RECEIPTED_MESSAGE_ID] = receipt_id(taken.number, settings).encode() + b"\0"
        tlvs[spec.TAG_MESSAGE_STATE] = bytes([STATE_CODES[state]])
        tlvs[spec.TAG_NETWORK_ERROR_CODE] = network_error(state)
    if settings.carrier_tlv is not None:
        to = f"+{taken.message.destination.digits}"
        tlvs[settings.carrier_tlv] = (settings.ported.get(to) or hinted(to)).encode()
    return tlvs


def _is_echoed(tag: int) -> bool:
    return tag == spec.TAG_USER_MESSAGE_REFERENCE or tag in spec.VENDOR_TAGS


def _words(settings: Settings, taken: Submitted, state: str) -> str:
    named = receipt_id(taken.number, settings)
    if settings.receipts == "minimal":
        return f"id:{named} stat:{state}"
    arrived = "001" if state == "DELIVRD" else "000"
    words = (
        f"id:{named} sub:001 dlvrd:{arrived} submit date:{_minute(int(taken.at) // 60)} "
        f"done date:{_minute(int(time.time()) // 60)} stat:{state} err:{ERRORS[state]:03d} "
    )
    if settings.receipts == "upper":
        return f"{words.upper()}TEXT:{taken.text[:_QUOTED]}"
    return f"{words}text:{taken.text[:_QUOTED]}"


@lru_cache(maxsize=64)
def _minute(minutes: int) -> str:
    """`YYMMDDhhmm`, in UTC."""
    return time.strftime("%y%m%d%H%M", time.gmtime(minutes * 60))
