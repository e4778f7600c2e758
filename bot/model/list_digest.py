"""What makes two lists of recipients the same list, however they came in: by a file, or from other software."""

import json
from collections.abc import Collection, Iterable
from hashlib import sha256

from bot.model.broadcast import Recipient
from bot.model.sms import nfc

_CODE = "code"


class ListDigest:
    """SHA-256 over phones, codes and values in order; for lists that are read row by row.

    Titles, row numbers, names of files, empty values, spaces and values that the text does not show make no
    difference.
    """

    def __init__(self, names: Collection[str]) -> None:
        """`names` are the values that the text shows."""
        self._names = sorted({*names} - {_CODE})
        self._sum = sha256()

    def add(self, row: Recipient) -> None:
        said = {name: _plain(row.values.get(name, "")) for name in self._names}
        shown = {name: value for name, value in said.items() if value}
        self._sum.update(json.dumps([row.phone, row.code, shown], ensure_ascii=False).encode() + b"\n")

    def hexdigest(self) -> str:
        return self._sum.hexdigest()


def digest_of_list(rows: Iterable[Recipient], names: Collection[str]) -> str:
    """The same of a list that is at hand."""
    digest = ListDigest(names)
    for row in rows:
        digest.add(row)
    return digest.hexdigest()


def _plain(value: str) -> str:
    return nfc(" ".join(value.split()))
