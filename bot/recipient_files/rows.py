"""Pure: one row of a list becomes a person to be told, or says what must be mended in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model.broadcast import Recipient
from bot.model.code import canonical
from bot.model.phone import Phone, parse_phone
from bot.model.sms import nfc
from bot.recipient_files.columns import CODE, PHONE, Columns, Wanted
from bot.recipient_files.trouble import RowWord, WrongRow

LONGEST = 200
"""Characters of a value."""
_SHOWN = 80
"""Characters of a wrong cell that are shown."""
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
"""Control characters, and what is invisible or turns the direction of writing: none of it is meant for a citizen."""


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads the rows below the headings."""

    columns: Columns
    wanted: Wanted

    def read(self, number: int, cells: Sequence[str]) -> Recipient | WrongRow | None:
        """None of an empty row. `number` is the spreadsheet's."""
        if not any(cell.strip() for cell in cells):
            return None
        values = {name: _cleaned(cells[at]) if at < len(cells) else "" for name, at in self.columns.places.items()}
        faults = self._faults(values)
        phone = _phone(values[PHONE])
        if not isinstance(phone, Phone):
            faults[PHONE] = phone
        if faults or not isinstance(phone, Phone):
            return WrongRow(number, {name: value[:_SHOWN] for name, value in values.items()}, faults)
        code = canonical(values.get(CODE, "")) or ""
        said = {name: values.get(name, "") for name in self.wanted.names}
        if CODE in said:
            said[CODE] = code
        return Recipient(number=number, phone=phone.e164, code=code, values=said)

    def _faults(self, values: dict[str, str]) -> dict[str, RowWord]:
        faults: dict[str, RowWord] = {name: "missing" for name in self.wanted.required if not values.get(name)}
        faults |= {name: "too_long" for name in self.wanted.names if len(values.get(name, "")) > LONGEST}
        if values.get(CODE) and canonical(values[CODE]) is None:
            faults[CODE] = "code"
        return faults


def _phone(text: str) -> Phone | RowWord:
    """A number that can be sent an SMS, or the word for why it is none."""
    if not text:
        return "missing"
    phone = parse_phone(text)
    if phone is None:
        return "phone"
    return phone if phone.kind == "mobile" else phone.kind


def _cleaned(cell: str) -> str:
    """One line of NFC. The apostrophe that makes Excel leave a number alone is not part of it."""
    return nfc(" ".join(_UNSEEN.sub(" ", cell).split())).removeprefix("'")
