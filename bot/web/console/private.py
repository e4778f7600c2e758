"""How much of a phone or an address somebody at the console reads: all of it where she works, else its ends."""

from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.web.context import SCHEME


def phone_shown(phone: str, *, is_whole: bool) -> str:
    """`0912 345 678`, or `+8491•••678`; a dash for none."""
    if not phone:
        return "–"
    if not is_whole:
        return str(Address("", phone)).removeprefix(":")
    parsed = parse_phone(phone)
    if parsed is None or not parsed.e164.startswith("+84"):
        return phone
    national = f"0{parsed.e164[3:]}"
    return f"{national[:4]} {national[4:7]} {national[7:]}"


def address_shown(address: Address, *, is_whole: bool) -> str:
    """Without its scheme, which a page says in words."""
    if not address.value or address.is_forgotten:
        return "–"
    if address.scheme in ("sms", "zalophone"):
        return phone_shown(address.value, is_whole=is_whole)
    # Of a visitor of the web page it is her browser's session: who holds it is taken for her.
    return address.value if is_whole and address.scheme != SCHEME else str(address).partition(":")[2]
