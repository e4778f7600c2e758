"""The text of octets in a data_coding."""

from adapters.channels.sms_smpp import spec
from bot.model.sms import decode_part

_GROUPS = {0: spec.DEFAULT_ALPHABET, 2: spec.UCS_2}
"""Alphabet bits of the general data coding groups; anything else is read as Latin-1."""
_SAME_IN_ASCII = bytes(octet for octet in range(0x80) if decode_part(bytes([octet]), "GSM-7") == chr(octet))


def decoded(coding: int, octets: bytes) -> str:
    """By SMPP 3.4, 5.2.19; from 0x10 on by the groups of 3GPP TS 23.038, section 4. Never raises."""
    if coding >= 0x10:
        coding = _GROUPS.get((coding >> 2) & 3, spec.LATIN_1)
    if coding == spec.UCS_2:
        return decode_part(octets, "UCS-2")
    if coding != spec.DEFAULT_ALPHABET:
        return octets.decode("latin-1")
    if octets.translate(None, _SAME_IN_ASCII):
        return decode_part(octets, "GSM-7")
    # The common case, ten times faster.
    return octets.decode("ascii")
