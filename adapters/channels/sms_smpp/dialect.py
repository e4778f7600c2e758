"""What data codings mean at one SMSC: texts cut and written for it, and its octets read."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.alphabet import general
from adapters.channels.sms_smpp.septets import fill, packed, unpacked
from adapters.channels.sms_smpp.settings import Wording
from bot.model.sms import encode_part, encoding_of, nfc, segment

_OCTETS = 140
"""What one part carries over the air (3GPP TS 23.040, 9.2.3.16)."""
_HEADERS = {8: 6, 16: 7}
"""Octets of the user data header by the bits of its reference."""
_CODECS = {"latin-1": "latin-1", "ascii": "ascii"}
"""Alphabets with an octet a character."""


class Cut(NamedTuple):
    """A text in the parts that it makes."""

    parts: tuple[str, ...]
    """At least one."""
    accented: bool
    """In UCS-2; else in the SMSC's default alphabet."""
    coding: int
    """The data_coding to write."""


class Dialect:
    """One SMSC's, by the settings."""

    def __init__(self, settings: Wording) -> None:
        self.header = _HEADERS[settings.udh_reference if settings.long_messages == "udh" else 8]
        """Octets that the reference takes from each part of a long text, whoever writes it there."""
        self._packs = settings.alphabet == "gsm7-packed"
        self._codec = _CODECS.get(settings.alphabet, "")
        plain = settings.latin_data_coding if settings.alphabet == "latin-1" else settings.gsm_data_coding
        self._plain, self._accented = plain, settings.ucs2_data_coding
        default = spec.LATIN_1 if self._codec else spec.DEFAULT_ALPHABET
        self._meanings = {
            spec.DEFAULT_ALPHABET: default,
            settings.latin_data_coding: spec.LATIN_1,
            settings.gsm_data_coding: default,
            settings.ucs2_data_coding: spec.UCS_2,
        }

    def cut(self, text: str) -> Cut:
        """`text` in the default alphabet where that can say it, else in UCS-2. Neither an escape sequence nor a
        surrogate pair is ever split."""
        if not self._codec:
            # The common case. A short text has no header, so its length does not matter either.
            segmented = segment(text)
            accented = segmented.encoding == "UCS-2"
            parts = segmented.parts
            if len(parts) > 1 and self.header != _HEADERS[8]:
                parts = _parts(
                    segmented.text, len_of=_ucs_2 if accented else _gsm_7, room=self._room(accented=accented)
                )
            return Cut(parts, accented, self._accented if accented else self._plain)
        text = nfc(text)
        if _can_say(text, self._codec):
            return Cut(_parts(text, len_of=len, room=(_OCTETS, _OCTETS - self.header)), False, self._plain)
        if encoding_of(text) == "UCS-2" and self.header == _HEADERS[8]:
            return Cut(segment(text).parts, True, self._accented)
        return Cut(_parts(text, len_of=_ucs_2, room=self._room(accented=True)), True, self._accented)

    def octets(self, text: str, *, accented: bool, header: int = 0) -> bytes:
        """The octets of a part, or of a whole text, to be written behind a header of so many octets."""
        if accented:
            return encode_part(text, "UCS-2")
        if self._codec:
            return text.encode(self._codec)
        septets = encode_part(text, "GSM-7")
        return packed(septets, fill=fill(header)) if self._packs else septets

    def canonical(self, coding: int, octets: bytes, *, header: int = 0) -> tuple[int, bytes]:
        """Octets of this SMSC as the specification's own: data_coding 0 with a septet in each octet, 3 or 8, which
        `alphabet.decoded` reads. `header` octets stood before them."""
        if coding not in self._meanings:
            coding = general(coding)
        meaning = self._meanings.get(coding, coding)
        if meaning == spec.DEFAULT_ALPHABET and self._packs:
            return meaning, unpacked(octets, fill=fill(header))
        return meaning, octets

    def _room(self, *, accented: bool) -> tuple[int, int]:
        """Units in a text of one part, and in each part of a longer one."""
        bits = 8 * (_OCTETS - self.header)
        return (_OCTETS // 2, bits // 16) if accented else (_OCTETS * 8 // 7, bits // 7)


def _parts(text: str, *, len_of: Callable[[str], int], room: tuple[int, int]) -> tuple[str, ...]:
    alone, each = room
    return (text,) if len_of(text) <= alone else tuple(_packed(text, len_of, each))


def _packed(text: str, len_of: Callable[[str], int], room: int) -> Iterator[str]:
    start, filled = 0, 0
    for at, char in enumerate(text):
        units = len_of(char)
        if filled + units > room:
            yield text[start:at]
            start, filled = at, 0
        filled += units
    yield text[start:]


def _gsm_7(text: str) -> int:
    return len(encode_part(text, "GSM-7"))


def _ucs_2(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _can_say(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
