"""Texts and octets as this centre reads them, its default alphabet being a setting.

A reading of its own, apart from the client's: 3GPP TS 23.038, 6.1.2.1 for septets packed into octets.
"""

from adapters.channels.sms_smpp import spec
from adapters.simulators.smsc.settings import Alphabet
from bot.model.sms import decode_part, encode_part, encoding_of, nfc, segment

_UCS_2_ALONE, _UCS_2_EACH = 70, 67
_NAMES: dict[Alphabet, str] = {"gsm7": "GSM-7", "gsm7-packed": "GSM-7 packed", "latin-1": "Latin-1", "ascii": "ASCII"}
_GROUPS = {0: spec.DEFAULT_ALPHABET, 2: spec.UCS_2}
"""Alphabet bits of the general data coding groups (3GPP TS 23.038, section 4), from 0x10 on."""


def read(coding: int, octets: bytes, alphabet: Alphabet, *, header: int = 0) -> tuple[str, str]:
    """The text, and its encoding's name. `header` is the length of the UDH that stood before, which shifts packed
    septets. Never raises."""
    if coding >= 0x10:
        coding = _GROUPS.get((coding >> 2) & 3, coding)
    if coding == spec.UCS_2:
        return decode_part(octets, "UCS-2"), "UCS-2"
    if coding != spec.DEFAULT_ALPHABET:
        return octets.decode("latin-1"), f"data_coding {coding}"
    if alphabet in ("latin-1", "ascii"):
        return octets.decode(alphabet, "replace"), _NAMES[alphabet]
    septets = unpacked(octets, header=header) if alphabet == "gsm7-packed" else octets
    return decode_part(septets, "GSM-7"), _NAMES[alphabet]


def written(text: str, alphabet: Alphabet) -> tuple[int, list[bytes]]:
    """The data_coding and the octets of each part as a phone would send the text; what the default alphabet cannot
    say goes as UCS-2."""
    text = nfc(text)
    if encoding_of(text) == "UCS-2" or not _says(alphabet, text):
        return spec.UCS_2, _ucs_2(text)
    parts = segment(text).parts
    if alphabet in ("latin-1", "ascii"):
        return spec.DEFAULT_ALPHABET, [part.encode(alphabet) for part in parts]
    septets = [encode_part(part, "GSM-7") for part in parts]
    if alphabet == "gsm7":
        return spec.DEFAULT_ALPHABET, septets
    header = 6 if len(parts) > 1 else 0
    return spec.DEFAULT_ALPHABET, [packed(part, header=header) for part in septets]


def packed(septets: bytes, *, header: int) -> bytes:
    """Eight septets in seven octets, the first at a septet's boundary after the header."""
    bits = sum(septet << (7 * place) for place, septet in enumerate(septets)) << _fill(header)
    return bits.to_bytes((7 * len(septets) + _fill(header) + 7) // 8, "little")


def unpacked(octets: bytes, *, header: int) -> bytes:
    """SMPP says the number of octets, not of septets: seven bits left over that are all zero are padding, though
    they could be an "@"."""
    number, spare = divmod(8 * len(octets) - _fill(header), 7)
    bits = int.from_bytes(octets, "little") >> _fill(header)
    septets = bytes((bits >> (7 * place)) & 0x7F for place in range(number))
    return septets[:-1] if not spare and septets.endswith(b"\0") else septets


def _fill(header: int) -> int:
    """Bits between the header and the first septet."""
    return -8 * header % 7


def _says(alphabet: Alphabet, text: str) -> bool:
    """Whether an alphabet that is not GSM-7 has every character too."""
    if alphabet not in ("latin-1", "ascii"):
        return True
    return text.isascii() or (alphabet == "latin-1" and max(text) <= "\xff")


def _ucs_2(text: str) -> list[bytes]:
    octets = encode_part(text, "UCS-2")
    if len(octets) <= 2 * _UCS_2_ALONE:
        return [octets]
    # Phones split surrogate pairs over parts, and so does this one.
    return [octets[start : start + 2 * _UCS_2_EACH] for start in range(0, len(octets), 2 * _UCS_2_EACH)]
