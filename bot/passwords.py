"""Passwords of the staff: which are good enough, and how they are kept and checked (argon2id)."""

import asyncio
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import cache
from unicodedata import normalize

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from bot.model.sms import unaccented

SHORTEST = 12
"""Characters of a password."""
LONGEST = 200
"""More is refused before any work is done with it."""

_LEFT = 6
"""Characters that must be left once everything guessable is taken out."""
_FEWEST = 5
"""Different characters."""

_GUESSED = (
    "matkhau", "password", "passw0rd", "motcua", "vietnam", "anhyeuem", "emyeuanh", "iloveyou", "welcome", "admin",
    "administrator", "qwertyuiop", "qwerty", "asdfghjkl", "asdfgh", "zxcvbnm", "letmein", "canbo", "congchuc",
    "dichvucong", "hanhchinh", "tructuyen", "hethong", "xinchao", "hanoi", "saigon", "khanhhoa", "nhatrang", "changeme",
    "default", "secret", "mautin", "congdan", "ubnd", "1qaz2wsx", "abc123", "dragon", "monkey", "football", "sunshine",
    "princess",
)  # fmt: skip
_RUNS = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba")
_YEAR = re.compile(r"(19|20)\d\d")
_DISGUISES = str.maketrans("@4031$5", "aaoeiss")
_REPEATED = re.compile(r"(.{1,4}?)\1+")

_HASHES = PasswordHash((Argon2Hasher(),))
_WORKERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")
"""Each check takes 64 MiB and a core: two at once, however many strangers knock."""


class Weakness(StrEnum):
    """Why a password is not taken; the pages have a sentence for each."""

    SHORT = "short"
    LONG = "long"
    LOGIN = "login"
    COMMON = "common"


def weakness_of(password: str, *login_and_names: str) -> Weakness | None:
    """None for a good one. Asked is what NIST SP 800-63B asks: length, and nothing that stands in every list."""
    if len(password) < SHORTEST:
        return Weakness.SHORT
    if len(password) > LONGEST:
        return Weakness.LONG
    own = [part for each in login_and_names for part in re.split(r"[\W_]+", _folded(each))]
    whole = [_letters(each) for each in login_and_names]
    if len(set(_letters(password))) < _FEWEST or _remains(password, _GUESSED) < _LEFT:
        return Weakness.COMMON
    if _remains(password, (*_GUESSED, *whole, *own)) < _LEFT:
        return Weakness.LOGIN
    return None


async def hashed(password: str) -> str:
    """As it is kept. The work of some 90 ms is done beside the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_WORKERS, _HASHES.hash, _typed(password))


async def verified(password: str, kept: str) -> tuple[bool, str]:
    """Whether it is the one, and how it is to be kept from now on where that has changed (else empty).

    With nothing kept the same work is done, so that nobody can tell by the time which names exist.
    """
    return await asyncio.get_running_loop().run_in_executor(_WORKERS, _verify, _typed(password), kept)


def _verify(password: str, kept: str) -> tuple[bool, str]:
    nobodys = _nobodys()
    try:
        is_right, renewed = _HASHES.verify_and_update(password, kept or nobodys)
    except UnknownHashError:
        return _verify(password, "")
    return (is_right and bool(kept), renewed or "") if is_right else (False, "")


@cache
def _nobodys() -> str:
    return _HASHES.hash("whoever tries an unknown name waits as long as for a known one")


def _typed(password: str) -> str:
    """Keyboards for Vietnamese write the same letter in several ways."""
    return normalize("NFKC", password[: LONGEST + 1])


def _folded(text: str) -> str:
    return unaccented(text).casefold()


def _letters(text: str) -> str:
    """Without accents, capitals, and what stands between letters."""
    return re.sub(r"[\W_]+", "", _folded(text))


def _remains(password: str, guessable: Sequence[str]) -> int:
    """Characters that are left without guessable words, years, runs such as `4567`, and repetitions; letters that are
    written as `@` and `0` are read as letters too."""
    words = sorted((each for each in guessable if len(each) > 2), key=len, reverse=True)
    return min(_left(_letters(password), words), _left(_letters(password.translate(_DISGUISES)), words))


def _left(rest: str, words: Sequence[str]) -> int:
    for word in words:
        rest = rest.replace(word, " ")
    rest = _YEAR.sub(" ", rest)
    for run in _RUNS:
        for length in range(len(run), 2, -1):
            for start in range(len(run) - length + 1):
                rest = rest.replace(run[start : start + length], " ")
    return len(re.sub(r"\W", "", _REPEATED.sub(r"\1", rest)))
