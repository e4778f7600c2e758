"""Who asked to be forgotten, known by nothing but a keyed hash, and what that takes out of a source's record."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b

from bot.model.dossier import FINISHED, Dossier, ProgressReport
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
    ended_before: datetime | None = None
    """Persons of dossiers that ended earlier are forgotten because their time is over; None: of none."""

    def __bool__(self) -> bool:
        return bool(self.at) or self.ended_before is not None

    def withheld(self, dossier: Dossier) -> Dossier:
        """The dossier as the mirror may have it: without the person, if she asked for that after it was received, or
        if it is long over by its own dates. One that does not say when it was received counts as old."""
        if self._is_over(dossier, dossier.finished_at or dossier.updated_at):
            return without_person(dossier)
        moments = [self.at[digest] for digest in self._digests(dossier.phone) if digest in self.at]
        if not moments or (dossier.received_at is not None and dossier.received_at > max(moments)):
            return dossier
        return without_person(dossier)

    def heard(self, report: ProgressReport, held: Dossier) -> ProgressReport:
        """A report names nobody, and may tell of her in the office's words: not about a dossier whose person was, or
        may have been, taken from it."""
        if report.step is None or not report.step.task or not self._may_be_hers(held):
            return report
        return replace(report, step=replace(report.step, task=""))

    def is_forgotten(self, held: Dossier) -> bool:
        """The mirror's own, from which the person was taken when its time was over."""
        return _is_bare(held) and self._is_over(held, held.finished_at or held.progressed_at)

    def is_withheld(self, record: Dossier) -> bool:
        """A source's, from which `withheld` took the person for its age, or which had none."""
        return _is_bare(record) and self._is_over(record, record.finished_at or record.updated_at)

    def _may_be_hers(self, held: Dossier) -> bool:
        """It has no person, and somebody was forgotten since it came; some sources never name any."""
        since = max(self.at.values(), default=None)
        was_there = since is not None and (held.received_at is None or held.received_at <= since)
        return self.is_forgotten(held) or (_is_bare(held) and was_there)

    def _is_over(self, dossier: Dossier, ended_at: datetime | None) -> bool:
        if self.ended_before is None or ended_at is None:
            return False
        return dossier.status in FINISHED and ended_at < self.ended_before

    def _digests(self, written: str) -> Iterable[str]:
        return (digest_of(phone, self.salt) for phone in numbers_in(written))


NOBODY = Erasures()


def without_person(dossier: Dossier) -> Dossier:
    """What is left of her dossier: what an office writes in its own words may name her as well."""
    steps = tuple(replace(step, task="") if step.task else step for step in dossier.steps)
    return replace(dossier, phone="", applicant="", lookup_code="", id_tail="", supplement="", reason="", steps=steps)


def _is_bare(dossier: Dossier) -> bool:
    return not (dossier.phone or dossier.applicant or dossier.lookup_code or dossier.id_tail)


def numbers_in(written: str) -> set[str]:
    """E.164 of what stands in the phone field of a record; also where that is more than a number."""
    if written.startswith("+") and written[1:].isdigit():
        return {written}
    numbers = {f"+84{digits}" for digits in _NUMBER.findall(written)}
    phone = parse_phone(written) if written else None
    return numbers | {phone.e164} if phone else numbers
