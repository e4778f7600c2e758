"""One form for message ids, where an SMSC writes them in one base in its responses and in another in its receipts.

With "same" ids are compared as they are written. Ids that differ only in case or leading zeros are not taken for the
same there: an SMSC may count in base 36 or 62, where `aB` and `Ab`, `01` and `1` are two messages, and a receipt
given to the wrong message tells a citizen's office something untrue. Where the setting says that ids are numbers, they
are compared as numbers.
"""

from collections.abc import Callable

from adapters.channels.sms_smpp.settings import ReceiptIds

_LONGEST = 64
"""Characters of a message id (SMPP 3.4, 5.2.23)."""


class IdForm:
    """`of_response` and `of_receipt` give one id for one message."""

    def __init__(self, form: ReceiptIds) -> None:
        self.of_response: Callable[[str], str] = _FORMS[form][0]
        self._convert: Callable[[str], str] = _FORMS[form][1]

    def of_receipt(self, parameter: str, text: Callable[[], str]) -> str:
        """The id in receipted_message_id, else the one in the receipt's text.

        Some SMSCs write the parameter as in the response and only the text in the other base: where the text's id,
        converted, is the parameter as it stands, it stays so.
        """
        if not parameter:
            return self._convert(text())
        if self._convert is _as_it_is:
            return parameter
        stands = self.of_response(parameter)
        return stands if stands == self._convert(text()) else self._convert(parameter)


def _as_it_is(written: str) -> str:
    return written


def _decimal(written: str) -> str:
    return written.lstrip("0") or "0" if written.isdecimal() and written.isascii() else written


def _hexadecimal(written: str) -> str:
    return _in_base_16(written, "{:X}")


def _hexadecimal_as_decimal(written: str) -> str:
    return _in_base_16(written, "{}")


def _decimal_as_hexadecimal(written: str) -> str:
    return f"{int(written):X}" if written.isdecimal() and written.isascii() and len(written) <= _LONGEST else written


def _in_base_16(written: str, form: str) -> str:
    """What is no number stays as it is."""
    digits = written.lower().removeprefix("0x")
    if not digits or len(digits) > _LONGEST or digits.strip("0123456789abcdef"):
        return written
    return form.format(int(digits, 16))


_FORMS: dict[ReceiptIds, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "same": (_as_it_is, _as_it_is),
    "hex-to-decimal": (_decimal, _hexadecimal_as_decimal),
    "decimal-to-hex": (_hexadecimal, _decimal_as_hexadecimal),
}
"""For the id of a response, and for the id of a receipt."""
