"""Who asked to be forgotten, known by nothing but a keyed hash, and what that takes out of a source's record."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b

from bot.model.dossier import Dossier
from bot.model.phone import parse_phone

_NUMBER = re.compile(r"(?<![0-9])(?:\+?84|0084|0)?([0-9]{9,10})(?![0-9])")


def digest_of(phone: str, salt: bytes) -> str:
    """What is remembered of an erased phone (E.164). Whoever has the database and no more patience than for a billion
    numbers can still find it: it hides the phone from readers, and from backups without the salt."""
    return blake2b(phone.encode(), key=salt, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Erasures:
    """All erasures so far."""

    salt: bytes = field(default=b"", repr=False)
    at: Mapping[str, datetime] = field(default_factory=dict)
    """By the phone's digest."""

    def __bool__(self) -> bool:
        return bool(self.at)

    def withheld(self, dossier: Dossier) -> Dossier:
        """The dossier as the mirror may have it: without the person, if she asked for that after it was received.
        One that does not say when it was received counts as old."""
        moments = [self.at[digest] for digest in self._digests(dossier.phone) if digest in self.at]
        if not moments or (dossier.received_at is not None and dossier.received_at > max(moments)):
            return dossier
        return replace(dossier, phone="", applicant="", lookup_code="", id_tail="")

    def _digests(self, written: str) -> Iterable[str]:
        return (digest_of(phone, self.salt) for phone in _numbers(written))


NOBODY = Erasures()


def _numbers(written: str) -> set[str]:
    """E.164 of what stands in the phone field of a record; also where that is more than a number."""
    if written.startswith("+") and written[1:].isdigit():
        return {written}
    numbers = {f"+84{digits}" for digits in _NUMBER.findall(written)}
    phone = parse_phone(written) if written else None
    return numbers | {phone.e164} if phone else numbers
