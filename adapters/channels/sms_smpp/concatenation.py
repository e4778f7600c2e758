"""The user data header that ties the parts of a long message together (3GPP TS 23.040, 9.2.3.24.1 and .8)."""

import struct
from collections.abc import Mapping
from typing import NamedTuple

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import ShortMessage
from adapters.channels.sms_smpp.framing import ProtocolError

_CONCATENATED_8 = 0x00
_CONCATENATED_16 = 0x08


class Part(NamedTuple):
    """Where a part stands in its message."""

    reference: int
    total: int
    number: int
    """From 1."""


def header(part: Part, *, bits: int = 8) -> bytes:
    """A header with a reference of 8 or 16 bits, to put before a part's octets."""
    if bits == 8:
        return struct.pack(">BBBBBB", 5, _CONCATENATED_8, 3, part.reference & 0xFF, part.total, part.number)
    return struct.pack(">BBBHBB", 6, _CONCATENATED_16, 4, part.reference, part.total, part.number)


def sar(part: Part) -> dict[int, bytes]:
    """The optional parameters that say the same without a header (SMPP 3.4, 5.3.2.22 to 24)."""
    return {
        spec.TAG_SAR_REFERENCE: part.reference.to_bytes(2),
        spec.TAG_SAR_TOTAL: part.total.to_bytes(1),
        spec.TAG_SAR_NUMBER: part.number.to_bytes(1),
    }


def opened(message: ShortMessage) -> tuple[Part | None, bytes]:
    """Where this part stands (None: it is a whole message), and its octets without the header.

    Understands references of 8 and 16 bits and the sar_ optional parameters. Other header elements are skipped.
    """
    if not message.esm_class & spec.UDH_INDICATOR or not message.octets:
        return _by_sar(message.tlvs), message.octets
    end = 1 + message.octets[0]
    if end > len(message.octets):
        raise ProtocolError("the user data header is longer than the text", status=spec.INVALID_MESSAGE_LENGTH)
    return _by_header(message.octets[1:end]), message.octets[end:]


def _by_header(elements: bytes) -> Part | None:
    at = 0
    while at + 2 <= len(elements):
        kind, length = elements[at], elements[at + 1]
        value = elements[at + 2 : at + 2 + length]
        if kind == _CONCATENATED_8 and len(value) == 3:
            return _sane(*value)
        if kind == _CONCATENATED_16 and len(value) == 4:
            return _sane(*struct.unpack(">HBB", value))
        at += 2 + length
    return None


def _by_sar(tlvs: Mapping[int, bytes]) -> Part | None:
    if spec.TAG_SAR_REFERENCE not in tlvs:
        return None
    tags = (spec.TAG_SAR_REFERENCE, spec.TAG_SAR_TOTAL, spec.TAG_SAR_NUMBER)
    return _sane(*(int.from_bytes(tlvs.get(tag, b"")) for tag in tags))


def _sane(reference: int, total: int, number: int) -> Part | None:
    """A part of a message of one part, or one that counts wrongly, is a whole message by itself."""
    return Part(reference, total, number) if total > 1 and 1 <= number <= total else None
