"""Whose number is whose: senders as the SMSC wants them, citizens' numbers as we keep them."""

from functools import lru_cache

from adapters.channels.sms_smpp.codec import Place

INTERNATIONAL, NETWORK_SPECIFIC, ALPHANUMERIC = 1, 3, 5
ISDN = 1
"""Types of number and numbering plan: SMPP 3.4, 5.2.5 and 5.2.6."""
_LONGEST_SHORT_CODE = 8
_LONGEST_NUMBER = 20
_LONGEST_NAME = 11
"""Characters of a brandname; what 3GPP TS 23.040, 9.1.2.5 leaves room for."""
_SHORTEST_NUMBER = 9
"""Digits; shorter senders are services, not subscribers."""


@lru_cache(maxsize=1024)
def source_of(sender: str) -> Place | str:
    """A message's own sender with the type that its form tells; or why it cannot be one, in words without it."""
    digits = sender.removeprefix("+")
    if digits.isdecimal() and digits.isascii():
        if len(digits) > _LONGEST_NUMBER:
            return (
                f"số gửi dài quá {_LONGEST_NUMBER} chữ số / the sender's number is longer than {_LONGEST_NUMBER} digits"
            )
        if len(digits) <= _LONGEST_SHORT_CODE:
            return Place(NETWORK_SPECIFIC, 0, digits)
        return Place(INTERNATIONAL, ISDN, digits)
    if len(sender) > _LONGEST_NAME:
        return f"tên gửi dài quá {_LONGEST_NAME} ký tự / the sender's name is longer than {_LONGEST_NAME} characters"
    if not (sender.isascii() and sender.isprintable()):
        return "tên gửi có ký tự lạ / the sender's name has characters that a name cannot have"
    return Place(ALPHANUMERIC, 0, sender)


def e164(source: Place) -> str:
    """A subscriber's number with "+": 84… and 0… are Vietnamese, type 1 is whole already. Short codes and names
    stay as they are."""
    digits = source.digits.lstrip("+")
    if not digits.isdecimal() or not digits.isascii() or len(digits) < _SHORTEST_NUMBER:
        return source.digits
    if source.digits.startswith("+") or source.ton == INTERNATIONAL:
        # Some SMSCs say "international" of every number, also of 0912….
        return f"+84{digits[1:]}" if digits[0] == "0" and digits[1] != "0" else f"+{digits.removeprefix('00')}"
    if digits.startswith("0"):
        return f"+{digits[2:]}" if digits.startswith("00") else f"+84{digits[1:]}"
    return f"+{digits}" if digits.startswith("84") else f"+84{digits}"
