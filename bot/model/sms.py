"""SMS texts: which encoding a text needs, how many parts it makes, what they cost, and how to shed accents.

Source of alphabets and lengths: 3GPP TS 23.038 section 6.2.1 (GSM 03.38), TS 23.040 section 9.2.3.24.1.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

_ESCAPE = 0x1B
_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E,
    "|": 0x40, "€": 0x65,
}  # fmt: skip
_SEPTETS = {
    **{char: bytes([place]) for place, char in enumerate(_ALPHABET) if place != _ESCAPE},
    **{char: bytes([_ESCAPE, place]) for char, place in _EXTENSION.items()},
}
_EXTENDED = {place: char for char, place in _EXTENSION.items()}
_LIMITS: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""Units that fit into a text of one part, and into each part of a longer one (six octets go to the UDH)."""

_SAME_IN_ASCII = re.compile(r"[\n\r !\"#%-?A-Za-z]*")
"""What nearly every unaccented text is made of: one septet each, with the number that it has in ASCII."""

_MOST_PLAIN = 4096
"""Characters of which it is remembered what they become."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_ZERO_WIDTH_JOINER = "\u200d"
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_MARKS = re.compile("[\u0300-\u0333\u0339-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20e3\ufe00-\ufe0f\ufe20-\ufe2f]")
"""Accents of the Latin script and variation selectors; not the overlays that negate a sign."""
_PLAIN = {
    # Ð (eth) stands for Đ in records converted from the old Vietnamese code pages.
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ɖ": "d", "Ɖ": "D", "₫": "d",
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "`": "'", "´": "'", "‹": "'", "›": "'",
    "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"',
    "•": "-", "·": "-", "●": "-", "○": "-", "▪": "-", "■": "-", "◦": "-", "‣": "-", "⁃": "-", "∙": "-",
    "−": "-", "→": "->", "⁄": "/", "×": "x", "÷": ":", "±": "+/-", "°": "o", "≤": "<=", "≥": ">=", "≠": "!=",
    "\t": " ", "\v": "\n", "\x85": "\n",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segmented:
    """A text as it goes over the air."""

    text: str
    """NFC; the parts joined."""
    encoding: Encoding
    units: int
    """Septets (GSM-7) or UTF-16 code units (UCS-2) of the whole text."""
    parts: tuple[str, ...]
    """At least one; each fits its part once encoded."""


def nfc(text: str) -> str:
    """`text` composed, which a phone shows best and which counts shortest; lone surrogates become U+FFFD."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _well_formed(text))


def encoding_of(text: str) -> Encoding:
    """GSM-7 where every character, as given, is in the default alphabet or its extension; else UCS-2."""
    return "GSM-7" if all(char in _SEPTETS for char in text) else "UCS-2"


def segment(text: str) -> Segmented:
    """The parts in which `text` goes out: one of at most 160 septets or 70 UTF-16 units, else of 153 or 67 each.

    An escape sequence and a surrogate pair are never split; a letter and its combining marks only where they
    alone are longer than a part. The empty text is one empty part.
    """
    if _SAME_IN_ASCII.fullmatch(text):
        return Segmented(text, "GSM-7", len(text), _sliced(text))
    text = nfc(text)
    encoding = encoding_of(text)
    units = _units(text, encoding)
    alone, each = _LIMITS[encoding]
    parts = (text,) if units <= alone else tuple(_packed(text, encoding, each))
    return Segmented(text, encoding, units, parts)


def cost(parts: int, price_per_part: int) -> int:
    """What `parts` cost, in đồng; `price_per_part` is in đồng."""
    return parts * price_per_part


def encode_part(text: str, encoding: Encoding) -> bytes:
    """One part as octets: one septet an octet with 0x1B escapes (SMPP data coding 0), or UTF-16BE (8).

    Raises ValueError where GSM-7 cannot say the text: the caller has asked `encoding_of` first.
    """
    if encoding == "UCS-2":
        return _well_formed(text).encode("utf-16-be")
    if _SAME_IN_ASCII.fullmatch(text):
        return text.encode("ascii")
    try:
        return b"".join([_SEPTETS[char] for char in text])
    except KeyError:
        raise ValueError("the text has a character that is not in the GSM-7 alphabet") from None


def decode_part(octets: bytes, encoding: Encoding) -> str:
    """What the octets of one text say; never raises.

    Octets without a meaning become U+FFFD, the odd last octet of UCS-2 is dropped. Phones split surrogate
    pairs over parts: join the octets of a long message before decoding them.
    """
    if encoding == "UCS-2":
        return octets[: len(octets) // 2 * 2].decode("utf-16-be", "replace")
    return "".join(_decoded_septets(octets))


def unaccented(text: str) -> str:
    """`text` in GSM-7, Vietnamese without its accents: à, ạ and ấ all become a, đ becomes d, also from NFD.

    Typography becomes what a keyboard has, invisible characters vanish, and what GSM-7 cannot say (another
    script, an emoji) becomes "?", so that a reader sees that something is missing.
    """
    return nfc(text).translate(_plainly)


def _well_formed(text: str) -> str:
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _sliced(text: str) -> tuple[str, ...]:
    alone, each = _LIMITS["GSM-7"]
    if len(text) <= alone:
        return (text,)
    return tuple(text[start : start + each] for start in range(0, len(text), each))


def _units(text: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return len(text) + sum(char in _EXTENSION for char in text)
    return len(text) + sum(char > "\uffff" for char in text)


def _packed(text: str, encoding: Encoding, limit: int) -> Iterator[str]:
    part, filled = "", 0
    for piece in _pieces(text, encoding, limit):
        size = _units(piece, encoding)
        if filled + size > limit:
            yield part
            part, filled = "", 0
        part += piece
        filled += size
    yield part


def _pieces(text: str, encoding: Encoding, limit: int) -> Iterator[str]:
    """What is kept together: a character with all that combines with it, unless that exceeds a part."""
    for cluster in _clusters(text):
        if _units(cluster, encoding) <= limit:
            yield cluster
        else:
            yield from cluster


def _clusters(text: str) -> Iterator[str]:
    start = 0
    for end in range(1, len(text)):
        if not _combines(text[end - 1], text[end]):
            yield text[start:end]
            start = end
    yield text[start:]


def _combines(before: str, char: str) -> bool:
    return (
        before == _ZERO_WIDTH_JOINER
        or char == _ZERO_WIDTH_JOINER
        or char in _SKIN_TONES
        or unicodedata.category(char).startswith("M")
    )


def _decoded_septets(octets: bytes) -> Iterator[str]:
    escaped = False
    for octet in octets:
        if escaped and octet in _EXTENDED:
            yield _EXTENDED[octet]
            escaped = False
            continue
        if escaped:
            yield "\ufffd"
        escaped = octet == _ESCAPE
        if not escaped:
            yield _ALPHABET[octet] if octet < len(_ALPHABET) else "\ufffd"
    if escaped:
        yield "\ufffd"


class _Plainly(dict[int, str]):
    """What each character becomes, by its number: of those met so far."""

    def __missing__(self, number: int) -> str:
        plain = _plain(chr(number))
        if len(self) < _MOST_PLAIN:
            self[number] = plain
        return plain


_plainly = _Plainly()


def _plain(char: str) -> str:
    if char in _PLAIN:
        return _PLAIN[char]
    category = unicodedata.category(char)
    if category == "Cf":
        return ""
    if category in ("Zl", "Zp"):
        return "\n"
    if category == "Zs":
        return " "
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", char))
    plain = "".join("-" if unicodedata.category(c) == "Pd" else _PLAIN.get(c, c) for c in bare)
    return plain if encoding_of(plain) == "GSM-7" else "?"
