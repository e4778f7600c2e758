"""The text of octets in a data_coding."""

from adapters.channels.sms_smpp import spec
from bot.model.sms import decode_part

_GROUPS = {0: spec.DEFAULT_ALPHABET, 2: spec.UCS_2}
"""Alphabet bits of the general data coding groups; anything else is read as Latin-1."""
_WAITING_UCS_2 = 0xE0
"""The group "message waiting, store, UCS-2", whose lower bits say something else."""
_SAME_IN_ASCII = bytes(octet for octet in range(0x80) if decode_part(bytes([octet]), "GSM-7") == chr(octet))


def general(coding: int) -> int:
    """`coding` itself below 0x10; from there on the one with the same alphabet: 0, 3 or 8."""
    if coding < 0x10:
        return coding
    if coding & 0xF0 == _WAITING_UCS_2:
        return spec.UCS_2
    return _GROUPS.get((coding >> 2) & 3, spec.LATIN_1)


def decoded(coding: int, octets: bytes) -> str:
    """By SMPP 3.4, 5.2.19; from 0x10 on by the groups of 3GPP TS 23.038, section 4. Never raises."""
    coding = general(coding)
    if coding == spec.UCS_2:
        return decode_part(octets, "UCS-2")
    if coding != spec.DEFAULT_ALPHABET:
        return octets.decode("latin-1")
    if octets.translate(None, _SAME_IN_ASCII):
        return decode_part(octets, "GSM-7")
    # The common case, ten times faster.
    return octets.decode("ascii")
