"""GSM-7 characters packed eight into seven octets, as they go over the air (3GPP TS 23.038, section 6.1.2.1)."""


def fill(header: int) -> int:
    """Zero bits between a user data header of so many octets and the text, which begins on a septet's border."""
    return -8 * header % 7


def packed(septets: bytes, *, fill: int = 0) -> bytes:
    """Septets, each in an octet of its own, without the gaps between them; the last octet is filled with zeros."""
    bits = 0
    for septet in reversed(septets):
        bits = bits << 7 | septet
    return (bits << fill).to_bytes((7 * len(septets) + fill + 7) // 8, "little")


def unpacked(octets: bytes, *, fill: int = 0) -> bytes:
    """The septets again, each in an octet of its own.

    SMPP counts octets: whether seven bits left at the end are a character or the filling cannot be told. Seven
    zero bits, which could be "@", are taken for filling: texts that end so are rarer than one in eight.
    """
    bits = int.from_bytes(octets, "little") >> fill
    count, over = divmod(8 * len(octets) - fill, 7)
    septets = bytes(bits >> 7 * place & 0x7F for place in range(count))
    return septets[:-1] if not over and septets.endswith(b"\0") else septets
