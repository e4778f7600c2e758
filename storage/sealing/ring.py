"""A ring of keys: the text of the file that `[storage] keys` names.

    look-up 2026-11-23 = ZmFrZSBrZXkgZmFrZSBrZXkgZmFrZSBrZXkgZmFrZSE=
    data 2026-11-23 = YW5vdGhlciBrZXkgYW5vdGhlciBrZXkgYW5vdGhlciE=

Each key is 32 random bytes in base64, under a name of its own among its kind. The first of a kind is the one that is
used; the others are for what was sealed before.
"""

import binascii
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from bot.model.errors import StorageError

LOOK_UP, DATA = "look-up", "data"
_BYTES = 32
_LINE = re.compile(r"(?P<kind>look-up|data)[ \t]+(?P<name>[A-Za-z0-9-]{1,24})[ \t]*=[ \t]*(?P<key>[A-Za-z0-9+/=]+)")
_HEAD = """\
# Khóa niêm phong dữ liệu của motcua / keys of motcua's data.
# Mất tệp này là mất dữ liệu: xin giữ một bản sao ở nơi khác, KHÔNG để cùng bản sao lưu cơ sở dữ liệu.
# Without this file the data is lost: keep a copy elsewhere, not beside the backups.
# Dòng đầu của mỗi loại là khóa đang dùng / the first line of a kind is the key in use.
"""


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys by kind, each kind's in the order of the file. Prints none of them."""

    look_ups: Mapping[str, bytes] = field(repr=False)
    data: Mapping[str, bytes] = field(repr=False)

    @property
    def look_up(self) -> str:
        """The name of the look-up key that is to be used."""
        return next(iter(self.look_ups))

    @property
    def newest(self) -> str:
        """The name of the data key under which is sealed from now on."""
        return next(iter(self.data))

    @property
    def text(self) -> str:
        """As `parse` reads it."""
        lines = [
            f"{kind} {name} = {b64encode(key).decode()}"
            for kind, keys in ((LOOK_UP, self.look_ups), (DATA, self.data))
            for name, key in keys.items()
        ]
        return _HEAD + "\n".join(lines) + "\n"

    def with_data(self, day: str, *, spare: bool = False) -> "Ring":
        """With another data key, named after `day`: in use, or `spare` for the time being."""
        made = _another(day)
        return Ring(self.look_ups, {**self.data, **made} if spare else {**made, **self.data})

    def using(self, name: str) -> "Ring":
        """With this data key in use. Raises `StorageError` where there is none of that name."""
        if name not in self.data:
            raise _missing(DATA, name, self.data)
        return Ring(self.look_ups, {name: self.data[name], **self.data})

    def with_look_up(self, day: str) -> "Ring":
        """With another look-up key to be used."""
        return Ring({**_another(day), **self.look_ups}, self.data)

    def without(self, kind: str, name: str) -> "Ring":
        """Without one key. Raises `StorageError` where it has none of that name, or uses it."""
        keys = self.look_ups if kind == LOOK_UP else self.data
        if name not in keys:
            raise _missing(kind, name, keys)
        if name == next(iter(keys)):
            raise StorageError(f"{kind} {name} là khóa đang dùng / is the key in use")
        left = {each: key for each, key in keys.items() if each != name}
        return Ring(left, self.data) if kind == LOOK_UP else Ring(self.look_ups, left)


def _missing(kind: str, name: str, keys: Iterable[str]) -> StorageError:
    return StorageError(
        f"chùm khóa không có {kind} {name}, chỉ có / the ring has no such key, it has: {', '.join(keys)}"
    )


def new_ring(day: str) -> Ring:
    """A ring of one look-up key and one data key, named after `day`."""
    return Ring({day: _fresh()}, {day: _fresh()})


def parse(text: str) -> Ring:
    """Raises `StorageError`, which names the line and never what stands in it."""
    found: dict[str, dict[str, bytes]] = {LOOK_UP: {}, DATA: {}}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        read = _LINE.fullmatch(line)
        key = _key_of(read["key"]) if read else b""
        if read is None or len(key) != _BYTES:
            raise StorageError(
                f"chùm khóa, dòng {number}: cần `look-up TÊN = …` hoặc `data TÊN = …` với 32 byte viết bằng base64 / "
                f"ring of keys, line {number}: expected 32 bytes in base64"
            )
        keys = found[read["kind"]]
        if read["name"] in keys or key in keys.values():
            raise StorageError(f"chùm khóa, dòng {number}: khóa này đã có ở trên / ring of keys: stands above already")
        keys[read["name"]] = key
    for kind, keys in found.items():
        if not keys:
            raise StorageError(
                f"chùm khóa không có khóa {kind} nào, xin tạo bằng `motcua keys new` / the ring has no {kind} key"
            )
    return Ring(found[LOOK_UP], found[DATA])


def _key_of(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _fresh() -> bytes:
    return secrets.token_bytes(_BYTES)


def _another(day: str) -> dict[str, bytes]:
    """A key whose name no key ever has again: one that was dropped stands in backups of before, and who needs it for
    them must be able to put it back beside those of today."""
    key = _fresh()
    return {f"{day}-{sha256(key).hexdigest()[:8]}": key}
