"""The two ways in which a value is sealed, and back.

What rows are found by - a phone, the id of a chat - becomes a token: AES-SIV (RFC 5297), the same for the same value,
so that SQL compares and joins tokens as it did values. Everything else is sealed by AES-256-GCM with a nonce of its
own: the same name twice shows as two different things. A sealed value begins with `MARK`, which no plain value holds,
and says how it is to be opened; so sealed and plain rows stand side by side.
"""

import re
from binascii import Error as NoBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256
from hmac import digest as hmac_digest
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.model.errors import StorageError
from storage.edge import MARK, clean
from storage.sealing.ring import Ring, parse

_BYTES_MARK = MARK.encode()
_NONCE = 12
_REMEMBERED = 32_768
"""Tokens: a message's address is sealed and opened some ten times on its way, most often by the same process."""
_FREE = f"{MARK}="
_PHONE, _OTHER, _WORD = f"{MARK}p", f"{MARK}k", f"{MARK}w"
UNREADABLE = _OTHER
"""How a token begins of what is no E.164 number: in a column of phones, what a source wrote and nobody could read."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PHONE_BYTES = 7
"""That hold fifteen digits."""
_TOKEN = re.compile(f"{MARK}[pk][A-Za-z0-9+/]+")
_WORD_BYTES = 8
_PRINT, _SEALED_PRINT = re.compile("[0-9a-f]{24}"), re.compile("[A-Za-z0-9+/]{22}==")
_PRINT_PAD = bytes(4)


class Sealed(str):
    """Text that the edge of storage has made: it is clean, and its marks stay. The drivers take it for any text."""

    __slots__ = ()


class Seal:
    """Seals and opens under a ring of keys. `read` gives the ring's text, and is asked again where a key is missing:
    another process may have begun to use a newer one."""

    def __init__(self, read: Callable[[], str]) -> None:
        """Raises `StorageError` where the text is no ring."""
        self._read = read
        self._text = ""
        self._tokens: dict[str, str] = {}
        self._opened: dict[str, str] = {}
        self.word = lru_cache(_REMEMBERED)(self._word)
        self.refresh()

    def refresh(self) -> bool:
        """Reads the ring again; whether it is another one now. Raises `StorageError` and keeps the one it has."""
        text = self._read()
        if text == self._text:
            return False
        ring = parse(text)
        self.ring: Ring = ring
        self._ciphers = {name: AESGCM(key) for name, key in ring.data.items()}
        self._newest = ring.newest
        self._text = text
        self.use(ring.look_up)
        return True

    def use(self, look_up: str) -> None:
        """Makes tokens under this look-up key, and opens those of all."""
        self.look_up = look_up
        keys = {name: _derived(key, "tokens", 64) for name, key in self.ring.look_ups.items()}
        self._siv = AESSIV(keys.pop(look_up))
        self._other_sivs = [AESSIV(key) for key in keys.values()]
        master = self.ring.look_ups[look_up]
        self._words = _derived(master, "words", 32)
        self._prints = [
            Cipher(algorithms.AES(_derived(key, "prints", 32)), modes.ECB())  # noqa: S305 one block each, on purpose
            for key in (master, *(key for name, key in self.ring.look_ups.items() if name != look_up))
        ]
        self._tokens.clear()
        self._opened.clear()
        self.word.cache_clear()

    # Look-up values

    def token(self, value: str) -> str:
        """`value`, clean and not empty, as its token."""
        token = self._tokens.get(value)
        return self._remembered(value, self._token(value)) if token is None else token

    def open_token(self, token: str) -> str:
        value = self._opened.get(token)
        if value is None:
            value = self._open_token(token)
            if len(self._opened) >= _REMEMBERED:
                self._opened.clear()
            self._opened[token] = value
        return value

    def _remembered(self, value: str, token: str) -> str:
        """What was sealed is opened soon after."""
        for kept in (self._tokens, self._opened):
            if len(kept) >= _REMEMBERED:
                kept.clear()
        self._tokens[value], self._opened[token] = token, value
        return token

    def _token(self, value: str) -> str:
        """A phone is sealed as a number: that saves a fifth of what stands in several indexes."""
        is_phone = _E164.fullmatch(value)
        plain = int(value).to_bytes(_PHONE_BYTES, "big") if is_phone else value.encode()
        sealed = b2a_base64(self._siv.encrypt(plain, None), newline=False).decode()
        return f"{_PHONE if is_phone else _OTHER}{sealed.rstrip('=')}"

    def _open_token(self, token: str) -> str:
        raw = _raw(token[2:] + "=" * (-(len(token) - 2) % 4))
        for siv in (self._siv, *self._other_sivs):
            try:
                plain = siv.decrypt(raw, None)
            except (InvalidTag, ValueError):
                continue
            return f"+{int.from_bytes(plain, 'big')}" if token.startswith(_PHONE) else plain.decode()
        raise _damaged("look-up")

    def open_within(self, value: str) -> str:
        """A value that holds tokens, as `sms:…`, with each of them open."""
        return _TOKEN.sub(lambda found: self.open_token(found[0]), value)

    # What is looked for by its words

    def _word(self, word: str) -> str:
        """A keyed hash: nobody opens it. Hexadecimal, for LIKE takes no care of capitals."""
        return hmac_digest(self._words, word.encode(), sha256)[:_WORD_BYTES].hex()

    def words(self, words: str) -> str:
        """Names of some words: ` LIKE '% …%'` finds whole words in them."""
        return " ".join((_WORD, *map(self.word, words.split())))

    def given(self, word: str) -> str:
        return f"{_WORD}{self.word(word)}"

    # Fingerprints

    def prints(self, prints: Sequence[str]) -> list[str]:
        """Fingerprints (24 hexadecimal digits) as ones that nobody without the key can make; as long as before. All of
        them at once, for they come by thousands. What is no fingerprint stays as it is."""
        blocks = b"".join(bytes.fromhex(each) + _PRINT_PAD for each in prints if _PRINT.fullmatch(each))
        sealed = iter(_blocks(self._prints[0].encryptor().update(blocks)))
        return [b2a_base64(next(sealed), newline=False).decode() if _PRINT.fullmatch(each) else each for each in prints]

    def print_of(self, fingerprint: str) -> str:
        return self.prints([fingerprint])[0]

    def open_print(self, sealed: str) -> str:
        if not _SEALED_PRINT.fullmatch(sealed):
            return sealed
        for cipher in self._prints:
            block = cipher.decryptor().update(a2b_base64(sealed))
            if block.endswith(_PRINT_PAD):
                return block[: -len(_PRINT_PAD)].hex()
        raise _damaged("look-up")

    def open_prints(self, text: str) -> str:
        """In a text of JSON."""
        return re.sub(r'(?<=")[A-Za-z0-9+/]{22}==(?=")', lambda found: self.open_print(found[0]), text)

    # Everything else

    def free(self, kind: str, value: str) -> str:
        """`value`, clean and not empty, which can be opened as this `kind` alone."""
        return f"{_FREE}{self._newest}:{b2a_base64(self._free(kind, value.encode()), newline=False).decode()}"

    def free_bytes(self, kind: str, value: bytes) -> bytes:
        return b"%b=%b:%b" % (_BYTES_MARK, self._newest.encode(), self._free(kind, value))

    def open_free(self, kind: str, sealed: str) -> str:
        name, _, body = sealed[len(_FREE) :].partition(":")
        return self._open(name, kind, _raw(body)).decode()

    def open_bytes(self, kind: str, sealed: bytes) -> bytes:
        name, _, body = sealed[len(_FREE.encode()) :].partition(b":")
        return self._open(name.decode(), kind, body)

    def _free(self, kind: str, value: bytes) -> bytes:
        nonce = urandom(_NONCE)
        return nonce + self._ciphers[self._newest].encrypt(nonce, value, kind.encode())

    def _open(self, name: str, kind: str, body: bytes) -> bytes:
        cipher = self._ciphers.get(name)
        if cipher is None:
            self.refresh()
            cipher = self._ciphers.get(name)
        if cipher is None:
            raise StorageError(
                f"dữ liệu niêm phong bằng khóa {name} mà chùm khóa [storage] keys không có / was sealed under a data "
                f"key {name} that the ring of [storage] keys lacks"
            )
        try:
            return cipher.decrypt(body[:_NONCE], body[_NONCE:], kind.encode())
        except (InvalidTag, ValueError):
            raise _damaged(f"data {name}") from None


def key_of(value: object) -> str | None:
    """Under which key a stored value is sealed: a data key's name, `look-up` for a token; None: not at all."""
    if isinstance(value, bytes):
        return value[len(_FREE.encode()) :].partition(b":")[0].decode() if is_sealed(value) else None
    if not isinstance(value, str):
        return None
    if value.startswith(_FREE):
        return value[len(_FREE) :].partition(":")[0]
    return "look-up" if MARK in value or _SEALED_PRINT.fullmatch(value) else None


def is_sealed(value: object) -> bool:
    """As a whole, by a data key."""
    if isinstance(value, bytes):
        return value.startswith(_FREE.encode())
    return isinstance(value, str) and value.startswith(_FREE)


def is_words(value: str) -> bool:
    return value.startswith(_WORD)


def cleaned(value: str) -> str:
    return value if value.isascii() and "\0" not in value else clean(value)


def _raw(text: str) -> bytes:
    try:
        return a2b_base64(text)
    except NoBase64:
        return b""


def _blocks(sealed: bytes) -> list[bytes]:
    return [sealed[at : at + 16] for at in range(0, len(sealed), 16)]


def _derived(master: bytes, what: str, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=f"motcua {what}".encode()).derive(master)


def _damaged(key: str) -> StorageError:
    return StorageError(
        f"một giá trị niêm phong bằng khóa {key} không mở được: khóa sai hoặc dữ liệu đã hỏng / a value that was "
        f"sealed under the key {key} cannot be opened: another key, or damaged"
    )
