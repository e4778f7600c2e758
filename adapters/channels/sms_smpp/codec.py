"""The bodies of SMPP 3.4 PDUs between bytes and values.

Decoding raises nothing but `ProtocolError`, whatever the bytes.
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.framing import ProtocolError

_TLV = struct.Struct(">HH")


class Bind(NamedTuple):
    """The body of bind_transceiver, bind_transmitter and bind_receiver."""

    system_id: str
    password: str
    system_type: str = ""
    interface_version: int = spec.INTERFACE_VERSION
    ton: int = 0
    npi: int = 0
    address_range: str = ""


class Place(NamedTuple):
    """A source or destination address with its type of number and numbering plan."""

    ton: int
    npi: int
    digits: str


class ShortMessage(NamedTuple):
    """The body of submit_sm and deliver_sm, which share one layout; data_sm fills what it has."""

    source: Place
    destination: Place
    octets: bytes
    """short_message, or message_payload where the sender used that; a UDH still in front."""
    esm_class: int = 0
    data_coding: int = spec.DEFAULT_ALPHABET
    registered_delivery: int = 0
    validity: str = ""
    service_type: str = ""
    tlvs: Mapping[int, bytes] = MappingProxyType({})
    """Every optional parameter by tag, known or not; a repeated tag keeps its last value."""


class Query(NamedTuple):
    """The body of query_sm: which message, and the source address that it was submitted with."""

    message_id: str
    source: Place


class Queried(NamedTuple):
    """The body of query_sm_resp."""

    message_id: str
    final_date: str
    """When the message came to its end; empty while it has not."""
    state: int
    """A message_state."""
    error: int = 0
    """The network's own code; 0 where there was no error."""


def encode_tlvs(tlvs: Mapping[int, bytes]) -> bytes:
    return b"".join(_TLV.pack(tag, len(value)) + value for tag, value in tlvs.items())


def decode_tlvs(body: bytes, at: int) -> dict[int, bytes]:
    tlvs = {}
    end = len(body)
    while at < end:
        if end - at < 4:
            raise ProtocolError("an optional parameter is cut off", status=spec.INVALID_TLV_STREAM)
        tag, length = _TLV.unpack_from(body, at)
        at += 4 + length
        if at > end:
            raise ProtocolError(f"optional parameter 0x{tag:04X} is too long", status=spec.INVALID_TLV_STREAM)
        tlvs[tag] = body[at - length : at]
    return tlvs


def encode_bind(bind: Bind) -> bytes:
    return b"%b\0%b\0%b\0%c%c%c%b\0" % (
        _octets(bind.system_id),
        _octets(bind.password),
        _octets(bind.system_type),
        bind.interface_version,
        bind.ton,
        bind.npi,
        _octets(bind.address_range),
    )


def decode_bind(body: bytes) -> Bind:
    system_id, at = _text(body, 0)
    password, at = _text(body, at)
    system_type, at = _text(body, at)
    if len(body) < at + 3:
        raise ProtocolError("the bind ends too early")
    address_range, _ = _text(body, at + 3)
    return Bind(system_id, password, system_type, body[at], body[at + 1], body[at + 2], address_range)


def encode_short_message(message: ShortMessage) -> bytes:
    """The body of a submit_sm or deliver_sm. `octets` must be at most 254 long; longer ones belong in a TLV."""
    source, destination = message.source, message.destination
    return b"%b\0%c%c%b\0%c%c%b\0%c\0\0\0%b\0%c\0%c\0%c%b" % (
        message.service_type.encode("latin-1"),
        source.ton,
        source.npi,
        _octets(source.digits),
        destination.ton,
        destination.npi,
        _octets(destination.digits),
        message.esm_class,
        message.validity.encode("latin-1"),
        message.registered_delivery,
        message.data_coding,
        len(message.octets),
        message.octets + encode_tlvs(message.tlvs),
    )


def short_head(source: Place, dest_ton: int, dest_npi: int) -> bytes:
    """What a submit_sm without a service_type begins with, up to the destination's digits."""
    return b"\0%c%c%b\0%c%c" % (source.ton, source.npi, _octets(source.digits), dest_ton, dest_npi)


def encode_short(head: bytes, digits: str, octets: bytes, *, until: bytes, tail: bytes, tlvs: bytes) -> bytes:
    """The body of a submit_sm as `encode_short_message` writes it, from parts that messages have in common: `head` by
    `short_head`; `until` its validity; `tail` registered_delivery, replace_if_present_flag, data_coding and
    sm_default_msg_id; no header and no schedule. `octets` must be at most 254 long."""
    return b"%b%b\0\0\0\0\0%b\0%b%c%b%b" % (head, _octets(digits), until, tail, len(octets), octets, tlvs)


def decode_short_message(body: bytes) -> ShortMessage:
    """The body of a submit_sm or deliver_sm."""
    try:
        service_type, source, destination, at = _addresses(body)
        esm_class = body[at]
        at = body.index(0, at + 3) + 1
        end = body.index(0, at)
        validity = body[at:end].decode("latin-1") if end > at else ""
        at = end + 6
        registered_delivery, data_coding, length = body[end + 1], body[end + 3], body[end + 5]
    except (IndexError, ValueError):
        raise ProtocolError("the message ends too early") from None
    if len(body) < at + length:
        raise ProtocolError(f"sm_length {length} is longer than the PDU", status=spec.INVALID_MESSAGE_LENGTH)
    tlvs = decode_tlvs(body, at + length)
    octets = body[at : at + length] or tlvs.get(spec.TAG_MESSAGE_PAYLOAD, b"")
    return ShortMessage(
        source, destination, octets, esm_class, data_coding, registered_delivery, validity, service_type, tlvs
    )


def decode_data_sm(body: bytes) -> ShortMessage:
    """The body of a data_sm, whose text is always in message_payload."""
    try:
        service_type, source, destination, at = _addresses(body)
        esm_class, registered_delivery, data_coding = body[at : at + 3]
    except (IndexError, ValueError):
        raise ProtocolError("the data_sm ends too early") from None
    tlvs = decode_tlvs(body, at + 3)
    octets = tlvs.get(spec.TAG_MESSAGE_PAYLOAD, b"")
    return ShortMessage(
        source, destination, octets, esm_class, data_coding, registered_delivery, "", service_type, tlvs
    )


def encode_query(query: Query) -> bytes:
    source = query.source
    return b"%b\0%c%c%b\0" % (_octets(query.message_id), source.ton, source.npi, _octets(source.digits))


def decode_query(body: bytes) -> Query:
    message_id, at = _text(body, 0)
    digits, _ = _text(body, at + 2)
    return Query(message_id, Place(body[at], body[at + 1], digits))


def encode_queried(queried: Queried) -> bytes:
    texts = _octets(queried.message_id), _octets(queried.final_date)
    return b"%b\0%b\0%c%c" % (*texts, queried.state, queried.error)


def decode_queried(body: bytes) -> Queried:
    message_id, at = _text(body, 0)
    final_date, at = _text(body, at)
    if len(body) < at + 2:
        raise ProtocolError("the query_sm_resp ends too early")
    return Queried(message_id, final_date, body[at], body[at + 1])


def first_text(body: bytes) -> str:
    """The leading C-string of a response: the message id of submit_sm_resp. Empty where there is none."""
    return body.split(b"\0", 1)[0].decode("latin-1")


def _addresses(body: bytes) -> tuple[str, Place, Place, int]:
    """Raises `ValueError` or `IndexError` where it ends too early."""
    at = body.index(0)
    source_end = body.index(0, at + 3)
    end = body.index(0, source_end + 3)
    return (
        body[:at].decode("latin-1") if at else "",
        Place(body[at + 1], body[at + 2], body[at + 3 : source_end].decode("latin-1")),
        Place(body[source_end + 1], body[source_end + 2], body[source_end + 3 : end].decode("latin-1")),
        end + 1,
    )


def _text(body: bytes, at: int) -> tuple[str, int]:
    end = body.find(0, at)
    if end < 0:
        raise ProtocolError("a text has no end")
    return body[at:end].decode("latin-1"), end + 1


def _octets(text: str) -> bytes:
    return text.replace("\0", "").encode("latin-1", "replace")
