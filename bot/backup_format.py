"""The container of a backup: a stream of sealed frames, in which truncation, reordering and exchange are noticed.

    header   8 bytes  b"MOTCUAB1"
             8 bytes  id of the key
            32 bytes  salt of this file
            16 bytes  proof of the key
    frame    4 bytes  length of what follows, big-endian
             n bytes  AES-256-GCM over 1 byte of kind and at most 1 MiB
    …        until the frame that is marked as the last

The file's own key is HKDF-SHA-256 of the operator's key and the salt, so no two files share one. A frame's nonce is
seven zero bytes, its number (4 bytes) and 1 for the last one, 0 for others: the STREAM construction of Hoang,
Reyhanitabar, Rogaway and Vizár (2015). The header is authenticated with each frame. The proof of the key is drawn
beside it, so a wrong key is told from a damaged file, and no file opens with two keys. See docs/adr/0027-backups.md.
"""

import base64
import binascii
import hmac
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.model.errors import ConfigError, MotcuaError

MAGIC = b"MOTCUAB1"
PIECE = 1 << 20
"""Bytes of content in one frame at most."""
_SALT, _PROOF, _ID = 32, 16, 8
_HEADER = len(MAGIC) + _ID + _SALT + _PROOF
_LENGTH = struct.Struct(">I")
_TAG = 16
_MOST_FRAMES = 1 << 32
_KEY_WORD = "motcua-backup-1"
_CHECK = 4
"""Bytes of a key's check sum: whoever types it from paper mistypes a letter."""


class BackupError(MotcuaError):
    """A backup that cannot be made, read or put back; says which file and why."""


@dataclass(frozen=True, slots=True)
class Key:
    """The operator's key."""

    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id})"

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits that tell which key it is, and nothing of it."""
        return self._derived(b"", b"motcua backup: id of the key", _ID).hex()

    @property
    def text(self) -> str:
        """As it is kept in a file or on paper: `motcua-backup-1 ABCD EFGH …`."""
        check = sha256(b"motcua backup: check sum" + self.secret).digest()[:_CHECK]
        letters = base64.b32encode(self.secret + check).decode().rstrip("=")
        return " ".join([_KEY_WORD, *(letters[at : at + 4] for at in range(0, len(letters), 4))])

    @classmethod
    def new(cls) -> "Key":
        return cls(os.urandom(32))

    @classmethod
    def read(cls, text: str) -> "Key":
        """From its `text`, however it is spaced. Raises `ConfigError`, which never quotes it."""
        word, _, rest = text.strip().partition(" ")
        letters = "".join(rest.split()).upper()
        try:
            raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
        except binascii.Error:
            raw = b""
        key = cls(raw[:32])
        if word != _KEY_WORD or len(raw) != 32 + _CHECK or "".join(key.text.split()[1:]) != letters:
            raise ConfigError(
                "[backup] key: không phải khóa sao lưu, hoặc chép sai một chữ / is no backup key, or a letter was "
                "mistyped: `motcua backup key TỆP / FILE` makes one"
            )
        return key

    def of_file(self, salt: bytes) -> tuple[bytes, bytes]:
        """The key of the file with this salt, and the proof that it is."""
        both = self._derived(salt, b"motcua backup: file", 32 + _PROOF)
        return both[:32], both[32:]

    def _derived(self, salt: bytes, purpose: bytes, length: int) -> bytes:
        return HKDF(SHA256(), length, salt or None, purpose).derive(self.secret)


class Sealer:
    """Writes frames. `end` writes the last one: a file without it is known to be cut off."""

    def __init__(self, file: BinaryIO, key: Key) -> None:
        salt = os.urandom(_SALT)
        secret, proof = key.of_file(salt)
        self._file, self._sealed = file, AESGCM(secret)
        self._header = MAGIC + bytes.fromhex(key.id) + salt + proof
        self._number = 0
        file.write(self._header)

    def add(self, kind: bytes, content: bytes) -> None:
        """One frame: `kind` is one byte, `content` at most `PIECE`. Raises `OSError`."""
        self._write(kind, content, is_last=False)

    def end(self, kind: bytes, content: bytes) -> None:
        self._write(kind, content, is_last=True)

    def _write(self, kind: bytes, content: bytes, *, is_last: bool) -> None:
        if len(kind) != 1 or len(content) > PIECE:
            raise ValueError("a frame has one byte of kind and at most PIECE bytes")
        sealed = self._sealed.encrypt(_nonce(self._number, is_last=is_last), kind + content, self._header)
        self._number += 1
        self._file.write(_LENGTH.pack(len(sealed)))
        self._file.write(sealed)


def opened(file: BinaryIO, key: Key, name: str) -> Iterator[tuple[bytes, bytes]]:
    """The frames as (kind, content), each after it was found to be genuine and in its place; ends after the last one,
    behind which nothing may stand. Raises `BackupError` naming the file `name`."""
    header = file.read(_HEADER)
    secret = _file_key(header, key, name)
    cipher, number, is_last = AESGCM(secret), 0, False
    while not is_last:
        sealed = _frame(file, name)
        try:
            plain = cipher.decrypt(_nonce(number, is_last=False), sealed, header)
        except InvalidTag:
            plain, is_last = _last(cipher, number, sealed, header, name), True
        number += 1
        yield plain[:1], plain[1:]
    if file.read(1):
        raise BackupError(f"{name}: có thêm dữ liệu lạ ở cuối / something stands behind the end")


def key_id_of(file: BinaryIO) -> str:
    """Which key opens it, by `Key.id`; empty for what is no backup."""
    header = file.read(_HEADER)
    return header[len(MAGIC) :][:_ID].hex() if len(header) == _HEADER and header.startswith(MAGIC) else ""


def _file_key(header: bytes, key: Key, name: str) -> bytes:
    if not header.startswith(MAGIC[:-1]):
        raise BackupError(f"{name}: không phải bản sao lưu của motcua / is no backup of motcua")
    if not header.startswith(MAGIC):
        raise BackupError(f"{name}: do chương trình mới hơn làm ra / was made by a newer program")
    if len(header) < _HEADER:
        raise BackupError(f"{name}: bị cắt cụt / is cut off")
    key_id, salt = header[len(MAGIC) :][:_ID].hex(), header[len(MAGIC) + _ID :][:_SALT]
    if key_id != key.id:
        raise BackupError(
            f"{name}: cần khóa {key_id}, khóa đang dùng là {key.id} / was sealed with the key {key_id}, "
            f"yours is {key.id}"
        )
    secret, proof = key.of_file(salt)
    if not hmac.compare_digest(proof, header[-_PROOF:]):
        raise BackupError(f"{name}: phần đầu bị sửa hoặc hỏng / its head was changed or is damaged")
    return secret


def _frame(file: BinaryIO, name: str) -> bytes:
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise BackupError(f"{name}: bị cắt cụt / is cut off")
    (length,) = _LENGTH.unpack(head)
    if not _TAG < length <= PIECE + 1 + _TAG:
        raise _damaged(name)
    sealed = file.read(length)
    if len(sealed) < length:
        raise BackupError(f"{name}: bị cắt cụt / is cut off")
    return sealed


def _last(cipher: AESGCM, number: int, sealed: bytes, header: bytes, name: str) -> bytes:
    try:
        return cipher.decrypt(_nonce(number, is_last=True), sealed, header)
    except InvalidTag:
        raise _damaged(name) from None


def _damaged(name: str) -> BackupError:
    return BackupError(
        f"{name}: bị hỏng, bị sửa hoặc bị xáo trộn, không dùng được / is damaged, was changed or put in another order"
    )


def _nonce(number: int, *, is_last: bool) -> bytes:
    if number >= _MOST_FRAMES:
        raise BackupError("bản sao lưu quá lớn / the backup is too large")
    return bytes(7) + number.to_bytes(4, "big") + bytes([is_last])
