"""What citizens type to prove a right: second factors, one-time codes and invitations, compared in constant time."""

import re
import secrets
import unicodedata
from collections.abc import Collection
from hashlib import blake2b
from hmac import compare_digest

from bot.config import Factor
from bot.model.dossier import Dossier

TAIL = 4
"""How many last digits of a phone or an identity paper are asked for."""
_LONGEST = 40
_LONGEST_NUMBER = 15

WORD_LETTERS = "ABCDEFGHJKMNPQRTUVWXY346789"
"""Of invitations: nothing that looks like another sign when it is written by hand (0 O, 1 I L, 2 Z, 5 S)."""
WORD_LENGTH = 8
"""27^8 are 282,000 million words."""
CODE_DIGITS = 6

_KEY = secrets.token_bytes(32)
_WORDS = re.compile(r"[^\W_]+")


def proofs_in(text: str) -> tuple[str, ...]:
    """What may be a proof in the words beside a dossier code: at most two readings of them, empty for none.

    `a1 b2` is `a1b2`; of `CCCD: 0123` the last word with a digit counts too; words without a digit are talk, unless
    it is a single one. One number at most is among the readings, so that a message is one guess.
    """
    words = _WORDS.findall(unicodedata.normalize("NFKC", text[: 2 * _LONGEST]).casefold())
    whole = "".join(words)
    numbered = [word for word in words if any(sign.isdigit() for sign in word)]
    if not whole or len(whole) > _LONGEST or (len(words) > 1 and not numbered):
        return ()
    return tuple(dict.fromkeys((whole, numbered[-1] if numbered else whole)))


def fits(dossier: Dossier | None, proofs: Collection[str], kinds: Collection[Factor]) -> bool:
    """Whether one of `proofs` is a factor of the dossier. Takes as long for none as for one."""
    secret, phone, paper = (dossier.lookup_code, dossier.phone, dossier.id_tail) if dossier else ("", "", "")
    typed_tail = next((proof[-TAIL:] for proof in proofs if _is_number(proof)), "")
    pairs = [(_tail(phone), typed_tail, Factor.PHONE), (_tail(paper), typed_tail, Factor.ID)]
    pairs += [("".join(_WORDS.findall(secret.casefold())), proof, Factor.LOOKUP_CODE) for proof in proofs]
    # Every pair is compared, whatever the others say.
    matches = [_same(known, typed) and kind in kinds for known, typed, kind in pairs]
    return any(matches)


def new_code() -> str:
    return "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))


def new_word() -> str:
    return "".join(secrets.choice(WORD_LETTERS) for _ in range(WORD_LENGTH))


def word_in(text: str) -> str:
    """The invitation in a text, as `new_word` made it; empty where there is none."""
    typed = "".join(_WORDS.findall(unicodedata.normalize("NFKC", text[: 2 * _LONGEST]).upper()))
    return typed if len(typed) == WORD_LENGTH and set(typed) <= set(WORD_LETTERS) else ""


def digest_of(secret: str, *belongs_to: str) -> str:
    """What is stored of a secret, bound to whom it was given to: 64 hexadecimal digits."""
    key = blake2b("\0".join(belongs_to).encode(), digest_size=32).digest()
    return blake2b(secret.encode(), key=key, digest_size=32).hexdigest()


def same_digest(stored: str, digest: str) -> bool:
    """False for the empty one, after the same time."""
    return _same(stored, digest)


def _is_number(proof: str) -> bool:
    return proof.isascii() and proof.isdigit() and TAIL <= len(proof) <= _LONGEST_NUMBER


def _tail(number: str) -> str:
    digits = "".join(sign for sign in number if sign.isdigit())
    return digits[-TAIL:] if len(digits) >= TAIL else ""


def _same(known: str, typed: str) -> bool:
    """Hashed, because a comparison of unequal lengths ends early."""
    equal = compare_digest(*(blake2b(text.encode(), key=_KEY).digest() for text in (known, typed)))
    return equal and known != ""
